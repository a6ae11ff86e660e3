import { DEAD_LETTER_ANNOTATIONS as NAMES } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';
import type { TestConsumer } from '../support/test-consumer.js';

const FAILED = { deliveryFailed: true };

/** Has a consumer fail a message until it is gone from its queue; returns the deliveries. */
function failUntilGone(world: TestBroker, consumer: TestConsumer): number {
  let failures = 0;
  while (consumer.consumer.queue.length > 0) {
    consumer.settle('modified', FAILED);
    failures++;
    consumer.consumer.grant(1);
    world.run();
  }
  return failures;
}

function annotationsOf(consumer: TestConsumer) {
  const { annotations } = consumer.last.message;
  return {
    reason: annotations?.get(NAMES.reason),
    origin: annotations?.get(NAMES.origin),
    count: annotations?.get(NAMES.deliveryCount),
    time: annotations?.get(NAMES.time),
  };
}

describe('a message whose deliveries fail', () => {
  test('comes back with its count and a flag, and becomes a dead letter at the limit', async () => {
    const world = await createTestBroker({
      policies: [{ destination: 'queue://>', maxDeliveries: 3 }],
    });
    const consumer = world.consume('q');
    world.publish('queue://q', 'bad');
    world.run();
    expect(failUntilGone(world, consumer)).toBe(3);
    expect(
      consumer.deliveries.map(({ redelivered, deliveryCount }) => [redelivered, deliveryCount]),
    ).toEqual([
      [false, 0],
      [true, 1],
      [true, 2],
    ]);
    const dead = world.consume('DLQ');
    world.run();
    expect(dead.texts).toEqual(['bad']);
    expect(annotationsOf(dead)).toEqual({
      reason: 'delivery limit reached',
      origin: 'queue://q',
      count: '3',
      time: '2026-01-01T00:00:00.000Z',
    });
    expect(world.broker.metrics.messagesDeadLettered).toBe(1);
  });

  test('keeps its count over restarts', async () => {
    const world = await createTestBroker({
      policies: [{ destination: 'queue://>', maxDeliveries: 3 }],
    });
    world.publish('queue://q', 'bad');
    for (let attempt = 0; attempt < 3; attempt++) {
      const consumer = world.consume('q');
      world.run();
      expect(consumer.last).toMatchObject({ deliveryCount: attempt, redelivered: attempt > 0 });
      consumer.settle('modified', FAILED);
      world.run();
      await world.crash();
    }
    expect([world.queue('q').length, world.queue('DLQ').length]).toEqual([0, 1]);
    const dead = world.consume('DLQ');
    world.run();
    expect(annotationsOf(dead)).toMatchObject({ origin: 'queue://q', count: '3' });
  });

  test('stays for ever when the limit is 0', async () => {
    const world = await createTestBroker({
      policies: [{ destination: 'queue://q', maxDeliveries: 0 }],
    });
    const consumer = world.consume('q');
    world.publish('queue://q', 'bad');
    world.run();
    for (let attempt = 0; attempt < 20; attempt++) {
      consumer.settle('modified', FAILED);
      world.run();
    }
    expect([consumer.last.deliveryCount, world.queue('q').length]).toEqual([20, 1]);
  });

  test('through the end of a consumer that failed counts every message it held', async () => {
    const world = await createTestBroker({
      policies: [{ destination: 'queue://q', maxDeliveries: 2 }],
    });
    for (const text of ['a', 'b']) world.publish('queue://q', text);
    for (let attempt = 0; attempt < 2; attempt++) {
      const consumer = world.consume('q');
      world.run();
      consumer.close({ failed: true });
      world.run();
    }
    const dead = world.consume('DLQ');
    world.run();
    expect(dead.texts).toEqual(['a', 'b']);
  });

  test('is counted for what came through a topic by the policy of the topic', async () => {
    const world = await createTestBroker({
      policies: [{ destination: 'topic://t', maxDeliveries: 1, deadLetter: 'dead.t' }],
    });
    const consumer = world.consume(world.subscribe('t', { name: 's', durable: true }));
    world.publish('topic://t', 'bad');
    world.run();
    expect(failUntilGone(world, consumer)).toBe(1);
    const dead = world.consume('dead.t');
    world.run();
    expect(annotationsOf(dead)).toMatchObject({ origin: 'topic://t', count: '1' });
  });
});

