import { BrokerError, type QueueEntry, Transactions } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import {
  createTestBroker,
  type TestBroker,
  type TestBrokerOptions,
} from '../support/test-broker.js';
import type { TestConsumer } from '../support/test-consumer.js';
import { textOf } from '../support/test-message.js';

const TIMEOUT_MS = 5 * 60_000;
const code = (expected: string) => expect.objectContaining({ code: expected });

/** A connection that opens transactions, and what it is told about them. */
class Client {
  readonly transactions: Transactions;
  readonly restored: [text: string, tag: number][] = [];
  timedOut = 0;

  constructor(world: TestBroker) {
    this.transactions = new Transactions(world.broker, this);
  }

  deliveryRestored(entry: QueueEntry, tag: number): void {
    this.restored.push([textOf(entry.message), tag]);
  }

  transactionTimedOut(): void {
    this.timedOut++;
  }
}

async function createWorld(options?: TestBrokerOptions) {
  const world = await createTestBroker(options);
  return { world, client: new Client(world) };
}

/** A consumer that holds the given texts. */
function holding(world: TestBroker, queue: string, ...texts: string[]): TestConsumer {
  for (const text of texts) world.publish(`queue://${queue}`, text);
  const consumer = world.consume(queue);
  world.run();
  expect(consumer.texts).toEqual(texts);
  return consumer;
}

const lengthsOf = (world: TestBroker, ...names: string[]) =>
  names.map((name) => world.queue(name).length);

describe('a transaction', () => {
  test('happens at its commit, whole', async () => {
    const { world, client } = await createWorld();
    const held = holding(world, 'in', 'a', 'b');
    const transaction = client.transactions.begin();
    transaction.addMessage(world.message('queue://out', 'x'));
    transaction.addSettlement(held.deliveries[0]!.entry!, 'accepted', undefined, 1);
    transaction.addMessage(world.message('topic://news', 'y'));
    transaction.addSettlement(held.deliveries[1]!.entry!, 'released', undefined, 2);
    const news = world.consume(world.subscribe('news'));
    world.run();
    expect([transaction.operations, lengthsOf(world, 'in', 'out'), news.texts]).toEqual([
      4,
      [2, 0],
      [],
    ]);
    transaction.commit();
    world.run();
    expect([lengthsOf(world, 'in', 'out'), news.texts]).toEqual([[1, 1], ['y']]);
    expect(held.last).toMatchObject({ text: 'b', redelivered: true });
    expect([client.transactions.size, client.restored]).toEqual([0, []]);
  });

  test('keeps the bytes of its messages', async () => {
    const { world, client } = await createWorld();
    const transaction = client.transactions.begin();
    const message = world.message('queue://out', 'x');
    const chunk = message.bytes;
    transaction.addMessage(message);
    chunk.fill(0);
    transaction.commit();
    const consumer = world.consume('out');
    world.run();
    expect(consumer.texts).toEqual(['x']);
  });

  test('that is rolled back leaves nothing, and its deliveries with their consumer', async () => {
    const { world, client } = await createWorld();
    const held = holding(world, 'in', 'a', 'b');
    const transaction = client.transactions.begin();
    transaction.addMessage(world.message('queue://out', 'x'));
    transaction.addSettlement(held.deliveries[1]!.entry!, 'rejected', undefined, 7);
    transaction.addSettlement(held.deliveries[0]!.entry!, 'accepted', undefined, 6);
    transaction.rollback();
    world.run();
    expect([client.restored, client.transactions.size]).toEqual([
      [
        ['b', 7],
        ['a', 6],
      ],
      0,
    ]);
    expect([lengthsOf(world, 'in', 'out'), held.deliveries.length]).toEqual([[2, 0], 2]);
    held.acceptAll();
    expect(lengthsOf(world, 'in')).toEqual([0]);
  });

  test('settles a delivery once, as it was told last', async () => {
    const { world, client } = await createWorld({ limits: { transactionOperationsMax: 1 } });
    const held = holding(world, 'in', 'a');
    const transaction = client.transactions.begin();
    const { entry } = held.last;
    transaction.addSettlement(entry!, 'released', undefined, 1);
    transaction.addSettlement(entry!, 'accepted', undefined, 2);
    expect(transaction.operations).toBe(1);
    transaction.commit();
    world.run();
    expect([lengthsOf(world, 'in'), held.deliveries.length]).toEqual([[0], 1]);
  });

  test('is whole or gone after a crash', async () => {
    for (const keepUnconfirmed of [true, false]) {
      const { world, client } = await createWorld();
      const held = holding(world, 'in', 'a', 'b');
      world.autoCommit = false;
      const transaction = client.transactions.begin();
      for (const { entry } of held.deliveries) {
        transaction.addSettlement(entry!, 'accepted', undefined, 0);
      }
      for (const queue of ['o1', 'o2', 'o3']) {
        transaction.addMessage(world.message(`queue://${queue}`, 'x'));
      }
      transaction.commit();
      const confirm = world.confirm();
      world.run();
      expect(confirm.done).toBe(false);
      await world.crash({ keepUnconfirmed });
      expect(lengthsOf(world, 'in', 'o1', 'o2', 'o3')).toEqual(
        keepUnconfirmed ? [0, 1, 1, 1] : [2, 0, 0, 0],
      );
    }
  });

  test('hands out nothing durable before its commit is', async () => {
    const { world, client } = await createWorld({ autoCommit: false });
    const consumer = world.consume('out');
    const transaction = client.transactions.begin();
    transaction.addMessage(world.message('queue://out', 'x'));
    transaction.commit();
    world.run();
    expect(consumer.texts).toEqual([]);
    while (world.completeCommit()) world.run();
    expect(consumer.texts).toEqual(['x']);
  });

  test('may be one of several', async () => {
    const { world, client } = await createWorld();
    const [first, second] = [client.transactions.begin(), client.transactions.begin()];
    first.addMessage(world.message('queue://out', 'first'));
    second.addMessage(world.message('queue://out', 'second'));
    second.commit();
    first.rollback();
    const consumer = world.consume('out');
    world.run();
    expect(consumer.texts).toEqual(['second']);
  });
});

