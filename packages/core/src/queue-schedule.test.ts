import { describe, expect, test } from 'vitest';
import type { Queue } from './queue.js';
import { QueueSchedule } from './queue-schedule.js';

interface FakeQueue {
  name: string;
  awake: boolean;
  gated: boolean;
  stagedIn: number;
  whenDispatched: () => void;
  left: number;
}

function createSchedule() {
  let requested = 0;
  const schedule = new QueueSchedule(() => {
    requested++;
  });
  const dispatched: string[] = [];
  const createQueue = (name: string, options: Partial<FakeQueue> = {}) => {
    const queue = {
      name,
      awake: false,
      gated: false,
      stagedIn: 0,
      whenDispatched: () => {},
      left: 0,
      ...options,
      waitsBeyond: (commit: number) => queue.stagedIn > commit,
      dispatch: () => {
        dispatched.push(name);
        queue.whenDispatched();
      },
      purge: (count: number) => {
        queue.left -= count;
        return queue.left <= 0;
      },
    };
    return queue as typeof queue & Queue;
  };
  const take = () => dispatched.splice(0);
  return { schedule, createQueue, take, requested: () => requested };
}

describe('QueueSchedule', () => {
  test('dispatches a queue once, however often it was woken, and asks for a turn', () => {
    const { schedule, createQueue, take, requested } = createSchedule();
    const queue = createQueue('a');
    for (let count = 0; count < 3; count++) schedule.wake(queue);
    expect(requested()).toBe(1);
    schedule.dispatch();
    schedule.dispatch();
    expect(take()).toEqual(['a']);
    schedule.wake(queue);
    expect(requested()).toBe(2);
  });

  test('serves those that are woken meanwhile in the same turn', () => {
    const { schedule, createQueue, take } = createSchedule();
    const letters = createQueue('letters');
    const queue = createQueue('queue', { whenDispatched: () => schedule.wake(letters) });
    schedule.wake(queue);
    schedule.dispatch();
    expect(take()).toEqual(['queue', 'letters']);
  });

  test('wakes a queue with each commit until nothing of it waits', () => {
    const { schedule, createQueue, take } = createSchedule();
    const queue = createQueue('a', { stagedIn: 2 });
    schedule.wakeWhenDurable(queue);
    schedule.wakeWhenDurable(queue);
    expect(schedule.gated).toBe(true);
    for (const commit of [1, 2, 3]) {
      schedule.committed(commit);
      schedule.dispatch();
    }
    expect([take(), schedule.gated]).toEqual([['a', 'a'], false]);
  });

  test('purges a part of each deleted queue in a turn, and forgets those that are empty', () => {
    const { schedule, createQueue } = createSchedule();
    const forgotten: string[] = [];
    const run = () => schedule.runPurges(({ name }) => forgotten.push(name));
    expect(run()).toBe(false);
    schedule.purge(createQueue('small', { left: 10 }));
    schedule.purge(createQueue('large', { left: 2500 }));
    expect([run(), forgotten]).toEqual([true, ['small']]);
    expect([run(), run(), forgotten]).toEqual([true, false, ['small', 'large']]);
    expect(run()).toBe(false);
  });
});
