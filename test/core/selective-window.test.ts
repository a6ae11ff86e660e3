import { describe, expect, test, vi } from 'vitest';
import { createTestBroker } from '../support/test-broker.js';
import { isRed, publishMany, RED, texts } from './red-and-blue.js';

const SMALL_WINDOW = { queueWindowMessages: 20 };

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
