import { describe, expect, test } from 'vitest';
import { Consumer } from './consumer.js';
import { ConsumerGroup } from './consumer-group.js';
import type { Queue } from './queue.js';

function createGroup(size: number) {
  const group = new ConsumerGroup();
  const queue = { wake() {} } as Queue;
  const sink = { settlesOnSend: () => true, deliver() {}, consumerClosed() {} };
  const consumers = Array.from({ length: size }, (_, index) => {
    const consumer = new Consumer(index, queue, { sink, credit: 1 });
    group.add(consumer);
    return consumer;
  });
  /** Ids of the consumers that so many deliveries go to. */
  const serve = (count: number): (number | null)[] => {
    const served: (number | null)[] = [];
    for (; count > 0; count--) {
      const consumer = group.nextReady();
      served.push(consumer?.id ?? null);
      if (consumer !== null) group.rotate();
    }
    return served;
  };
  return { group, consumers, serve };
}

describe('ConsumerGroup', () => {
  test('serves its members in turn', () => {
    const { serve } = createGroup(3);
    expect(serve(7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  test('does not take a turn away by asking', () => {
    const { group, serve } = createGroup(2);
    expect(group.nextReady()?.id).toBe(0);
    expect(group.nextReady()?.id).toBe(0);
    expect(serve(2)).toEqual([0, 1]);
  });

  test('passes over those without credit, paused or closed', () => {
    const { consumers, serve } = createGroup(5);
    consumers[1]!.credit = 0;
    consumers[2]!.pause();
    consumers[3]!.closed = true;
    expect(serve(4)).toEqual([0, 4, 0, 4]);
    consumers[2]!.resume();
    expect(serve(3)).toEqual([0, 2, 4]);
  });

  test('has nobody to serve when nobody is ready', () => {
    const { consumers, serve } = createGroup(2);
    for (const consumer of consumers) consumer.credit = 0;
    expect(serve(2)).toEqual([null, null]);
    expect(createGroup(0).serve(1)).toEqual([null]);
  });

  test('keeps the turn when a member leaves', () => {
    const { group, consumers, serve } = createGroup(4);
    expect(serve(2)).toEqual([0, 1]);
    group.remove(consumers[0]!);
    expect(serve(3)).toEqual([2, 3, 1]);
    group.remove(consumers[2]!);
    group.remove(consumers[2]!);
    expect(serve(3)).toEqual([3, 1, 3]);
    expect(group.size).toBe(2);
  });
});
