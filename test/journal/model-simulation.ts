import { deepStrictEqual, strictEqual } from 'node:assert';
import type { CommitLog } from '@causeway/journal';
import type { SeededRandom } from '../support/seeded-random.js';
import { Run } from './store-fixture.js';
import { describeModel, describeRecovered, ModelState, type StoreModel } from './store-model.js';

/** Kinds that no facts belong to. */
const COLD_KINDS = ['binding', 'retained'] as const;
const RUNS = 4;
const STEPS = 60;

/** A log that a simulation drives: appends end, and processes, when it says so. */
export interface SimulatedLog extends CommitLog {
  readonly appending: boolean;
  completeAppend(): void;
}

/**
 * Runs a journal several times over one log that crashes at any moment, and compares what it
 * recovers with a model.
 * @param crash what the next process finds, with or without the commit under way
 */
export async function simulate<Log extends SimulatedLog>(
  random: SeededRandom,
  first: Log,
  crash: (log: Log, keepUnconfirmed: boolean) => Log,
): Promise<void> {
  let log = first;
  let durable = new ModelState();
  const interval = random.between(1, 12);
  for (let times = 0; times < RUNS; times++) {
    const run = await Run.start(log, durable.copy(), interval, queueMicrotask);
    deepStrictEqual(describeRecovered(run.recovered), describeModel(durable));
    strictEqual(run.journal.durableCommit, log.tail);
    await readAll(run, durable);
    let writing: ModelState | null = null;
    for (let step = 0; step < STEPS; step++) {
      if (random.chance(0.3) && !log.appending && run.journal.dirty) {
        writing = run.model.state.copy();
        run.journal.commit();
      } else if (random.chance(0.3) && log.appending) {
        log.completeAppend();
        durable = writing!;
      } else {
        act(random, run);
      }
    }
    const keep = random.chance(0.5);
    if (keep && log.appending) durable = writing!;
    log = crash(log, keep);
    deepStrictEqual(run.errors, []);
    deepStrictEqual(run.fatal, []);
  }
}

function act(random: SeededRandom, { model }: Run): void {
  const { activeQueues } = model.state;
  const queueId = random.pick(activeQueues);
  const queue = model.state.queue(queueId);
  const live = [...queue.live.keys()];
  const choice = random.below(100);
  if (choice < 26) model.put(queueId, `text ${random.below(1000)}`, random.chance(0.8));
  else if (choice < 30) model.putDelayed(queueId, `late ${choice}`, random.below(2 ** 48));
  else if (choice < 37) model.putShared(activeQueues.slice(random.below(2)), `shared ${choice}`);
  else if (choice < 62 && live.length > 0) {
    model.settle(queueId, random.chance(0.6) ? live[0]! : random.pick(live));
  } else if (choice < 70 && live.length > 0) model.deliveryFailed(queueId, random.pick(live));
  else if (choice < 75) model.dispatched(queueId, queue.tail + random.below(3));
  else if (choice < 86) {
    const value = random.chance(0.3) ? null : `slot ${random.below(1000)}`;
    model.putSlot(random.between(1, 2), random.below(4), value);
  } else if (choice < 96) {
    model.putDocument(random.pick(COLD_KINDS), random.below(5), `document ${choice}`);
  } else if (choice < 99) model.deleteDocument(random.pick(COLD_KINDS), random.below(5));
  else deleteQueue(model, queueId);
}

/** As core does: what is left is settled, then the document goes; the id is never used again. */
function deleteQueue(model: StoreModel, queueId: number): void {
  const { state } = model;
  for (const sequence of [...state.queue(queueId).live.keys()]) model.settle(queueId, sequence);
  model.deleteDocument('queue', queueId);
  state.activeQueues = state.activeQueues.filter((id) => id !== queueId);
  state.activeQueues.push(state.nextQueueId++);
}

/** Every message that is live can be read, and is the one that was put. */
async function readAll(run: Run, state: ModelState): Promise<void> {
  for (const [queueId, queue] of state.queues) {
    for (const [sequence, expected] of queue.live) {
      const [entry] = await run.read(queueId, sequence, 1);
      const message = entry!.message!;
      strictEqual(message.bytes.toString('utf8', message.start, message.end), expected.text);
      strictEqual(entry!.stale, !expected.durable);
      strictEqual(message.notBefore, expected.notBefore ?? 0);
      strictEqual(entry!.bodyId, expected.bodyId);
      deepStrictEqual(entry!.bodyTargets, state.bodies.get(expected.bodyId) ?? []);
    }
  }
}
