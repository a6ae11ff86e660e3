import { DEAD_LETTER_ANNOTATIONS, Transactions } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../support/seeded-random.js';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';

/** Publishes a message that is due so many milliseconds from now. */
function delay(
  world: TestBroker,
  uri: string,
  text: string,
  delayMs: number,
  options: { durable?: boolean; publisherId?: number; expiresInMs?: number } = {},
): void {
  const nowMs = world.clock.wallMs();
  const { expiresInMs = 0, ...others } = options;
  const expiresAt = expiresInMs > 0 ? nowMs + expiresInMs : 0;
  world.publish(uri, text, { ...others, expiresAt, notBefore: nowMs + delayMs });
}

describe('a delayed message', () => {
  test('comes at its time, to the millisecond, and is an ordinary one then', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    delay(world, 'queue://q', 'later', 5000);
    world.run();
    expect([world.queue('q').length, world.broker.delayedCount]).toEqual([0, 1]);
    world.advance(4999);
    expect(consumer.texts).toEqual([]);
    world.advance(1);
    expect(consumer.texts).toEqual(['later']);
    expect(consumer.last.message).toMatchObject({ notBefore: 0, durable: true });
    expect(consumer.last.redelivered).toBe(false);
    expect(world.broker.delayedCount).toBe(0);
    consumer.acceptAll();
    world.run();
    await world.restart();
    expect([world.queue('q').length, world.broker.delayedCount]).toEqual([0, 0]);
  });

  test('whose time has passed comes at once', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    delay(world, 'queue://q', 'now', 0);
    delay(world, 'queue://q', 'before', -10);
    world.run();
    expect(consumer.texts).toEqual(['now', 'before']);
  });

  test('keeps its place: by time, and by arrival among equals', async () => {
    const random = new SeededRandom(11);
    const world = await createTestBroker();
    const consumer = world.consume('q', { credit: 10_000 });
    const due: { text: string; atMs: number }[] = [];
    for (let number = 0; number < 2000; number++) {
      const delayMs = 1 + random.below(300);
      due.push({ text: `${number}`, atMs: world.clock.wallMs() + delayMs });
      delay(world, 'queue://q', `${number}`, delayMs);
      if (random.chance(0.05)) world.advance(random.below(20));
    }
    while (consumer.texts.length < due.length) {
      world.advance(1);
      const nowMs = world.clock.wallMs();
      const expected = due.filter(({ atMs }) => atMs <= nowMs).length;
      expect(consumer.texts.length).toBe(expected);
    }
    const order = due.map(({ atMs }, number) => ({ atMs, number }));
    const seen = consumer.texts.map(Number);
    for (const [place, number] of seen.entries()) {
      const before = order[seen[place - 1] ?? number]!;
      if (before.atMs === order[number]!.atMs) expect(before.number <= number).toBe(true);
    }
  });

  test('gets its id when it comes, so that ids rise along a queue', async () => {
    const world = await createTestBroker();
    delay(world, 'queue://q', 'late', 100);
    world.publish('queue://q', 'early');
    world.advance(100);
    const consumer = world.consume('q');
    world.run();
    expect(consumer.texts).toEqual(['early', 'late']);
    const [early, late] = consumer.deliveries.map(({ message }) => message.id);
    expect(late).toBeGreaterThan(early!);
  });

  test('to a topic goes to those who subscribe when it comes', async () => {
    const world = await createTestBroker();
    const before = world.consume(world.subscribe('news', { expiryMs: 0 }));
    delay(world, 'topic://news', 'later', 100);
    before.close();
    const after = [world.subscribe('news'), world.subscribe('>')].map((queue) =>
      world.consume(queue),
    );
    world.advance(100);
    expect([before.texts, ...after.map(({ texts }) => texts)]).toEqual([[], ['later'], ['later']]);
  });

  test('is not sent to subscriptions without local messages of its publisher', async () => {
    const world = await createTestBroker();
    const durableId = 77;
    const transientId = 2 ** 40 + 5;
    const publish = () => {
      delay(world, 'topic://news', 'session', 100, { publisherId: durableId });
      delay(world, 'topic://news', 'connection', 100, { publisherId: transientId });
    };
    const subscribe = (ownerId: number) => {
      return world.consume(world.subscribe('news', { noLocal: true, ownerId }));
    };
    publish();
    const consumers = [subscribe(durableId), subscribe(transientId)];
    world.advance(100);
    expect(consumers.map(({ texts }) => texts)).toEqual([['connection'], ['session']]);
    publish();
    await world.restart();
    // The connection is another one now.
    const later = [subscribe(durableId), subscribe(transientId)];
    world.advance(100);
    expect(later.map(({ texts }) => texts)).toEqual([['connection'], ['session', 'connection']]);
  });

  test('that expires before its time is dropped, sooner or later', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    delay(world, 'queue://q', 'never', 100, { expiresInMs: 100 });
    delay(world, 'queue://q', 'tight', 100, { expiresInMs: 101 });
    delay(world, 'queue://q', 'missed', 100, { expiresInMs: 150 });
    world.run();
    expect([world.broker.delayedCount, world.broker.metrics.messagesExpired]).toEqual([2, 1]);
    // Nobody looked in time.
    world.advance(120);
    expect(consumer.texts).toEqual(['missed']);
    expect([world.broker.delayedCount, world.broker.metrics.messagesExpired]).toEqual([0, 2]);
  });

  test('comes at its time though the wall clock is set', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    delay(world, 'queue://q', 'a', 10_000);
    delay(world, 'queue://q', 'b', 20_000);
    world.run();
    world.clock.setForwardMs = 10_000;
    world.advance(1000);
    expect(consumer.texts).toEqual(['a']);
    world.clock.setForwardMs = -10_000;
    world.advance(28_000);
    expect(consumer.texts).toEqual(['a']);
    world.advance(1000);
    expect(consumer.texts).toEqual(['a', 'b']);
  });

  test('may be large, and one of many', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    const sizes = [10, 900_000, 10, 700_000, 700_000, 2_000_000, 10, 10];
    for (const [index, size] of sizes.entries()) {
      delay(world, 'queue://q', `${index}`.padEnd(size), 100);
    }
    world.advance(100);
    expect(consumer.deliveries.map(({ message }) => message.size)).toEqual(sizes);
    expect(consumer.texts.map((text) => Number.parseInt(text, 10))).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
  });

  test('can be part of a transaction', async () => {
    const world = await createTestBroker({ limits: { scheduledMessagesMax: 2 } });
    const owner = { deliveryRestored() {}, transactionTimedOut() {} };
    const transactions = new Transactions(world.broker, owner);
    const notBefore = world.clock.wallMs() + 100;
    const add = (count: number) => {
      const transaction = transactions.begin();
      for (let index = 0; index < count; index++) {
        transaction.addMessage(world.message('queue://q', `${index}`, { notBefore }));
      }
      return transaction;
    };
    add(1).rollback();
    const quota = expect.objectContaining({ code: 'quota-exceeded' });
    expect(() => add(3).commit()).toThrow(quota);
    expect(world.broker.delayedCount).toBe(0);
    add(2).commit();
    expect(world.broker.delayedCount).toBe(2);
    expect(() => world.publish('queue://q', 'x', { notBefore })).toThrow(quota);
    world.advance(100);
    const consumer = world.consume('q');
    world.run();
    expect(consumer.texts).toEqual(['0', '1']);
    add(2).commit();
  });
});