describe('a commit that is refused leaves nothing behind', () => {
  test('when a delivery went back to its queue', async () => {
    const { world, client } = await createWorld();
    const held = holding(world, 'in', 'a', 'b');
    const other = holding(world, 'in2', 'c');
    const transaction = client.transactions.begin();
    transaction.addSettlement(other.last.entry!, 'accepted', undefined, 1);
    for (const { entry } of held.deliveries) {
      transaction.addSettlement(entry!, 'accepted', undefined, 2);
    }
    transaction.addMessage(world.message('queue://out', 'x'));
    held.close();
    // Somebody else has it now.
    const successor = world.consume('in');
    world.run();
    expect(successor.texts).toEqual(['a', 'b']);
    expect(() => transaction.commit()).toThrow(code('unknown-delivery'));
    world.run();
    expect(client.restored).toEqual([['c', 1]]);
    expect([lengthsOf(world, 'in', 'in2', 'out'), client.transactions.size]).toEqual([
      [2, 1, 0],
      0,
    ]);
  });

  test('when a queue of it may not be created', async () => {
    const policies = [{ destination: 'queue://closed', autoCreate: false }];
    const { world, client } = await createWorld({ policies });
    const held = holding(world, 'in', 'a');
    const transaction = client.transactions.begin();
    transaction.addSettlement(held.last.entry!, 'accepted', undefined, 5);
    transaction.addMessage(world.message('queue://new', 'x'));
    transaction.addMessage(world.message('queue://closed', 'y'));
    const queues = world.broker.queueCount;
    expect(() => transaction.commit()).toThrow(code('address-not-found'));
    expect([world.broker.queueCount, client.restored]).toEqual([queues, [['a', 5]]]);
  });

  test('when there are too many queues', async () => {
    const { world, client } = await createWorld({ limits: { queuesMax: 3 } });
    world.queue('one');
    const transaction = client.transactions.begin();
    for (const name of ['two', 'one', 'three', 'two', 'four']) {
      transaction.addMessage(world.message(`queue://${name}`, 'x'));
    }
    expect(() => transaction.commit()).toThrow(code('quota-exceeded'));
    expect(world.broker.queueCount).toBe(1);
    const fits = client.transactions.begin();
    for (const name of ['two', 'one', 'three', 'temporary.gone']) {
      fits.addMessage(world.message(`queue://${name}`, 'x'));
    }
    fits.commit();
    expect(lengthsOf(world, 'one', 'two', 'three')).toEqual([1, 1, 1]);
  });

  test('when a part of it was refused before', async () => {
    const { world, client } = await createWorld({ limits: { transactionOperationsMax: 2 } });
    const transaction = client.transactions.begin();
    const message = () => world.message('queue://out', 'x');
    transaction.addMessage(message());
    transaction.fail(new BrokerError('not-authorized', 'the test says so'));
    expect(() => transaction.addMessage(message())).toThrow(code('not-authorized'));
    expect(() => transaction.commit()).toThrow(code('not-authorized'));

    const full = client.transactions.begin();
    full.addMessage(message());
    full.addMessage(message());
    expect(() => full.addMessage(message())).toThrow(code('quota-exceeded'));
    expect(() => full.commit()).toThrow(code('quota-exceeded'));
    expect([client.transactions.size, world.broker.queueCount]).toEqual([0, 0]);
  });
});

