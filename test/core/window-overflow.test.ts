import { describe, expect, test, vi } from 'vitest';
import { SeededRandom } from '../support/seeded-random.js';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';

const SMALL_WINDOW = { queueWindowMessages: 50, queueWindowBytes: 1_000_000 };

const numbers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => `${from + index}`);

/** Publishes numbered messages, running a turn now and then as real input does. */
function publishMany(world: TestBroker, uri: string, count: number, from = 0): void {
  for (let number = from; number < from + count; number++) {
    world.publish(uri, `${number}`);
    if (number % 100 === 99) world.run();
  }
  world.run();
}

describe('a queue that is deeper than its window', () => {
  test('keeps a window in memory and gives back everything in order', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 'queue://q', 10_000);
    expect(world.queue('q').length).toBe(10_000);
    let held = 0;
    let heldMost = 0;
    const consumer = world.consume('q', {
      credit: 20,
      onDelivery: ({ entry }, { consumer: own }) => {
        heldMost = Math.max(heldMost, ++held);
        world.broker.settle(entry!, 'accepted');
        held--;
        own.grant(1);
      },
    });
    world.run();
    expect(consumer.texts).toEqual(numbers(10_000));
    expect([world.queue('q').length, heldMost]).toEqual([0, 1]);
  });

  test('has no more bodies in memory than its window and what is being read', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    const keep = vi.fn();
    for (let number = 0; number < 1000; number++) {
      const message = world.message('queue://q', `${number}`);
      const original = message.keep.bind(message);
      message.keep = () => {
        keep();
        original();
      };
      world.broker.publish(message);
    }
    world.run();
    // Only what stays in memory is copied out of the input.
    expect(keep).toHaveBeenCalledTimes(50);
  });

  test('is bounded in bytes as well', async () => {
    const world = await createTestBroker({ limits: { queueWindowBytes: 10_000 } });
    for (let number = 0; number < 100; number++) {
      world.publish('queue://q', `${number}`.padEnd(1000, ' '));
    }
    world.run();
    const consumer = world.consume('q');
    world.run();
    expect(consumer.texts.map((text) => text.trim())).toEqual(numbers(100));
  });

  test('shrinks to a few messages when all queues together use too much', async () => {
    const world = await createTestBroker({ limits: { windowBytesTotal: 100_000 } });
    for (let queue = 0; queue < 5; queue++) {
      for (let number = 0; number < 200; number++) {
        world.publish(`queue://q${queue}`, `${number}`.padEnd(1000, ' '));
      }
      world.run();
    }
    for (let queue = 0; queue < 5; queue++) {
      const consumer = world.consume(`q${queue}`);
      world.run();
      expect(consumer.texts.map((text) => text.trim())).toEqual(numbers(200));
    }
  });

  test('takes new messages behind those in the store', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 'queue://q', 200);
    const consumer = world.consume('q', { credit: 30 });
    world.run();
    publishMany(world, 'queue://q', 100, 200);
    consumer.consumer.grant(1000);
    world.run();
    expect(consumer.texts).toEqual(numbers(300));
  });

  test('drains in order after a crash, without what was settled', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 'queue://q', 1000);
    const first = world.consume('q', { credit: 500 });
    world.run();
    for (let index = 0; index < 500; index += 2) first.settle('accepted', {}, index);
    world.run();
    await world.crash();
    expect(world.queue('q').length).toBe(750);
    const second = world.consume('q');
    world.run();
    const wanted = numbers(1000).filter((_, index) => index >= 500 || index % 2 === 1);
    expect(second.texts).toEqual(wanted);
    expect(second.deliveries.slice(0, 250).every(({ redelivered }) => redelivered)).toBe(true);
  });

  test('reads large bodies a few at a time', async () => {
    const world = await createTestBroker({ limits: { queueWindowBytes: 1 } });
    const body = 'x'.repeat(200 * 1024);
    for (let number = 0; number < 20; number++) world.publish('queue://q', `${number} ${body}`);
    world.run();
    await world.crash();
    const counts: number[] = [];
    const { readEntries } = world.store;
    vi.spyOn(world.store, 'readEntries').mockImplementation((queue, range, callback) => {
      readEntries.call(world.store, queue, range, (entries) => {
        counts.push(entries.length);
        callback(entries);
      });
    });
    const consumer = world.consume('q');
    world.run();
    expect(consumer.texts.map((text) => text.split(' ')[0])).toEqual(numbers(20));
    expect(counts).toEqual([6, 6, 6, 2]);
  });

  test('reads ahead only what is durable', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW, autoCommit: false });
    const consumer = world.consume('q');
    for (let number = 0; number < 60; number++) world.publish('queue://q', `${number}`);
    world.run();
    expect(consumer.texts).toEqual([]);
    world.autoCommit = true;
    world.run();
    expect(consumer.texts).toEqual(numbers(60));
  });
});

