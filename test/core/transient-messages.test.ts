import { describe, expect, test } from 'vitest';
import { createTestBroker } from '../support/test-broker.js';

describe('a message that need not survive', () => {
  test('goes straight to a waiting consumer and never to the disk', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q', { settlesOnSend: true });
    world.run();
    const commit = world.store.openCommit;
    world.publish('queue://q', 'a', { durable: false });
    expect(consumer.texts).toEqual(['a']);
    expect([world.store.dirty, world.store.openCommit]).toEqual([false, commit]);
  });

  test('keeps its place among durable ones', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    world.autoCommit = false;
    for (let number = 1; number <= 6; number++) {
      world.publish('queue://q', `${number}`, { durable: number % 2 === 0 });
    }
    world.run();
    expect(consumer.texts).toEqual(['1']);
    world.completeCommit();
    world.run();
    expect(consumer.texts).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  test('is gone after a crash', async () => {
    const world = await createTestBroker();
    world.publish('queue://q', 'durable');
    world.publish('queue://q', 'transient', { durable: false });
    world.run();
    await world.crash();
    const consumer = world.consume('q');
    world.run();
    expect(consumer.texts).toEqual(['durable']);
  });
});

describe('a producer that is faster than its subscribers', () => {
  const limits = { transientMessagesMax: 100, pacingMessages: 25 };

  test('is asked to wait when most of them are behind, until they have caught up', async () => {
    const world = await createTestBroker({ limits });
    const slow = [world.subscribe('t'), world.subscribe('t')].map((queue) =>
      world.consume(queue, { credit: 0 }),
    );
    world.consume(world.subscribe('t'));
    world.run();
    for (let number = 0; number < 26; number++) world.publish('topic://t', `${number}`);
    const backpressure = world.broker.backpressure();
    expect([backpressure?.over, world.broker.backpressure()]).toEqual([false, null]);
    for (const { consumer } of slow) consumer.grant(10);
    world.run();
    expect(backpressure?.over).toBe(true);
  });

  test('does not wait for a few among many', async () => {
    const world = await createTestBroker({ limits });
    world.consume(world.subscribe('t'), { credit: 0 });
    for (let count = 0; count < 2; count++) world.consume(world.subscribe('t'));
    world.run();
    for (let number = 0; number < 99; number++) world.publish('topic://t', `${number}`);
    expect(world.broker.backpressure()).toBeNull();
  });

  test('does not wait for those that take nothing at all', async () => {
    const world = await createTestBroker({ limits });
    world.consume(world.subscribe('t'), { credit: 0 });
    world.run();
    for (let number = 0; number < 50; number++) world.publish('topic://t', `${number}`);
    const backpressure = world.broker.backpressure();
    expect(backpressure?.over).toBe(false);
    world.advance(60_000);
    expect(backpressure?.over).toBe(true);
    world.publish('topic://t', 'more');
    expect(world.broker.backpressure()).toBeNull();
  });
});
