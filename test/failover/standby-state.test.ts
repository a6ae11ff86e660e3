import { Transactions } from '@causeway/core';
import { applyChanges, decodeRecord } from '@causeway/failover';
import { DOCUMENT_KINDS, type MemoryState, RECORD } from '@causeway/journal';
import { beforeAll, describe, expect, test } from 'vitest';
import { textOf } from '../support/test-message.js';
import { openSession, STORING } from '../support/test-session.js';
import { ReplicatedBroker } from './replicated-broker.js';
import { SimulatedLog } from './simulated-log.js';

const DOCUMENT_PREFIX = 'x'.charCodeAt(0);
const KIND_AT = 4;
/** Deleted documents, so many that a census is taken. */
const CLEARED = 1100;
/** Written by the engine for one node, and beside what comes from the log. */
const NOT_IN_COMMITS = ['tail', 'position', 'leader'];

/** Kinds of records that the commits in the log have, and kinds of their documents. */
function kindsOf(log: SimulatedLog): { records: Set<number>; documents: Set<number> } {
  const records = new Set<number>();
  const documents = new Set<number>();
  for (let sequence = 1; sequence <= log.tail; sequence++) {
    const record = decodeRecord(log.record(sequence)!);
    if (record.kind !== 'batch') continue;
    applyChanges(record.body, {
      operations: 0,
      bytes: 0,
      put: (key, value) => {
        records.add(value[KIND_AT]!);
        if (key[0] === DOCUMENT_PREFIX) documents.add(key[1]!);
      },
      delete: () => {},
    });
  }
  return { records, documents };
}

/** What a state has, but for how far it has come, which is above everything else. */
function contents(state: MemoryState): [string, string][] {
  return [...state.entries()]
    .filter(([key]) => key < '\xff')
    .map(([key, value]): [string, string] => [key, value.toString('hex')])
    .sort();
}

const log = new SimulatedLog();
const options = { checkpointInterval: 4 };
const first = new ReplicatedBroker(log, 'first', options);
const second = new ReplicatedBroker(log, 'second', { ...options, seed: 2 });
let kinds: ReturnType<typeof kindsOf>;

/** Deletes so many documents, which all existed in a commit. */
function clearRetained(name: string, count: number): void {
  for (const text of ['gone', '']) {
    for (let topic = 0; topic < count; topic++) {
      first.publish(`topic://${name}.${topic}`, text, { retain: true });
    }
    first.run();
  }
}

/** The one that leads writes everything that there is to write, and dies. */
beforeAll(async () => {
  await first.lead();
  const { broker } = first;
  first.subscribe('news', { name: 'one', durable: true });
  first.subscribe('news', { name: 'two', durable: true });
  first.subscribe('wills', { name: 'watcher', durable: true });
  first.publish('topic://news', 'shared');
  for (const text of ['settled', 'handed out', 'held', 'untouched']) {
    first.publish('queue://q', text);
  }
  const consumer = first.consume('q', { credit: 3 });
  first.run();
  consumer.settle('accepted', undefined, 0);
  first.run();
  first.publish('topic://retained', 'kept', { retain: true });
  clearRetained('early', CLEARED);
  first.run();
  clearRetained('late', 3);
  const { session } = openSession(first, { name: 'client' });
  broker.bind(session.queue, 'for.client', STORING);
  broker.putSlot(session, 7, Buffer.from('taken'));
  first.publish('topic://for.client', 'in the session');
  const will = first.message('topic://wills', 'last words');
  broker.setWill(session, { message: will, delayMs: 0, expiryMs: 0 });
  const notBefore = first.clock.wallMs() + 60_000;
  first.publish('queue://delayed', 'later', { notBefore });
  const failing = first.consume('failing');
  first.publish('queue://failing', 'failed once');
  first.run();
  failing.consumer.credit = 0;
  failing.settle('modified', { deliveryFailed: true }, 0);
  first.run();
  const owner = { deliveryRestored() {}, transactionTimedOut() {} };
  const transaction = new Transactions(broker, owner).begin();
  transaction.addMessage(first.message('queue://q', 'never'));
  transaction.addSettlement(consumer.deliveries[2]!.entry!, 'accepted', undefined, 1);
  for (let commit = 0; commit < 40; commit++) {
    first.publish('queue://many', `m${commit}`);
    first.run();
  }
  first.die(false);
  await second.follow();
  await second.lead();
  kinds = kindsOf(log);
});

test('every kind of record and of document was written', () => {
  const wanted = Object.entries(RECORD).filter(([name]) => !NOT_IN_COMMITS.includes(name));
  const missing = wanted.filter(([, kind]) => !kinds.records.has(kind)).map(([name]) => name);
  expect(missing).toEqual([]);
  expect(kinds.documents.size).toBe(DOCUMENT_KINDS.length);
});

describe('on the node that takes over', () => {
  test('messages are there: those handed out are flagged, what is settled is not', () => {
    const consumer = second.consume('q');
    second.run();
    expect(consumer.texts).toEqual(['handed out', 'held', 'untouched']);
    expect(consumer.deliveries.slice(0, 2).map(({ redelivered }) => redelivered)).toEqual([
      true,
      true,
    ]);
  });

  test('messages that several queues share are in each of them', () => {
    for (const name of ['one', 'two']) {
      const consumer = second.consume(second.broker.findSubscriptionQueue(name)!);
      second.run();
      expect(consumer.texts).toEqual(['shared']);
    }
  });

  test('failed deliveries are counted', () => {
    const consumer = second.consume('failing');
    second.run();
    expect([consumer.texts, consumer.last.deliveryCount]).toEqual([['failed once'], 1]);
  });

  test('retained messages are kept, and those that were cleared are not', () => {
    const found: string[] = [];
    second.broker.retained('>', (message) => found.push(textOf(message)));
    expect(found).toEqual(['kept']);
  });

  test('sessions have their subscriptions, messages and slots', () => {
    const { present, session } = openSession(second, { name: 'client' });
    expect([present, session.slots.get(7)?.toString()]).toEqual([true, 'taken']);
    second.publish('topic://for.client', 'after');
    const consumer = second.consume(session.queue);
    second.run();
    expect(consumer.texts).toEqual(['in the session', 'after']);
  });

  test('the will of a client whose connection is gone is sent, once', () => {
    second.advance(100);
    expect(second.broker.findSubscriptionQueue('watcher')!.length).toBe(1);
  });

  test('delayed messages come at their time', () => {
    const consumer = second.consume('delayed');
    second.run();
    expect(consumer.texts).toEqual([]);
    second.advance(60_000);
    expect(consumer.texts).toEqual(['later']);
  });
});

test('a node that only follows has the same records', async () => {
  // What was appended last is known to be durable with the next record.
  second.advance(1000);
  const third = new ReplicatedBroker(log, 'third');
  await third.follow();
  expect(contents(third.state)).toEqual(contents(second.state));
});