describe('messages that need not survive', () => {
  test('are put aside in order when the window is full, and are gone after a restart', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    for (let number = 0; number < 200; number++) {
      world.publish('queue://q', `${number}`, { durable: number % 4 === 0 });
    }
    world.run();
    const consumer = world.consume('q', { credit: 100 });
    world.run();
    expect(consumer.texts).toEqual(numbers(100));
    consumer.close();
    world.run();
    await world.crash();
    const after = world.consume('q');
    world.run();
    expect(after.texts).toEqual(numbers(200).filter((_, index) => index % 4 === 0));
    after.acceptAll();
    world.run();
    expect(world.queue('q').length).toBe(0);
    expect(world.broker.metrics.messagesQuarantined).toBe(0);
  });

  test('leave no shared body behind when they are gone after a restart', async () => {
    const world = await createTestBroker({ limits: { queueWindowMessages: 5 } });
    for (const name of ['left', 'right']) world.subscribe('t', { name, durable: true });
    for (let number = 0; number < 10; number++) {
      world.publish('topic://t', `${number}`, { durable: false });
    }
    const bodies = vi.spyOn(world.store, 'putBody');
    world.publish('topic://t', 'last', { durable: false });
    expect(bodies).toHaveBeenCalledTimes(1);
    world.run();
    await world.crash();
    const deleted = vi.spyOn(world.store, 'deleteBody');
    for (const name of ['left', 'right']) {
      const consumer = world.consume(world.broker.findSubscriptionQueue(name)!);
      world.run();
      expect(consumer.texts).toEqual([]);
    }
    expect(deleted).toHaveBeenCalledTimes(6);
  });

  test('are dropped, counted and reported when a subscriber without a store is slow', async () => {
    const world = await createTestBroker({ limits: { transientMessagesMax: 10 } });
    const queue = world.subscribe('t');
    const consumer = world.consume(queue, { credit: 1 });
    for (let number = 0; number < 20; number++) world.publish('topic://t', `${number}`);
    expect(world.broker.metrics.messagesDropped).toBe(9);
    consumer.consumer.grant(100);
    world.run();
    expect(consumer.texts).toEqual(numbers(11));
    expect(world.logLines.map(({ event, fields }) => [event, fields.dropped])).toEqual([
      ['subscriber-too-slow', undefined],
      ['subscriber-caught-up', 9],
    ]);
  });
});

test('order holds through every mix of windows, consumers, failures and crashes', async () => {
  for (let seed = 0; seed < 25; seed++) {
    const random = new SeededRandom(seed);
    const world = await createTestBroker({
      seed,
      limits: { queueWindowMessages: random.between(1, 30) },
      policies: [{ destination: 'queue://q', maxDeliveries: 0 }],
    });
    const settled = new Set<number>();
    let published = 0;
    let consumer = world.consume('q', { credit: 10 });
    for (let step = 0; step < 120; step++) {
      random.pick([
        () => {
          for (let count = random.below(20); count > 0; count--) {
            world.publish('queue://q', `${published++}`);
          }
        },
        () => world.run(),
        () => {
          for (const { entry, text } of consumer.deliveries) {
            if (entry!.consumer !== consumer.consumer || random.chance(0.3)) continue;
            const outcome = random.pick(['accepted', 'accepted', 'released', 'modified'] as const);
            world.broker.settle(entry!, outcome, { deliveryFailed: true });
            if (outcome === 'accepted') settled.add(Number(text));
            consumer.consumer.grant(1);
          }
        },
        () => {
          consumer.close();
          consumer = world.consume('q', { credit: random.between(1, 40) });
        },
      ])();
      if (random.chance(0.02)) {
        world.run();
        await world.crash();
        consumer = world.consume('q', { credit: 10 });
      }
    }
    consumer.close();
    world.run();
    const rest = world.consume('q', { credit: 100_000 });
    world.run();
    const wanted = numbers(published).filter((text) => !settled.has(Number(text)));
    expect(rest.texts, `seed ${seed}`).toEqual(wanted);
  }
});
