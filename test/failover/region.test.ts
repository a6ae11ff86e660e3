import type { BrokerError } from '@causeway/core';
import { LogTrimmedError, type RegionLog, type SnapshotManifest } from '@causeway/failover';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CollectingReader } from './collecting-reader.js';
import { CLUSTER, RegionFixture } from './region-fixture.js';

let fixture: RegionFixture;

beforeEach(() => {
  fixture = new RegionFixture();
});

afterEach(() => fixture.dispose());

function append(log: RegionLog, expectedTail: number, bytes = 10): Promise<unknown> {
  return new Promise((resolve) => log.append(expectedTail, Buffer.alloc(bytes, 1), resolve));
}

async function fill(log: RegionLog, count: number, bytes = 10): Promise<void> {
  for (let tail = 0; tail < count; tail++) {
    expect(await append(log, tail, bytes)).toEqual({ outcome: 'ok' });
  }
}

/** Resolves with why the region does not let a node in. */
function refusal(options: Parameters<RegionFixture['connect']>[0]): Promise<BrokerError> {
  return new Promise((resolve) => {
    fixture.connect({ ...options, onRefused: resolve });
  });
}

describe('identity', () => {
  test('a folder belongs to one cluster, for ever', async () => {
    await fixture.start();
    const { clusterId } = fixture.region.status();
    const log = fixture.connect();
    await log.tail();
    expect(log.clusterId).toBe(clusterId);
    await fixture.restart();
    expect(fixture.region.status().clusterId).toBe(clusterId);
    await fixture.region.close();
    await expect(fixture.start({ cluster: 'other' })).rejects.toMatchObject({
      code: 'config-invalid',
    });
    await fixture.start();
  });

  test('a node of another cluster is refused, by name and by id', async () => {
    await fixture.start();
    const byName = await refusal({ cluster: 'other' });
    expect(byName.code).toBe('config-invalid');
    expect(byName.message).toContain(`this is the cluster ${CLUSTER}, not other`);
    const byId = await refusal({ clusterId: 'of a former folder' });
    expect(byId.message).toContain('a folder of another cluster');
  });

  test('a node that reconnects to another folder is refused', async () => {
    await fixture.start();
    const refused: BrokerError[] = [];
    const log = fixture.connect({
      onRefused: (error) => refused.push(error),
      timeouts: { requestMs: 200 },
    });
    await log.tail();
    const other = new RegionFixture();
    const { port } = fixture.region;
    await fixture.region.close();
    await other.start({ port });
    await vi.waitUntil(() => refused.length > 0);
    await expect(log.tail()).rejects.toMatchObject({ code: 'timed-out' });
    await other.dispose();
  });

  test('the second of two live nodes with one name is refused', async () => {
    await fixture.start();
    const first = fixture.connect({ node: { name: 'az-a', instance: 'one' } });
    await first.tail();
    const error = await refusal({ node: { name: 'az-a', instance: 'two' } });
    expect(error.code).toBe('config-invalid');
    expect(error.message).toContain('a node named az-a is connected already, as instance one');
    expect(await first.tail()).toBe(0);
  });

  test('one that is silent gives its name to the next', async () => {
    await fixture.start({ limits: { rivalMs: 100 } });
    const never = { heartbeatMs: 60_000, silenceMs: 60_000 };
    const first = fixture.connect({ node: { name: 'az-a', instance: 'one' }, timeouts: never });
    await first.tail();
    const second = fixture.connect({ node: { name: 'az-a', instance: 'two' } });
    expect(await second.tail()).toBe(0);
  });

  test('the same instance takes its own place', async () => {
    await fixture.start();
    const node = { name: 'az-a', instance: 'one' };
    const first = fixture.connect({ node });
    await first.tail();
    await first.close();
    expect(await fixture.connect({ node }).tail()).toBe(0);
  });
});

