import { MemoryLog } from '@causeway/journal';
import { beforeAll, describe, expect, test } from 'vitest';
import { Run } from './store-fixture.js';
import { ModelState } from './store-model.js';
import { TamperedLog } from './tampered-log.js';

interface StoredRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** The first byte of a key, and what its record is called in errors. */
const SYSTEM_RECORDS = {
  c: /checkpoint/,
  d: /delta/,
  m: /format|boot|starts/,
  n: /census|documents expected/,
  x: /document/,
} as const;

let log: MemoryLog;
let state: ModelState;
const records: StoredRecord[] = [];

beforeAll(async () => {
  log = new MemoryLog();
  const run = await Run.start(log, new ModelState(), 3);
  const commit = () => {
    run.journal.commit();
    log.completeAppend();
  };
  for (let id = 1; id <= 1100; id++) run.model.putDocument('binding', id, 'short-lived');
  commit();
  for (let id = 1; id <= 1095; id++) run.model.deleteDocument('binding', id);
  commit();
  for (let round = 0; round < 8; round++) {
    run.model.put(1, `message ${round}`);
    run.model.putShared([1, 2], `shared ${round}`);
    run.model.putDelayed(2, `delayed ${round}`, 1_900_000_000_000);
    run.model.putSlot(1, 1, `slot ${round}`);
    run.model.putDocument('queue', 1, `document ${round}`);
    run.model.deliveryFailed(1, 2);
    if (round > 1) run.model.settle(1, [...run.model.state.queue(1).live.keys()][1]!);
    commit();
  }
  run.model.deleteDocument('binding', 1098);
  commit();
  state = run.model.state;
  log = log.crash(false);
  const range = { from: Buffer.alloc(0), below: Buffer.of(0xff) };
  await log.scan(range, (key, value) => records.push({ key, value }));
});

function start(key: Buffer, value: Buffer | null): Promise<Run> {
  return Run.start(new TamperedLog(log.crash(false), key, value) as never, state.copy(), 3);
}

function ofKind(prefix: string): StoredRecord[] {
  return records.filter(({ key }) => key.toString('latin1', 0, 1) === prefix);
}

/** One bit of each byte in turn, and every length that is too short. */
function* damages(value: Buffer): Generator<Buffer> {
  for (let index = 0; index < value.length; index++) {
    const flipped = Buffer.from(value);
    flipped[index]! ^= 1 << (index % 8);
    yield flipped;
  }
  for (let length = 0; length < value.length; length += 3) yield value.subarray(0, length);
  yield Buffer.concat([value, Buffer.of(0)]);
}

describe.each(Object.entries(SYSTEM_RECORDS))('records of prefix %s', (prefix, name) => {
  test('exist in this store', () => {
    expect(ofKind(prefix).length).toBeGreaterThan(0);
  });

  test('refuse the start when they are damaged, and are named', async () => {
    for (const { key, value } of ofKind(prefix)) {
      for (const damaged of damages(value)) {
        const failing = start(key, damaged);
        await expect(failing).rejects.toMatchObject({ code: 'storage-corrupt' });
        await expect(failing).rejects.toThrow(name);
      }
    }
  });

  test('refuse the start when one that is needed is missing', async () => {
    for (const { key, value } of ofKind(prefix)) {
      // Without its tombstone a document is as deleted as with it: nothing else is left of it.
      if (prefix === 'x' && value[4] === 8) continue;
      // A census is missed only when deleted records come back.
      if (prefix === 'n') continue;
      await expect(start(key, null)).rejects.toMatchObject({ code: 'storage-corrupt' });
    }
  });
});

describe.each(['q', 'b'])('messages under prefix %s', (prefix) => {
  test('are reported by queue and sequence and never served when damaged or missing', async () => {
    for (const { key, value } of ofKind(prefix)) {
      for (const damaged of [...damages(value), null]) {
        const run = await start(key, damaged);
        const nulls = await unreadable(run);
        expect(nulls.length).toBeGreaterThan(0);
        expect(run.errors.map(({ event }) => event)).toEqual(nulls.map(() => 'entry-damaged'));
        expect(run.errors.map(({ fields }) => fields)).toMatchObject(nulls);
      }
    }
  });
});

test('the other messages are served as they were', async () => {
  const run = await start(Buffer.from('no such key'), null);
  expect(await unreadable(run)).toEqual([]);
});

/** The entries that cannot be read; the others must be what was put. */
async function unreadable(run: Run): Promise<{ queueId: number; sequence: number }[]> {
  const found: { queueId: number; sequence: number }[] = [];
  for (const [queueId, queue] of state.queues) {
    for (const [sequence, expected] of queue.live) {
      const [entry] = await run.read(queueId, sequence, 1);
      const { message } = entry!;
      if (message === null) found.push({ queueId, sequence });
      else {
        expect(message.bytes.toString('utf8', message.start, message.end)).toBe(expected.text);
      }
    }
  }
  return found;
}
