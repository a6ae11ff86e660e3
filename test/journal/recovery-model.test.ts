import { deepStrictEqual } from 'node:assert';
import { MemoryLog } from '@causeway/journal';
import { expect, test } from 'vitest';
import { SeededRandom } from '../support/seeded-random.js';
import { GhostLog } from './ghost-log.js';
import { simulate } from './model-simulation.js';
import { Run } from './store-fixture.js';
import { describeModel, describeRecovered, ModelState } from './store-model.js';

const SEEDS = 1500;
/** The fifth byte of a tombstone's value; docs/data-on-disk.md. */
const TOMBSTONE = 8;

async function forEachSeed(run: (random: SeededRandom) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      await run(new SeededRandom(seed));
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
}

test(`recovers what a model remembers, over ${SEEDS} seeds that crash at any commit`, async () => {
  await forEachSeed((random) =>
    simulate(random, new MemoryLog(), (log, keepUnconfirmed) => log.crash(keepUnconfirmed)),
  );
});

test(`recovers the same when deleted records come back, over ${SEEDS} seeds`, async () => {
  await forEachSeed((random) =>
    simulate(random, new GhostLog(), (log, keepUnconfirmed) => {
      const share = random.pick([0.05, 0.5, 1]);
      return log.crash(keepUnconfirmed, () => random.chance(share));
    }),
  );
});

test('documents that a census buried stay dead when all their versions come back', async () => {
  let log = new GhostLog();
  let run = await Run.start(log);
  const commit = () => {
    run.journal.commit();
    log.completeAppend();
  };
  for (let id = 0; id < 1100; id++) run.model.putDocument('retained', id, `version 1 of ${id}`);
  commit();
  for (let id = 0; id < 1100; id++) run.model.putDocument('retained', id, `version 2 of ${id}`);
  commit();
  for (let id = 3; id < 1100; id++) run.model.deleteDocument('retained', id);
  commit();
  run.model.putDocument('retained', 1099, 'put again');
  commit();
  for (const withTombstones of [false, true, false]) {
    const { state } = run.model;
    log = log.crash(false, (value) => withTombstones || value[4] !== TOMBSTONE);
    run = await Run.start(log, state);
    deepStrictEqual(describeRecovered(run.recovered), describeModel(state));
    commit();
  }
});

test('what is replaced is deleted: the number of records does not grow with the commits', async () => {
  let log = new MemoryLog();
  let run = await Run.start(log, new ModelState(), 16);
  const counts: number[] = [];
  for (let round = 1; round <= 600; round++) {
    const { model } = run;
    for (const queueId of [1, 2]) model.settle(queueId, model.put(queueId, 'text'));
    const body = model.putShared([1, 2], 'shared');
    for (const queueId of [1, 2]) {
      const [sequence] = [...model.state.queue(queueId).live.keys()];
      model.settle(queueId, sequence!);
    }
    expect(model.state.bodies.has(body)).toBe(false);
    model.putSlot(1, round % 3, `slot ${round}`);
    model.putDocument('binding', round % 4, `document ${round}`);
    run.journal.commit();
    log.completeAppend();
    if (round % 200 !== 0) continue;
    const { state } = run.model;
    log = log.crash(false);
    counts.push(await countRecords(log));
    run = await Run.start(log, state, 16);
  }
  expect(Math.max(...counts)).toBeLessThan(40);
});

async function countRecords(log: MemoryLog): Promise<number> {
  let count = 0;
  await log.scan({ from: Buffer.alloc(0), below: Buffer.of(0xff) }, () => {
    count++;
  });
  return count;
}