describe('transactions are bounded', () => {
  test('in number', async () => {
    const { client } = await createWorld({ limits: { transactionsPerConnectionMax: 2 } });
    const first = client.transactions.begin();
    client.transactions.begin();
    expect(() => client.transactions.begin()).toThrow(code('quota-exceeded'));
    first.rollback();
    client.transactions.begin().commit();
    client.transactions.begin();
    expect(client.transactions.size).toBe(2);
  });

  test('in operations', async () => {
    const { world, client } = await createWorld({ limits: { transactionOperationsMax: 2 } });
    const held = holding(world, 'in', 'a', 'b');
    const transaction = client.transactions.begin();
    transaction.addMessage(world.message('queue://out', 'x'));
    transaction.addSettlement(held.deliveries[0]!.entry!, 'accepted', undefined, 0);
    expect(() =>
      transaction.addSettlement(held.deliveries[1]!.entry!, 'accepted', undefined, 0),
    ).toThrow(code('quota-exceeded'));
  });

  test('in bytes, together', async () => {
    const { world, client } = await createWorld({ limits: { transactionBytesMax: 10 } });
    const message = (bytes: number) => world.message('queue://out', 'x'.repeat(bytes));
    const [first, second] = [client.transactions.begin(), client.transactions.begin()];
    first.addMessage(message(6));
    second.addMessage(message(4));
    expect(() => second.addMessage(message(1))).toThrow(code('quota-exceeded'));
    first.commit();
    second.rollback();
    client.transactions.begin().addMessage(message(10));
  });

  test('in time', async () => {
    const { world, client } = await createWorld();
    const held = holding(world, 'in', 'a');
    const early = client.transactions.begin();
    early.addSettlement(held.last.entry!, 'accepted', undefined, 3);
    early.addMessage(world.message('queue://out', 'x'));
    world.advance(TIMEOUT_MS / 2);
    const late = client.transactions.begin();
    late.addMessage(world.message('queue://out', 'y'));
    world.advance(TIMEOUT_MS / 2 - 1);
    expect([client.timedOut, client.restored]).toEqual([0, []]);
    world.advance(1);
    expect([client.timedOut, client.restored]).toEqual([1, [['a', 3]]]);
    // Its client has not heard of it.
    expect(client.transactions.size).toBe(2);
    const error = code('timed-out');
    expect(() => early.addMessage(world.message('queue://out', 'x'))).toThrow(error);
    expect(() => early.commit()).toThrow(error);
    late.commit();
    expect([lengthsOf(world, 'in', 'out'), client.transactions.size]).toEqual([[1, 1], 0]);
    world.advance(TIMEOUT_MS);
    expect([client.timedOut, client.restored.length]).toEqual([1, 1]);
  });

  test('in time, also those that failed and those that begin later', async () => {
    const { world, client } = await createWorld();
    for (let round = 1; round <= 3; round++) {
      const transaction = client.transactions.begin();
      transaction.fail(new BrokerError('too-large', 'the test says so'));
      world.advance(TIMEOUT_MS);
      world.advance(TIMEOUT_MS);
      expect(client.timedOut).toBe(round);
      expect(() => transaction.commit()).toThrow(code('too-large'));
      world.advance(1000);
    }
  });

  test('to the life of their connection', async () => {
    const { world, client } = await createWorld();
    const held = holding(world, 'in', 'a');
    const transaction = client.transactions.begin();
    transaction.addSettlement(held.last.entry!, 'accepted', undefined, 3);
    client.transactions.close();
    held.close();
    world.advance(TIMEOUT_MS);
    expect([client.timedOut, client.restored, lengthsOf(world, 'in')]).toEqual([0, [], [1]]);
  });
});