describe('a delayed message whose destination', () => {
  test('may not be created is refused when it is sent', async () => {
    const policies = [{ destination: 'queue://closed', autoCreate: false }];
    const world = await createTestBroker({ policies });
    expect(() => delay(world, 'queue://closed', 'x', 100)).toThrow(
      expect.objectContaining({ code: 'address-not-found' }),
    );
    expect(world.broker.delayedCount).toBe(0);
  });

  test('is gone, and may not be created again, becomes a dead letter', async () => {
    const world = await createTestBroker({ limits: { queuesMax: 2 } });
    delay(world, 'queue://q', 'x', 100);
    world.broker.deleteQueue(world.queue('q'));
    world.run();
    world.queue('a');
    world.queue('b');
    world.advance(100);
    const dead = world.consume('DLQ');
    world.run();
    expect(dead.texts).toEqual(['x']);
    const { annotations } = dead.last.message;
    expect(annotations?.get(DEAD_LETTER_ANNOTATIONS.origin)).toBe('queue://q');
    expect(annotations?.get(DEAD_LETTER_ANNOTATIONS.reason)).toMatch('2 queues already');
    expect([world.broker.delayedCount, world.broker.metrics.messagesDeadLettered]).toEqual([0, 1]);
  });

  test('is created again when that is allowed', async () => {
    const world = await createTestBroker();
    delay(world, 'queue://q', 'x', 100);
    world.broker.deleteQueue(world.queue('q'));
    world.advance(100);
    expect(world.queue('q').length).toBe(1);
  });

  test('is a temporary queue that is gone is dropped, as others are', async () => {
    const world = await createTestBroker();
    const connection = world.connect();
    const { address } = connection.createTemporaryQueue();
    delay(world, address.uri, 'x', 100);
    connection.close();
    delay(world, address.uri, 'y', 100);
    world.advance(100);
    expect([world.broker.delayedCount, world.broker.metrics.messagesUnroutable]).toEqual([0, 2]);
  });
});

