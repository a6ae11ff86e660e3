import { describe, expect, test, vi } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';

const SMALL_WINDOW = { queueWindowMessages: 20 };
const RED = "color = 'red'";

/** Publishes `count` messages, every tenth of them red, numbered from `from` on. */
function publishMany(world: TestBroker, count: number, from = 0): void {
  for (let number = from; number < from + count; number++) {
    world.publish('queue://q', `n=${number} color=${number % 10 === 9 ? 'red' : 'blue'}`);
  }
  world.run();
}

/** The numbers below `count` that `wanted` picks, as texts of messages. */
function texts(count: number, wanted: (number: number) => boolean): string[] {
  const all = Array.from({ length: count }, (_, number) => number);
  return all.filter(wanted).map((n) => `n=${n} color=${n % 10 === 9 ? 'red' : 'blue'}`);
}

const isRed = (number: number) => number % 10 === 9;

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

describe('beyond the window', () => {
  test('what matches is found, whatever is before it', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 1000);
    const consumer = world.consume('q', { selector: RED });
    world.run();
    expect(consumer.texts).toEqual(texts(1000, isRed));
    consumer.acceptAll();
    world.run();
    expect(world.queue('q').length).toBe(900);
    const rest = world.consume('q');
    world.run();
    expect(rest.texts).toEqual(texts(1000, (number) => !isRed(number)));
  });

  test('new messages are served while others block the window', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    const consumer = world.consume('q', { selector: RED });
    for (let round = 0; round < 30; round++) publishMany(world, 10, round * 10);
    expect(consumer.texts).toEqual(texts(300, isRed));
  });

  test('each message is read once, however little credit there is', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 2000);
    const { readEntries } = world.store;
    let read = 0;
    vi.spyOn(world.store, 'readEntries').mockImplementation((queue, range, callback) => {
      readEntries.call(world.store, queue, range, (entries) => {
        read += entries.length;
        callback(entries);
      });
    });
    const consumer = world.consume('q', {
      selector: RED,
      credit: 1,
      onDelivery: ({ entry }, { consumer: own }) => {
        world.broker.settle(entry!, 'accepted');
        world.broker.requestTurn();
        world.broker.schedule(0, () => own.grant(1));
      },
    });
    for (let round = 0; round < 300; round++) world.advance(1);
    expect(consumer.texts).toEqual(texts(2000, isRed));
    expect(read).toBeLessThan(2100);
  });

  test('consumers that have come as far share what is read', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 2000);
    const { readEntries } = world.store;
    let read = 0;
    vi.spyOn(world.store, 'readEntries').mockImplementation((queue, range, callback) => {
      readEntries.call(world.store, queue, range, (entries) => {
        read += entries.length;
        callback(entries);
      });
    });
    const consumers = [0, 1, 2, 3, 4].map((n) => world.consume('q', { selector: `n = 199${n}` }));
    world.run();
    expect(consumers.map(({ texts }) => texts)).toEqual(
      [0, 1, 2, 3, 4].map((n) => [`n=199${n} color=blue`]),
    );
    expect(read).toBeLessThan(2100);
  });

  test('what came back is found again, flagged and counted, before what is newer', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 200);
    const consumer = world.consume('q', { selector: RED, credit: 5 });
    world.run();
    consumer.settle('modified', { deliveryFailed: true }, 3);
    consumer.settle('released', {}, 2);
    consumer.take();
    world.run();
    consumer.consumer.grant(100);
    world.run();
    expect(
      consumer.deliveries
        .slice(0, 3)
        .map(({ text, redelivered, deliveryCount, entry }) => [
          text,
          redelivered,
          deliveryCount,
          entry!.interrupted,
        ]),
    ).toEqual([
      ['n=29 color=red', true, 0, false],
      ['n=39 color=red', true, 1, false],
      ['n=59 color=red', false, 0, false],
    ]);
    expect(consumer.deliveries).toHaveLength(17);
  });

  test('what a closed consumer held is found by the next, in order', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 300);
    const first = world.consume('q', { selector: RED });
    const waiting = world.consume('q', { selector: 'n > 100', credit: 1 });
    world.run();
    first.close();
    waiting.consumer.grant(1000);
    world.run();
    const wanted = texts(300, (number) => number > 100);
    expect([...waiting.texts].sort()).toEqual(wanted.sort());
    const again = waiting.deliveries.filter(({ entry }) => entry!.interrupted);
    expect(again.map(({ text }) => text)).toEqual(texts(300, (n) => n > 100 && isRed(n)));
    expect(again.every(({ redelivered }) => redelivered)).toBe(true);
  });

  test('what is held is read ahead without being handed out twice', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 300);
    const red = world.consume('q', { selector: RED });
    world.run();
    const any = world.consume('q', { settlesOnSend: true });
    world.run();
    expect(any.texts).toEqual(texts(300, (number) => !isRed(number)));
    expect(world.queue('q').length).toBe(30);
    red.settle('released', {}, 20);
    red.consumer.setCredit(0);
    world.run();
    expect(any.texts.at(-1)).toBe('n=209 color=red');
    red.acceptAll();
    world.run();
    expect(world.queue('q').length).toBe(0);
  });

  test('what is settled while it is being read is not missed', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 600);
    const consumers = [0, 1, 2].map((n) =>
      world.consume('q', {
        selector: n === 0 ? RED : 'n > 30',
        credit: 3,
        onDelivery: ({ entry }, { consumer: own }) => {
          world.broker.settle(entry!, 'accepted');
          own.grant(1);
        },
      }),
    );
    world.run();
    const wanted = texts(600, (number) => number > 30 || isRed(number));
    expect(consumers.flatMap((consumer) => consumer.texts).sort()).toEqual(wanted.sort());
    expect(world.broker.metrics.messagesQuarantined).toBe(0);
    expect(world.logLines).toEqual([]);
  });

  test('what is settled after it was read, but before it is read ahead, is gone', async () => {
    const world = await createTestBroker({ limits: { queueWindowMessages: 300 } });
    publishMany(world, 600);
    const held = world.consume('q', { selector: 'n = 310' });
    world.run();
    expect(held.texts).toEqual(['n=310 color=blue']);
    const any = world.consume('q', { settlesOnSend: true });
    // What is read ahead comes in several parts; what is held is in the first of them.
    while (any.deliveries.length === 0) world.broker.turn();
    world.runReads();
    held.settle('accepted');
    world.run();
    expect(any.texts).toEqual(texts(600, (number) => number !== 310));
    expect(held.deliveries).toHaveLength(1);
    expect(world.queue('q').length).toBe(0);
  });

  test('what expired there is dropped', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 50);
    const expiresAt = world.clock.nowMs + 100;
    for (let n = 0; n < 10; n++) world.publish('queue://q', `color=red late=${n}`, { expiresAt });
    world.run();
    world.clock.nowMs += 200;
    const consumer = world.consume('q', { selector: 'late IS NOT NULL' });
    world.run();
    expect(consumer.texts).toEqual([]);
    expect([world.queue('q').length, world.broker.metrics.messagesExpired]).toEqual([50, 10]);
  });

  test('a crash brings back what was not settled, and flags what may have been delivered', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 300);
    const first = world.consume('q', { selector: RED });
    world.run();
    for (let index = 0; index < 30; index += 2) first.settle('accepted', {}, index);
    world.run();
    await world.crash();
    expect(world.queue('q').length).toBe(285);
    const second = world.consume('q', { selector: RED });
    world.run();
    expect(second.texts).toEqual(texts(300, (number) => number % 20 === 19));
    expect(second.deliveries.every(({ redelivered }) => redelivered)).toBe(true);
  });

  test('a body that several queues share is one object and is freed with its last entry', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    for (const name of ['left', 'right']) world.subscribe('t', { name, durable: true });
    for (let n = 0; n < 60; n++) {
      world.publish('topic://t', `n=${n} color=${isRed(n) ? 'red' : 'blue'}`);
    }
    world.run();
    const deleted = vi.spyOn(world.store, 'deleteBody');
    const [left, right] = ['left', 'right'].map((name) =>
      world.consume(world.broker.findSubscriptionQueue(name)!, { selector: RED }),
    );
    world.run();
    expect(left!.texts).toEqual(texts(60, isRed));
    for (const [index, { message }] of left!.deliveries.entries()) {
      expect(right!.deliveries[index]!.message).toBe(message);
    }
    left!.acceptAll();
    world.run();
    expect(deleted).not.toHaveBeenCalled();
    right!.settle('released', {}, 4);
    right!.acceptAll();
    world.run();
    right!.acceptAll();
    world.run();
    expect(deleted).toHaveBeenCalledTimes(6);
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