describe('a rejected message', () => {
  test('becomes a dead letter at once, with the reason that was given', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    const dead = world.consume('DLQ');
    for (const text of ['a', 'b', 'c']) world.publish('queue://q', text);
    world.run();
    consumer.settle('rejected', { reason: 'cannot parse' }, 0);
    consumer.settle('rejected', {}, 1);
    consumer.settle('modified', { undeliverableHere: true }, 2);
    world.run();
    expect(dead.texts).toEqual(['a', 'b', 'c']);
    const reasons = dead.deliveries.map(({ message }) => message.annotations?.get(NAMES.reason));
    expect(reasons).toEqual(['cannot parse', 'rejected', 'undeliverable']);
    expect(annotationsOf(dead).count).toBe('0');
  });

  test('leaves its queue and enters the dead letters in one commit', async () => {
    for (const keepUnconfirmed of [true, false]) {
      const world = await createTestBroker();
      const consumer = world.consume('q');
      world.publish('queue://q', 'a');
      world.run();
      world.autoCommit = false;
      consumer.settle('rejected');
      world.run();
      await world.crash({ keepUnconfirmed });
      world.autoCommit = true;
      const lengths = [world.queue('q').length, world.queue('DLQ').length];
      expect(lengths).toEqual(keepUnconfirmed ? [0, 1] : [1, 0]);
    }
  });

  test('does not expire among the dead letters', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    world.publish('queue://q', 'a', { expiresAt: world.clock.nowMs + 1000 });
    world.run();
    consumer.settle('rejected');
    world.advance(5000);
    const dead = world.consume('DLQ');
    world.run();
    expect(dead.texts).toEqual(['a']);
  });

  test('that need not survive a restart does not survive it as a dead letter', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    world.publish('queue://q', 'a', { durable: false });
    consumer.settle('rejected');
    expect(world.queue('DLQ').length).toBe(1);
    await world.crash();
    expect(world.queue('DLQ').length).toBe(0);
  });

  test('is discarded when the policy names no dead letters', async () => {
    const world = await createTestBroker({
      policies: [{ destination: 'queue://q', deadLetter: '' }],
    });
    const consumer = world.consume('q');
    world.publish('queue://q', 'a');
    world.run();
    consumer.settle('rejected');
    world.run();
    expect([world.queue('q').length, world.broker.queueCount]).toEqual([0, 1]);
  });

  test('goes to dead letters that are made although there are as many queues as allowed', async () => {
    const world = await createTestBroker({ limits: { queuesMax: 1 } });
    const consumer = world.consume('q');
    for (const text of ['a', 'b']) world.publish('queue://q', text);
    world.run();
    consumer.settle('rejected');
    world.run();
    expect([world.queue('q').length, world.queue('DLQ').length]).toEqual([1, 1]);
  });

  test('goes to dead letters that a policy forbids clients to create', async () => {
    const world = await createTestBroker({
      policies: [{ destination: 'queue://DLQ', autoCreate: false }],
    });
    const consumer = world.consume('q');
    world.publish('queue://q', 'a');
    world.run();
    consumer.settle('rejected');
    world.run();
    expect(world.queue('DLQ').length).toBe(1);
  });
});

describe('dead letters', () => {
  test('never go round in circles', async () => {
    const world = await createTestBroker({
      policies: [{ destination: 'queue://>', maxDeliveries: 2 }],
    });
    world.publish('queue://DLQ', 'a');
    const consumer = world.consume('DLQ');
    world.run();
    for (let attempt = 0; attempt < 5; attempt++) {
      consumer.settle('modified', FAILED);
      world.run();
    }
    expect([consumer.last.deliveryCount, world.queue('DLQ').length]).toEqual([5, 1]);
    consumer.settle('rejected');
    world.run();
    expect(world.queue('DLQ').length).toBe(0);
  });

  test('keep what they say about themselves over a restart', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    world.publish('queue://q', 'a', { priority: 8 });
    world.run();
    consumer.settle('rejected', { reason: 'grün' });
    world.run();
    await world.crash();
    const dead = world.consume('DLQ');
    world.run();
    expect(annotationsOf(dead)).toMatchObject({ reason: 'grün', origin: 'queue://q' });
    expect(dead.last.message).toMatchObject({ priority: 8, durable: true });
  });
});