describe('delayed messages survive', () => {
  test('a restart, those that are durable', async () => {
    const world = await createTestBroker();
    delay(world, 'queue://q', 'a', 1000);
    delay(world, 'queue://q', 'gone', 1000, { durable: false });
    delay(world, 'queue://q', 'b', 500);
    world.run();
    expect(world.broker.delayedCount).toBe(3);
    await world.restart();
    expect(world.broker.delayedCount).toBe(2);
    const consumer = world.consume('q');
    world.advance(499);
    expect(consumer.texts).toEqual([]);
    world.advance(1);
    expect(consumer.texts).toEqual(['b']);
    delay(world, 'queue://q', 'c', 100);
    world.advance(500);
    expect(consumer.texts).toEqual(['b', 'c', 'a']);
  });

  test('a restart after which they are overdue, in order', async () => {
    const world = await createTestBroker();
    for (let number = 0; number < 1000; number++) {
      delay(world, 'queue://q', `${number}`, 1000 - (number % 10));
    }
    world.run();
    await world.crash({ downMs: 5000 });
    const consumer = world.consume('q');
    world.run();
    expect(consumer.texts.map((text) => Number(text) % 10)).toEqual(
      Array.from({ length: 1000 }, (_, place) => 9 - Math.floor(place / 100)),
    );
  });

  test('a crash at any commit: one copy, never two', async () => {
    for (const keepUnconfirmed of [false, true]) {
      const world = await createTestBroker();
      delay(world, 'queue://q', 'x', 100);
      world.run();
      world.autoCommit = false;
      world.advance(100);
      // It is moved, and the disk has not said so.
      expect([world.broker.delayedCount, world.queue('q').length]).toEqual([0, 1]);
      await world.crash({ keepUnconfirmed });
      world.autoCommit = true;
      const consumer = world.consume('q');
      world.run();
      expect(consumer.texts).toEqual(['x']);
      expect([world.broker.delayedCount, world.queue('q').length]).toEqual([0, 1]);
    }
  });

  test('only if they were confirmed', async () => {
    const world = await createTestBroker({ autoCommit: false });
    delay(world, 'queue://q', 'x', 100);
    const confirm = world.confirm();
    world.run();
    expect(confirm.done).toBe(false);
    while (world.completeCommit()) world.run();
    expect(confirm.done).toBe(true);
    expect(world.broker.delayedCount).toBe(1);
  });

  test('and wait for the disk when that is slower than their delay', async () => {
    const world = await createTestBroker({ autoCommit: false });
    const consumer = world.consume('q');
    delay(world, 'queue://q', 'x', 1);
    world.advance(50);
    expect(consumer.texts).toEqual([]);
    while (world.completeCommit()) world.run();
    expect(consumer.texts).toEqual(['x']);
  });
});

test('damaged delayed messages are set aside, and the others come', async () => {
  const world = await createTestBroker();
  for (const text of ['first', 'second', 'third']) delay(world, 'queue://q', text, 100);
  world.run();
  let damaged = 'second';
  world.log = world.log.crash(false);
  const { get } = world.log;
  world.log.get = (key) => {
    const value = get.call(world.log, key);
    return value?.includes(damaged) === true ? Buffer.from(value).fill('!', 12, 13) : value;
  };
  await world.start();
  expect([world.broker.delayedCount, world.broker.metrics.messagesQuarantined]).toEqual([2, 1]);
  damaged = 'first';
  const consumer = world.consume('q');
  world.advance(100);
  expect(consumer.texts).toEqual(['third']);
  expect([world.broker.delayedCount, world.broker.metrics.messagesQuarantined]).toEqual([0, 2]);
  const lines = world.logLines.filter(({ event }) => event === 'message-damaged');
  expect(lines.map(({ fields }) => fields.sequence)).toEqual([2, 1]);
});