describe('places', () => {
  test('a port in use is an operating error, and the folder is free again', async () => {
    await fixture.start();
    const other = new RegionFixture();
    const { port } = fixture.region;
    await expect(other.start({ port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`);
    await other.start();
    await other.dispose();
  });

  test('a folder in use is an operating error', async () => {
    await fixture.start();
    const { folder } = fixture;
    const second = new RegionFixture({ folder });
    await expect(second.start()).rejects.toMatchObject({ code: 'storage-locked' });
    await second.dispose();
  });
});

describe('what the log forgets', () => {
  test('only what two members have on their disks', async () => {
    await fixture.start();
    const [one, two, three] = [fixture.connect(), fixture.connect(), fixture.connect()];
    await fill(one, 10);
    await one.reportDurable(10);
    expect(await one.first()).toBe(1);
    await two.reportDurable(4);
    expect(await one.first()).toBe(5);
    await one.trim(10);
    expect(await one.first()).toBe(5);
    await three.reportDurable(9);
    expect(await one.first()).toBe(10);
  });

  test('who has come how far survives the region; a new disk sets it back', async () => {
    await fixture.start();
    const [one, two] = [fixture.connect(), fixture.connect()];
    await fill(one, 10);
    await one.reportDurable(8);
    await one.reportDurable(2);
    await fixture.restart();
    await one.tail();
    await two.reportDurable(10);
    expect(await two.first()).toBe(3);
    expect(fixture.region.status().members).toEqual([
      { name: 'node-1', durable: 2, connected: true },
      { name: 'node-2', durable: 10, connected: true },
    ]);
  });

  test('a report beyond the end counts as far as the log goes', async () => {
    await fixture.start();
    const [one, two] = [fixture.connect(), fixture.connect()];
    await fill(one, 3);
    await one.reportDurable(1000);
    await two.reportDurable(1000);
    expect([await one.first(), await one.tail()]).toEqual([4, 3]);
    expect(await append(one, 3)).toEqual({ outcome: 'ok' });
    expect(await one.first()).toBe(4);
  });

  test('too long a log asks for a snapshot, and forgets what that covers', async () => {
    await fixture.start({ retention: { bytes: 1000 } });
    const wanted: (string | null)[] = [];
    const log = fixture.connect({ onSnapshotWanted: (node) => wanted.push(node) });
    await fill(log, 20, 500);
    await fixture.region.check();
    expect(await log.first()).toBe(1);
    await vi.waitUntil(() => wanted.length > 0);
    expect(wanted).toEqual([null]);
    const upload = await log.snapshots.begin(8, 12);
    await upload.put(Buffer.from('state'));
    await upload.complete(1);
    await fixture.region.check();
    // Whoever takes it applies the records after 8 again.
    expect(await log.first()).toBe(9);
    const late = new CollectingReader(log, 1);
    expect(await late.end()).toBeInstanceOf(LogTrimmedError);
  });

  test('so does a member that has been away for too long', async () => {
    await fixture.start({ retention: { hours: 1e-9 } });
    const away = fixture.connect();
    const log = fixture.connect();
    await fill(log, 5);
    await away.tail();
    await away.close();
    await vi.waitUntil(() => fixture.region.status().members.some((each) => !each.connected));
    const upload = await log.snapshots.begin(4, 4);
    await upload.put(Buffer.from('state'));
    await upload.complete(1);
    await vi.waitUntil(async () => {
      await fixture.region.check();
      return (await log.first()) === 5;
    });
  });
});

describe('snapshots', () => {
  async function upload(log: RegionLog, chunks: readonly Buffer[]): Promise<SnapshotManifest> {
    const snapshot = await log.snapshots.begin(3, 5);
    for (const chunk of chunks) await snapshot.put(chunk);
    return snapshot.complete(chunks.length * 10);
  }

  async function download(log: RegionLog, manifest: SnapshotManifest): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of log.snapshots.read(manifest)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  const CHUNKS = [Buffer.alloc(1024 * 1024, 1), Buffer.alloc(7, 2), Buffer.alloc(300_000, 3)];

  test('one that is complete is served to another node, and survives the region', async () => {
    await fixture.start();
    const [one, two] = [fixture.connect(), fixture.connect()];
    expect(await one.snapshots.latest()).toBeNull();
    const manifest = await upload(one, CHUNKS);
    expect(manifest).toMatchObject({ node: 'node-1', from: 3, to: 5, entries: 30, chunks: 3 });
    expect(await two.snapshots.latest()).toEqual(manifest);
    expect((await download(two, manifest)).equals(Buffer.concat(CHUNKS))).toBe(true);
    expect(fixture.region.status().snapshot).toEqual(manifest);
    await fixture.restart();
    expect(await two.snapshots.latest()).toEqual(manifest);
    expect((await download(two, manifest)).equals(Buffer.concat(CHUNKS))).toBe(true);
  });

  test('one that is not is never served; the one before goes when the next is complete', async () => {
    await fixture.start();
    const [one, two] = [fixture.connect(), fixture.connect()];
    const first = await upload(one, CHUNKS);
    const half = await one.snapshots.begin(6, 9);
    await half.put(Buffer.from('half'));
    expect(await two.snapshots.latest()).toEqual(first);
    await expect(two.snapshots.begin(1, 1)).rejects.toMatchObject({ code: 'server-busy' });
    await half.abandon();
    await expect(half.complete(1)).rejects.toMatchObject({ code: 'protocol-violation' });
    const second = await upload(two, [Buffer.from('second')]);
    expect(await one.snapshots.latest()).toEqual(second);
    await expect(download(one, first)).rejects.toMatchObject({ code: 'address-not-found' });
  });

  test('an upload ends with its connection', async () => {
    await fixture.start();
    const [one, two] = [fixture.connect(), fixture.connect()];
    await (await one.snapshots.begin(1, 1)).put(Buffer.from('x'));
    await one.close();
    await vi.waitUntil(async () => {
      return two.snapshots.begin(1, 1).then(
        () => true,
        () => false,
      );
    });
  });

  test('one that is too large is refused, chunk by chunk', async () => {
    await fixture.start({ limits: { snapshotBytesMax: 10 } });
    const log = fixture.connect();
    const snapshot = await log.snapshots.begin(1, 1);
    await snapshot.put(Buffer.alloc(8));
    await expect(snapshot.put(Buffer.alloc(8))).rejects.toMatchObject({ code: 'too-large' });
    await expect(snapshot.complete(1)).rejects.toMatchObject({ code: 'protocol-violation' });
    expect(await log.snapshots.latest()).toBeNull();
  });

  test('who needs one tells the others', async () => {
    await fixture.start();
    const wanted: (string | null)[] = [];
    const other = fixture.connect({ onSnapshotWanted: (node) => wanted.push(node) });
    await other.tail();
    const needy = fixture.connect({ onSnapshotWanted: () => wanted.push('not itself') });
    await needy.snapshots.request();
    await vi.waitUntil(() => wanted.length > 0);
    expect(wanted).toEqual(['node-2']);
  });
});

test('a node goes on by itself when the region has been away', async () => {
  await fixture.start();
  let connections = 0;
  const log = fixture.connect({
    onConnected: () => {
      connections++;
    },
  });
  const reader = new CollectingReader(log, 1);
  await fill(log, 3);
  await fixture.restart();
  expect(await append(log, 3)).toEqual({ outcome: 'ok' });
  await reader.take(4);
  expect(reader.sequences).toEqual([1, 2, 3, 4]);
  expect([reader.cause, connections, log.connected]).toEqual([null, 2, true]);
});

test('what is asked while the region is away waits for its time, no longer', async () => {
  await fixture.start();
  const log = fixture.connect({ timeouts: { requestMs: 200 } });
  await log.tail();
  await fixture.region.close();
  await vi.waitUntil(() => !log.connected);
  const outcomes = await Promise.all([append(log, 0), append(log, 1)]);
  expect(outcomes).toMatchObject([{ outcome: 'unknown' }, { outcome: 'unknown' }]);
  await expect(log.tail()).rejects.toMatchObject({ code: 'timed-out' });
});

test('status says what there is', async () => {
  await fixture.start();
  const log = fixture.connect();
  await fill(log, 2);
  await fixture.region.check();
  expect(fixture.region.status()).toMatchObject({
    process: process.pid,
    cluster: CLUSTER,
    port: fixture.region.port,
    folder: fixture.folder,
    first: 1,
    tail: 2,
    members: [{ name: 'node-1', connected: true, durable: 0 }],
    snapshot: null,
  });
  expect(fixture.region.status().bytes).toBeGreaterThan(0);
});
