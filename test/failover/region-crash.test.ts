import type { AppendResult, RegionLog } from '@causeway/failover';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CollectingReader } from './collecting-reader.js';
import { RegionProcess } from './region-process.js';

let region: RegionProcess;

beforeEach(() => {
  region = new RegionProcess();
});

afterEach(() => region.dispose());

function append(log: RegionLog, expectedTail: number, text: string): Promise<AppendResult> {
  return new Promise((resolve) => log.append(expectedTail, Buffer.from(text), resolve));
}

/** One writer, as a node is: what is unknown it finds out from the log, and then goes on. */
class Writer {
  /** What was ok, or turned out to be there: by sequence. */
  readonly confirmed = new Map<number, string>();
  unknown = 0;
  #stopped = false;
  readonly #log: RegionLog;

  constructor(log: RegionLog) {
    this.#log = log;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    let tail = await this.#log.tail();
    for (let number = 1; !this.#stopped; number++) {
      const text = `${number}:`.padEnd(1 + ((number * 37) % 3000), 'x');
      const result = await append(this.#log, tail, text);
      if (result.outcome === 'fenced') throw new Error(`there is one writer, but ${result.tail}`);
      if (result.outcome === 'ok') this.confirmed.set(++tail, text);
      else tail = await this.#resolve(tail, text);
    }
  }

  /** L5: the record is right after its expected tail, or an append of the same takes its place. */
  async #resolve(expectedTail: number, text: string): Promise<number> {
    this.unknown++;
    for (;;) {
      const result = await append(this.#log, expectedTail, text);
      if (result.outcome === 'unknown') continue;
      if (result.outcome === 'fenced') {
        expect(result.tail).toBe(expectedTail + 1);
        const reader = new CollectingReader(this.#log, expectedTail + 1);
        const [record] = await reader.take(1);
        reader.reading.stop();
        expect(record!.bytes.toString()).toBe(text);
      }
      this.confirmed.set(expectedTail + 1, text);
      return expectedTail + 1;
    }
  }
}

test('kill -9 in the middle of appends loses nothing that was ok, and what is unknown resolves', async () => {
  await region.start();
  const log = region.connect();
  const follower = new CollectingReader(region.connect(), 1);
  const writer = new Writer(log);
  const running = writer.run();
  for (let kill = 1; kill <= 4; kill++) {
    const before = writer.confirmed.size;
    await vi.waitUntil(() => writer.confirmed.size >= before + 25, { timeout: 30_000 });
    await region.end('SIGKILL');
    await region.start();
  }
  const before = writer.confirmed.size;
  await vi.waitUntil(() => writer.confirmed.size > before, { timeout: 30_000 });
  writer.stop();
  await running;
  const tail = await log.tail();
  expect(writer.confirmed.size).toBe(tail);
  await follower.take(tail);
  expect(follower.cause).toBeNull();
  for (const { sequence, bytes } of follower.records) {
    expect(bytes.toString(), `record ${sequence}`).toBe(writer.confirmed.get(sequence));
  }
  expect(writer.unknown).toBeGreaterThan(0);
  await log.close();
});

test('a region that is stopped for a while is away, and comes back by itself', async () => {
  await region.start();
  const log = region.connect({ timeouts: { requestMs: 300, silenceMs: 300, heartbeatMs: 50 } });
  expect(await append(log, 0, 'one')).toEqual({ outcome: 'ok' });
  process.kill(region.pid, 'SIGSTOP');
  try {
    expect((await append(log, 1, 'two')).outcome).toBe('unknown');
    await vi.waitUntil(() => !log.connected, { timeout: 30_000 });
  } finally {
    process.kill(region.pid, 'SIGCONT');
  }
  await vi.waitUntil(() => log.connected, { timeout: 30_000 });
  await vi.waitUntil(async () => (await log.tail()) === 2, { timeout: 30_000 });
  expect(await append(log, 1, 'two')).toEqual({ outcome: 'fenced', tail: 2 });
  await log.close();
});

test('after a write that failed nothing is appended, and the process ends', async () => {
  await region.start(3 * 1024 * 1024);
  const log = region.connect({ timeouts: { requestMs: 1000 } });
  let confirmed = 0;
  for (;;) {
    const result = await append(log, confirmed, `${confirmed}:`.padEnd(20_000, 'x'));
    if (result.outcome !== 'ok') break;
    confirmed++;
  }
  expect(confirmed).toBeGreaterThan(50);
  expect(await region.ended()).toBe(1);
  expect(region.output).toContain('the store in');
  await region.start();
  expect(await log.tail()).toBeGreaterThanOrEqual(confirmed);
  const records = await new CollectingReader(log, 1).take(confirmed);
  for (const { sequence, bytes } of records) {
    expect(Number.parseInt(bytes.toString(), 10)).toBe(sequence - 1);
  }
  await log.close();
});
