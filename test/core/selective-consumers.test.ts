import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';
import { isRed, publishMany, RED, texts } from './red-and-blue.js';

const SMALL_WINDOW = { queueWindowMessages: 20 };

describe('a consumer with a selector', () => {
  test.each([true, false])('gets what matches, in order (durable %s)', async (durable) => {
    const world = await createTestBroker();
    const consumer = world.consume('q', { selector: RED });
    for (const text of ['color=red n=1', 'color=blue', 'n=2', 'color=red n=3']) {
      world.publish('queue://q', text, { durable });
    }
    world.run();
    expect(consumer.texts).toEqual(['color=red n=1', 'color=red n=3']);
    expect(world.queue('q').length).toBe(4);
    consumer.acceptAll();
    world.run();
    const rest = world.consume('q');
    world.run();
    expect(rest.texts).toEqual(['color=blue', 'n=2']);
  });

  test('gets what was there before it came', async () => {
    const world = await createTestBroker();
    publishMany(world, 30);
    const consumer = world.consume('q', { selector: RED });
    world.run();
    expect(consumer.texts).toEqual(texts(30, isRed));
    expect(consumer.deliveries.some(({ redelivered }) => redelivered)).toBe(false);
  });

  test('gets no more than its credit, and goes on when it has more', async () => {
    const world = await createTestBroker();
    publishMany(world, 50);
    const consumer = world.consume('q', { selector: RED, credit: 2 });
    world.run();
    expect(consumer.take()).toEqual(texts(20, isRed));
    consumer.consumer.grant(1);
    world.run();
    expect(consumer.take()).toEqual([texts(30, isRed)[2]]);
    expect(consumer.consumer).toMatchObject({ credit: 0, unsettled: 3 });
  });

  test('may take deliveries that nobody settles', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 100);
    const consumer = world.consume('q', { selector: RED, settlesOnSend: true });
    world.run();
    expect(consumer.texts).toEqual(texts(100, isRed));
    expect(world.queue('q').length).toBe(90);
  });

  test('shares a queue with others, each message going to one of them', async () => {
    const world = await createTestBroker();
    const red = world.consume('q', { selector: RED });
    const blue = world.consume('q', { selector: "color = 'blue'" });
    const any = world.consume('q');
    publishMany(world, 100);
    const all = [red, blue, any].flatMap((consumer) => consumer.texts);
    expect(all.sort()).toEqual(texts(100, () => true).sort());
    expect(red.texts.every((text) => text.endsWith('red'))).toBe(true);
    expect(blue.texts.every((text) => text.endsWith('blue'))).toBe(true);
    expect(any.deliveries.length).toBeGreaterThan(30);
    expect(blue.deliveries.length).toBeGreaterThan(30);
  });

  test('takes turns with others of the same selector', async () => {
    const world = await createTestBroker();
    const consumers = [0, 1].map(() => world.consume('q', { selector: RED }));
    publishMany(world, 60);
    expect(consumers.map(({ deliveries }) => deliveries.length)).toEqual([3, 3]);
  });

  test('leaves the order of the rest as it is', async () => {
    const world = await createTestBroker();
    const red = world.consume('q', { selector: RED });
    publishMany(world, 30);
    red.settle('released', {}, 1);
    red.consumer.setCredit(0);
    const any = world.consume('q');
    world.run();
    const held = new Set([9, 29]);
    expect(any.texts).toEqual(texts(30, (number) => !held.has(number)));
  });

  test('gets again what it released, before what is newer', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q', { selector: RED, credit: 2 });
    publishMany(world, 40);
    consumer.settle('released', {}, 0);
    consumer.take();
    consumer.consumer.grant(5);
    world.run();
    expect(consumer.deliveries.map(({ text, redelivered }) => [text, redelivered])).toEqual(
      [9, 29, 39].map((n) => [`n=${n} color=red`, n === 9]),
    );
  });

  test('gives back what it holds when it closes', async () => {
    const world = await createTestBroker();
    const first = world.consume('q', { selector: RED });
    publishMany(world, 40);
    first.settle('accepted', {}, 1);
    first.close();
    const second = world.consume('q', { selector: 'color IS NOT NULL' });
    world.run();
    expect(second.texts).toEqual(texts(40, (number) => number !== 19));
    const again = second.deliveries.filter(({ redelivered }) => redelivered);
    expect(again.map(({ text }) => text)).toEqual([9, 29, 39].map((n) => `n=${n} color=red`));
  });

  test('keeps messages from nobody once it is gone', async () => {
    const world = await createTestBroker();
    const red = world.consume('q', { selector: RED, credit: 0 });
    const any = world.consume('q');
    publishMany(world, 20);
    red.close();
    world.publish('queue://q', 'late', { durable: false });
    world.run();
    expect(any.texts).toEqual([...texts(20, () => true), 'late']);
  });

  test('that closes within a delivery is followed by another without a mix-up', async () => {
    const world = await createTestBroker();
    let second: ReturnType<TestBroker['consume']> | null = null;
    const first = world.consume('q', {
      selector: RED,
      onDelivery: (_, consumer) => {
        consumer.close();
        second = world.consume('q', { selector: "color = 'blue'" });
      },
    });
    publishMany(world, 20);
    expect(first.deliveries).toHaveLength(1);
    expect(second!.texts).toEqual(texts(20, (number) => !isRed(number)));
  });

  test('is not offered what expired', async () => {
    const world = await createTestBroker();
    const soon = world.clock.nowMs + 100;
    world.publish('queue://q', 'color=red n=1', { expiresAt: soon });
    world.publish('queue://q', 'color=red n=2');
    world.run();
    world.clock.nowMs += 200;
    const consumer = world.consume('q', { selector: RED });
    world.run();
    expect(consumer.texts).toEqual(['color=red n=2']);
    expect(world.broker.metrics.messagesExpired).toBe(1);
    expect(world.queue('q').length).toBe(1);
  });

  test('waits until a message is durable, and keeps the order meanwhile', async () => {
    const world = await createTestBroker({ autoCommit: false });
    const consumer = world.consume('q', { selector: RED });
    world.publish('queue://q', 'color=red n=1');
    world.publish('queue://q', 'color=red n=2', { durable: false });
    world.run();
    expect(consumer.texts).toEqual([]);
    world.autoCommit = true;
    world.run();
    expect(consumer.texts).toEqual(['color=red n=1', 'color=red n=2']);
  });

  test('buries what it rejects', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    const consumer = world.consume('q', { selector: RED });
    publishMany(world, 100);
    consumer.settle('rejected', {}, 9);
    world.run();
    expect([world.queue('q').length, world.queue('DLQ').length]).toEqual([99, 1]);
  });

  test('goes with its queue', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    const consumer = world.consume('q', { selector: RED });
    publishMany(world, 100);
    world.broker.deleteQueue(world.queue('q'));
    world.run();
    expect(consumer.closedWith?.code).toBe('address-not-found');
    expect(world.broker.queueCount).toBe(0);
    await world.crash();
    expect(world.broker.queueCount).toBe(0);
  });
});

describe('draining', () => {
  test('is answered when nothing matches any more, in memory or in the store', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 500);
    const consumer = world.consume('q', { selector: RED });
    consumer.consumer.drain();
    world.run();
    expect([consumer.deliveries.length, consumer.drains]).toEqual([50, [50]]);
    publishMany(world, 10, 500);
    expect(consumer.drains).toEqual([50]);
  });

  test('is answered at once when nothing matches, whatever else waits', async () => {
    const world = await createTestBroker();
    publishMany(world, 9);
    const [red, blue] = [
      world.consume('q', { selector: RED }),
      world.consume('q', { selector: "color = 'blue'", credit: 0 }),
    ];
    red.consumer.drain();
    blue.consumer.drain();
    world.run();
    expect([red.drains, blue.drains]).toEqual([[0], [0]]);
  });

  test('waits for what only waits to become durable', async () => {
    const world = await createTestBroker({ autoCommit: false });
    const consumer = world.consume('q', { selector: RED });
    world.publish('queue://q', 'color=red');
    consumer.consumer.drain();
    world.run();
    expect(consumer.drains).toEqual([]);
    world.completeCommit();
    world.run();
    expect([consumer.texts, consumer.drains]).toEqual([['color=red'], [1]]);
  });
});
