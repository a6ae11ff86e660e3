import type { Queue } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';

const HOUR_MS = 3_600_000;

function subscribe(world: TestBroker, expiryMs: number, durable = true): Queue {
  return world.subscribe('news', { name: 's', durable, expiryMs });
}

const exists = (world: TestBroker) => world.broker.findSubscriptionQueue('s') !== null;

describe('a subscription', () => {
  test('that ends with its last consumer does so', async () => {
    const world = await createTestBroker();
    const queue = subscribe(world, 0, false);
    world.advance(HOUR_MS);
    const [first, second] = [world.consume(queue), world.consume(queue)];
    first.close();
    expect(exists(world)).toBe(true);
    second.close();
    world.run();
    expect([exists(world), world.broker.queueCount]).toEqual([false, 0]);
  });

  test('that lasts for ever does so', async () => {
    const world = await createTestBroker();
    world.consume(subscribe(world, Number.POSITIVE_INFINITY)).close();
    world.advance(1000 * HOUR_MS);
    await world.restart();
    world.advance(1000 * HOUR_MS);
    expect(exists(world)).toBe(true);
  });

  test.each([true, false])(
    'ends when nobody consumed for so long; durable: %s',
    async (durable) => {
      const world = await createTestBroker();
      const queue = subscribe(world, HOUR_MS, durable);
      const consumers = [world.consume(queue), world.consume(queue)];
      world.advance(2 * HOUR_MS);
      consumers[0]!.close();
      world.advance(2 * HOUR_MS);
      consumers[1]!.close();
      world.publish('topic://news', 'kept');
      world.advance(HOUR_MS - 1);
      const third = world.consume(queue);
      world.advance(2 * HOUR_MS);
      expect(third.texts).toEqual(['kept']);
      third.close();
      world.advance(HOUR_MS - 1);
      expect(exists(world)).toBe(true);
      world.advance(1);
      expect([exists(world), world.broker.queueCount]).toEqual([false, 0]);
      expect(world.publish('topic://news', 'nobody')).toBe(0);
    },
  );

  test('ends when nobody ever consumed', async () => {
    const world = await createTestBroker();
    subscribe(world, HOUR_MS);
    world.advance(HOUR_MS - 1);
    expect(exists(world)).toBe(true);
    world.advance(1);
    expect(exists(world)).toBe(false);
  });

  test('may change how long it lasts', async () => {
    const world = await createTestBroker();
    const queue = subscribe(world, HOUR_MS);
    world.advance(HOUR_MS / 2);
    expect(subscribe(world, HOUR_MS / 4)).toBe(queue);
    expect(exists(world)).toBe(true);
    const consumer = world.consume(queue);
    subscribe(world, Number.POSITIVE_INFINITY);
    consumer.close();
    await world.restart();
    world.advance(HOUR_MS);
    expect(exists(world)).toBe(true);
    subscribe(world, HOUR_MS);
    await world.restart();
    world.advance(HOUR_MS);
    expect(exists(world)).toBe(false);
  });

  test('that is deleted is not ended once more', async () => {
    const world = await createTestBroker();
    const queue = subscribe(world, HOUR_MS);
    const consumer = world.consume(queue);
    world.broker.deleteQueue(queue);
    expect(consumer.closedWith?.code).toBe('address-not-found');
    world.run();
    const successor = subscribe(world, 3 * HOUR_MS);
    world.advance(2 * HOUR_MS);
    expect([successor.deleted, exists(world)]).toEqual([false, true]);
  });
});

describe('over a restart, a subscription', () => {
  test('counts the time that the broker was away', async () => {
    const world = await createTestBroker();
    world.consume(subscribe(world, HOUR_MS)).close();
    world.advance(HOUR_MS / 4);
    await world.crash({ downMs: HOUR_MS / 4 });
    world.advance(HOUR_MS / 2 - 1);
    expect(exists(world)).toBe(true);
    world.advance(1);
    expect(exists(world)).toBe(false);
    await world.restart();
    expect([exists(world), world.broker.queueCount]).toEqual([false, 0]);
  });

  test('that is over by then is not there, and its messages neither', async () => {
    const world = await createTestBroker();
    world.consume(subscribe(world, HOUR_MS)).close();
    world.publish('topic://news', 'late');
    world.run();
    await world.crash({ downMs: HOUR_MS });
    expect([exists(world), world.broker.queueCount]).toEqual([false, 0]);
    await world.restart();
    expect(world.broker.queueCount).toBe(0);
  });

  test('that was in use counts from the restart', async () => {
    const world = await createTestBroker();
    world.consume(subscribe(world, HOUR_MS));
    world.advance(10 * HOUR_MS);
    await world.crash({ downMs: 10 * HOUR_MS });
    world.advance(HOUR_MS / 2);
    // And that is remembered.
    await world.crash();
    world.advance(HOUR_MS / 2 - 1);
    expect(exists(world)).toBe(true);
    world.advance(1);
    expect(exists(world)).toBe(false);
  });

  test('that ends with its consumers has none', async () => {
    const world = await createTestBroker();
    world.consume(subscribe(world, 0));
    world.run();
    await world.crash();
    expect([exists(world), world.broker.queueCount]).toEqual([false, 0]);
  });
});

describe('a subscription that somebody holds on to', () => {
  test.each([0, HOUR_MS])('does not end without consumers; expiry %d', async (expiryMs) => {
    const world = await createTestBroker();
    const queue = subscribe(world, expiryMs);
    world.broker.holdSubscription(queue);
    world.broker.holdSubscription(queue);
    world.consume(queue).close();
    world.advance(2 * HOUR_MS);
    world.broker.releaseSubscription(queue);
    world.advance(2 * HOUR_MS);
    expect(exists(world)).toBe(true);
    world.broker.releaseSubscription(queue);
    world.run();
    expect(exists(world)).toBe(expiryMs > 0);
    world.advance(expiryMs);
    expect(exists(world)).toBe(false);
  });

  test('is unused from the last release on, also while somebody consumes', async () => {
    const world = await createTestBroker();
    const queue = subscribe(world, HOUR_MS);
    world.broker.holdSubscription(queue);
    const consumer = world.consume(queue);
    world.broker.releaseSubscription(queue);
    world.advance(HOUR_MS / 2);
    consumer.close();
    world.advance(HOUR_MS / 2 - 1);
    expect(exists(world)).toBe(true);
    world.advance(1);
    expect(exists(world)).toBe(false);
    world.broker.releaseSubscription(queue);
  });

  test.each([0, HOUR_MS])('is not held after a restart; expiry %d', async (expiryMs) => {
    const world = await createTestBroker();
    const queue = subscribe(world, expiryMs);
    world.broker.holdSubscription(queue);
    world.consume(queue).close();
    world.run();
    await world.crash();
    expect(exists(world)).toBe(expiryMs > 0);
    world.advance(expiryMs);
    expect(exists(world)).toBe(false);
  });
});
