import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';

const inMs = (world: TestBroker, milliseconds: number) => ({
  expiresAt: world.clock.nowMs + milliseconds,
});

describe('a message that expires', () => {
  test('is delivered up to its time and not after', async () => {
    const world = await createTestBroker();
    world.publish('queue://q', 'early', inMs(world, 100));
    world.publish('queue://q', 'late', inMs(world, 101));
    world.run();
    world.clock.nowMs += 100;
    const consumer = world.consume('q');
    world.run();
    expect(consumer.texts).toEqual(['late']);
    expect(world.broker.metrics.messagesExpired).toBe(1);
  });

  test('leaves the queue by itself while nobody consumes', async () => {
    const world = await createTestBroker();
    world.publish('queue://q', 'a', inMs(world, 500));
    world.publish('queue://q', 'b');
    world.publish('queue://q', 'c', { ...inMs(world, 500), durable: false });
    world.run();
    world.advance(1500);
    expect([world.queue('q').length, world.broker.metrics.messagesExpired]).toEqual([1, 2]);
    await world.crash();
    expect(world.queue('q').length).toBe(1);
  });

  test('stays with the consumer that holds it', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    world.publish('queue://q', 'a', inMs(world, 500));
    world.run();
    world.advance(5000);
    expect(world.queue('q').length).toBe(1);
    consumer.settle('accepted');
    world.run();
    expect(world.broker.metrics).toMatchObject({ messagesSettled: 1, messagesExpired: 0 });
  });

  test('is not delivered again when it comes back too late', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    world.publish('queue://q', 'a', inMs(world, 500));
    world.publish('queue://q', 'b');
    world.run();
    world.advance(5000);
    consumer.close();
    const second = world.consume('q');
    world.run();
    expect(second.texts).toEqual(['b']);
  });

  test('expires from the store too, when its turn comes', async () => {
    const world = await createTestBroker({ limits: { queueWindowMessages: 2 } });
    for (let number = 0; number < 20; number++) {
      world.publish('queue://q', `${number}`, number % 2 === 0 ? inMs(world, 500) : {});
    }
    world.run();
    await world.crash({ downMs: 1000 });
    const consumer = world.consume('q');
    world.run();
    expect(consumer.texts).toEqual(['1', '3', '5', '7', '9', '11', '13', '15', '17', '19']);
    expect(world.queue('q').length).toBe(10);
  });

  test('gives way to those behind it, even in a window full of them', async () => {
    const world = await createTestBroker({ limits: { queueWindowMessages: 10 } });
    for (let number = 0; number < 100; number++) world.publish('queue://q', 'x', inMs(world, 500));
    world.publish('queue://q', 'last');
    world.run();
    const consumer = world.consume('q', { credit: 1 });
    consumer.consumer.pause();
    world.advance(1000);
    consumer.consumer.resume();
    world.run();
    expect([consumer.texts, world.queue('q').length]).toEqual([['last'], 1]);
  });
});
