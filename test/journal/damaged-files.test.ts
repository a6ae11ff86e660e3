import {
  closeSync,
  cpSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { BrokerError } from '@causeway/core';
import { checkStore, LevelLog } from '@causeway/journal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../support/seeded-random.js';
import { flushLevel, Run, temporaryFolder } from './store-fixture.js';
import { describeModel, describeRecovered, ModelState } from './store-model.js';

const COMMITS = 150;
const FLIPS_PER_FILE = 30;
/** Files that hold data, and the mark of the tail. */
const DATA_FILES = /^(CURRENT|TAIL|MANIFEST-\d+|\d+\.(log|ldb))$/;

let folder: string;
let state: ModelState;

/** A store whose records are in the write-ahead log, as a killed process leaves it. */
async function fill(): Promise<void> {
  const run = await Run.start(await LevelLog.open(join(folder, 'log')), new ModelState(), 32);
  const { model } = run;
  for (let commit = 0; commit < COMMITS; commit++) {
    const queueId = (commit % 3) + 1;
    model.put(queueId, `message ${commit} `.padEnd(200, 'abcdefgh'));
    model.putShared([1, 2], `shared ${commit}`);
    const [first] = [...model.state.queue(queueId).live.keys()];
    if (commit > 30) model.settle(queueId, first!);
    model.putSlot(queueId, commit % 7, `slot ${commit}`);
    model.putDocument('binding', commit % 50, `document ${commit}`);
    await flushLevel(run);
  }
  await run.journal.close();
  state = model.state;
}

beforeAll(async () => {
  folder = temporaryFolder();
  await fill();
  // Opened once more, LevelDB moves the records from its log into a table.
  cpSync(join(folder, 'log'), join(folder, 'tables'), { recursive: true });
  const log = await LevelLog.open(join(folder, 'tables'));
  await log.close();
});

afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['log', 'tables'])('with the records in %s', (place) => {
  test('undamaged, all is served', async () => {
    expect(await outcome(place, () => {})).toBe('served');
  });

  test('a flipped bit is never served', async () => {
    const random = new SeededRandom(1);
    for (const file of files(place)) {
      const size = dataBytes(join(folder, place, file));
      for (let times = 0; times < FLIPS_PER_FILE; times++) {
        await outcome(place, (copy) => flip(join(copy, file), random.below(size), random.below(8)));
      }
    }
  });

  test('a file that ends early is never served', async () => {
    for (const file of files(place)) {
      const size = dataBytes(join(folder, place, file));
      for (let part = 0; part < 8; part++) {
        await outcome(place, (copy) => {
          truncateSync(join(copy, file), Math.floor((size * part) / 8));
        });
      }
    }
  });

  test('a file that is gone is never served', async () => {
    for (const file of files(place)) {
      const result = await outcome(place, (copy) => unlinkSync(join(copy, file)));
      // The tail mark alone can go: it only guards the others.
      expect(result, file).toBe(file === 'TAIL' ? 'served' : 'storage-corrupt');
    }
  });
});

test('the check of a whole store finds every flipped bit in its tables', async () => {
  const random = new SeededRandom(2);
  const [table] = files('tables').filter((name) => name.endsWith('.ldb'));
  const size = statSync(join(folder, 'tables', table!)).size;
  for (let times = 0; times < 100; times++) {
    // Of the last 48 bytes, some are padding.
    const position = random.below(size - 48);
    const result = await outcome('tables', (copy) => flip(join(copy, table!), position, times % 8));
    expect(result).not.toBe('served');
  }
});

test('a log that lost its last commits is refused, since they were confirmed', async () => {
  for (const file of files('log').filter((name) => name.endsWith('.log'))) {
    const size = dataBytes(join(folder, 'log', file));
    const cut = (copy: string): void => truncateSync(join(copy, file), size - 1);
    expect(await outcome('log', cut)).toBe('storage-corrupt');
    const blank = (copy: string): void => {
      cut(copy);
      truncateSync(join(copy, file), size + 1024);
    };
    expect(await outcome('log', blank)).toBe('storage-corrupt');
  }
});

function files(place: string): string[] {
  const names = readdirSync(join(folder, place)).filter((name) => DATA_FILES.test(name));
  return names.filter((name) => statSync(join(folder, place, name)).size > 0);
}

/** Without the zeros that a write-ahead log ends with. */
function dataBytes(path: string): number {
  const bytes = readFileSync(path);
  return bytes.findLastIndex((byte) => byte !== 0) + 1;
}

function flip(path: string, position: number, bit: number): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, position);
  byte[0]! ^= 1 << bit;
  writeSync(file, byte, 0, 1, position);
  closeSync(file);
}

/**
 * Opens a damaged copy. Either it is refused with a clear error, or all facts are right and each
 * message is the one that was put, or is reported and not served.
 */
async function outcome(place: string, damage: (folder: string) => void): Promise<string> {
  const copy = join(folder, 'copy');
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(folder, place), copy, { recursive: true });
  damage(copy);
  let log: LevelLog | null = null;
  try {
    const damages = await checkStore(copy);
    log = await LevelLog.open(copy);
    // Only messages are in the damaged block: LevelDB might abort the process over it.
    if (damages.length > 0) return 'found by the check';
    return await serve(await Run.start(log, state.copy(), 32));
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    expect(error.code, error.message).toBe('storage-corrupt');
    expect(error.message).toContain(copy);
    return error.code;
  } finally {
    await log?.close();
  }
}

async function serve(run: Run): Promise<string> {
  expect(describeRecovered(run.recovered)).toEqual(describeModel(state));
  let unreadable = 0;
  for (const [queueId, queue] of state.queues) {
    for (const [sequence, expected] of queue.live) {
      const [entry] = await run.read(queueId, sequence, 1);
      const { message } = entry!;
      if (message === null) unreadable++;
      else {
        expect(message.bytes.toString('utf8', message.start, message.end)).toBe(expected.text);
      }
    }
  }
  expect(run.errors.length).toBe(unreadable);
  expect(run.fatal).toEqual([]);
  return unreadable === 0 ? 'served' : 'quarantined';
}
