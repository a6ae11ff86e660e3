import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@causeway/core';
import {
  connectRegion,
  type RegionLog,
  restoreSnapshot,
  startRegion,
  uploadSnapshot,
} from '@causeway/failover';
import { LevelState, NO_POSITION } from '@causeway/journal';
import { afterEach, beforeEach, expect, test } from 'vitest';

type Change = readonly [key: string, value: Buffer | null];

let folder: string;
let region: Awaited<ReturnType<typeof startRegion>>;
let log: RegionLog;
let state: LevelState;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-snapshot-'));
  region = await startRegion({
    folder: join(folder, 'region'),
    host: '127.0.0.1',
    port: 0,
    log: SILENT_LOG,
    onFatal: (error) => {
      throw error;
    },
  });
  log = connectRegion({
    host: '127.0.0.1',
    port: region.port,
    cluster: 'causeway',
    node: { name: 'az-a', instance: '1' },
    log: SILENT_LOG,
  });
  state = await LevelState.open(join(folder, 'a'));
});

afterEach(async () => {
  await state.close();
  await log.close();
  await region.close();
  rmSync(folder, { recursive: true });
});

function write(target: LevelState, changes: readonly Change[]): Promise<void> {
  const batch = target.begin();
  for (const [key, value] of changes) {
    if (value === null) batch.delete(Buffer.from(key));
    else batch.put(Buffer.from(key), value);
  }
  const sequence = target.position.sequence + 1;
  const position = {
    ...NO_POSITION,
    epoch: 1,
    sequence,
    commit: sequence,
    leader: Buffer.from('{}'),
  };
  return new Promise((resolve, reject) => {
    target.write(batch, position, false, (error) => (error === null ? resolve() : reject(error)));
  });
}

async function contents(target: LevelState): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const range = { from: Buffer.alloc(0), below: Buffer.of(0xff) };
  await target.scan(range, (key, value) => found.set(key.toString(), value.toString('hex')));
  return found;
}

/** Restores the newest snapshot and applies what was written after its first sequence. */
async function restored(later: readonly (readonly Change[])[]): Promise<Map<string, string>> {
  const manifest = (await log.snapshots.latest())!;
  await restoreSnapshot(join(folder, 'b'), manifest, log.snapshots);
  const copy = await LevelState.open(join(folder, 'b'));
  try {
    expect(copy.position.sequence).toBe(manifest.from);
    for (const changes of later) await write(copy, changes);
    expect(copy.position).toEqual(state.position);
    return await contents(copy);
  } finally {
    await copy.close();
  }
}

test('a snapshot of a state that rests is the state', async () => {
  for (let round = 0; round < 20; round++) {
    await write(
      state,
      Array.from({ length: 100 }, (_, index) => [`k${round} ${index}`, Buffer.alloc(200, round)]),
    );
  }
  const { entries } = await uploadSnapshot(state, log.snapshots);
  expect(entries).toBe(2000);
  expect(await restored([])).toEqual(await contents(state));
});

test('values of any size go through', async () => {
  await write(state, [
    ['a', Buffer.alloc(3_000_000, 1)],
    ['b', Buffer.alloc(1)],
    ['c', Buffer.alloc(1024 * 1024, 2)],
  ]);
  await uploadSnapshot(state, log.snapshots);
  expect(await restored([])).toEqual(await contents(state));
});

test('what is written while it is made is there when the log was applied over it', async () => {
  const fill = Array.from({ length: 5000 }, (_, index): Change => {
    return [`m${String(index).padStart(6, '0')}`, Buffer.alloc(300, index)];
  });
  await write(state, fill);
  const later: Change[][] = [];
  const upload = uploadSnapshot(state, log.snapshots);
  for (let round = 0; round < 200; round++) {
    // Settled at the front, added at the end and in the middle: before and behind the copying.
    later.push([
      [fill[round * 20]![0], null],
      [`m${String(round * 25).padStart(6, '0')}x`, Buffer.alloc(50, round)],
      [`z${round}`, Buffer.alloc(50, round)],
    ]);
    await write(state, later.at(-1)!);
  }
  await upload;
  expect(await restored(later)).toEqual(await contents(state));
});

test('an upload that fails leaves the snapshot before it', async () => {
  await write(state, [['a', Buffer.from('first')]]);
  const first = await uploadSnapshot(state, log.snapshots);
  const broken = Object.assign(Object.create(state) as LevelState, {
    slice: () => Promise.reject(new Error('the disk failed')),
  });
  Object.defineProperty(broken, 'position', { value: state.position });
  await expect(uploadSnapshot(broken, log.snapshots)).rejects.toThrow('the disk failed');
  expect(await log.snapshots.latest()).toEqual(first);
  await write(state, [['b', Buffer.from('second')]]);
  expect((await uploadSnapshot(state, log.snapshots)).id).toBeGreaterThan(first.id);
});
