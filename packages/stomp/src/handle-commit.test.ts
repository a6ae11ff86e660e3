import { describe, expect, test } from 'vitest';
import { FakeBroker } from './testing/fake-broker.js';
import { StompPeer, storedMessage } from './testing/stomp-peer.js';

function consumer(ack = 'client-individual', broker = new FakeBroker()): StompPeer {
  const peer = new StompPeer(broker).connect();
  return peer.send(`SUBSCRIBE\nid:0\ndestination:/queue/a\nack:${ack}\nprefetch-count:2\n\n^`);
}

function deliver(peer: StompPeer, ...ids: number[]): string[] {
  for (const id of ids) peer.broker.deliver(storedMessage(peer.broker, { id }));
  return peer.frames().map(({ headers }) => headers.ack ?? '');
}

const settledIds = (peer: StompPeer) =>
  peer.broker.settled.map(({ entry, outcome }) => `${outcome} ${entry.message.id}`);

const SEND = 'SEND\ndestination:/queue/b\ntransaction:t\n\nx^';

describe('a transaction', () => {
  test('does nothing before COMMIT, then everything, in order', () => {
    const peer = consumer();
    const [first, second] = deliver(peer, 1, 2);
    peer.send(`BEGIN\ntransaction:t\n\n^${SEND}ACK\nid:${first}\ntransaction:t\n\n^${SEND}`);
    peer.send(`NACK\nid:${second}\ntransaction:t\n\n^`);
    expect(peer.broker.published).toEqual([]);
    expect(peer.broker.settled).toEqual([]);
    peer.send('COMMIT\ntransaction:t\nreceipt:1\n\n^');
    expect(peer.broker.published).toHaveLength(2);
    expect(settledIds(peer)).toEqual(['accepted 1', 'modified 2']);
    expect(peer.frame().command).toBe('RECEIPT');
  });

  test('every frame of it has its receipt', () => {
    const peer = new StompPeer().connect();
    peer.send('BEGIN\ntransaction:t\nreceipt:1\n\n^');
    peer.send('SEND\ndestination:/queue/b\ntransaction:t\nreceipt:2\n\nx^');
    peer.send('ABORT\ntransaction:t\nreceipt:3\n\n^');
    expect(peer.frames().map(({ headers }) => headers['receipt-id'])).toEqual(['1', '2', '3']);
    expect(peer.broker.published).toEqual([]);
  });

  test('that is aborted leaves its deliveries unsettled', () => {
    const peer = consumer();
    const [first, second] = deliver(peer, 1, 2);
    peer.send(`BEGIN\ntransaction:t\n\n^ACK\nid:${first}\ntransaction:t\n\n^`);
    expect(peer.broker.consumers[0]!.credit).toBe(1);
    peer.send('ABORT\ntransaction:t\n\n^');
    expect(peer.broker.settled).toEqual([]);
    peer.send(`ACK\nid:${first}\n\n^ACK\nid:${second}\n\n^`);
    expect(settledIds(peer)).toEqual(['accepted 1', 'accepted 2']);
    expect(peer.broker.consumers[0]!.credit).toBe(2);
  });

  test('of a cumulative subscription takes and gives back all before', () => {
    const peer = consumer('client');
    const [, second] = deliver(peer, 1, 2);
    peer.send(`BEGIN\ntransaction:t\n\n^ACK\nid:${second}\ntransaction:t\n\n^`);
    peer.send('ABORT\ntransaction:t\n\n^');
    peer.send(`BEGIN\ntransaction:t\n\n^ACK\nid:${second}\ntransaction:t\n\n^`);
    peer.send('COMMIT\ntransaction:t\n\n^');
    expect(settledIds(peer)).toEqual(['accepted 1', 'accepted 2']);
  });

  test('may acknowledge more than a prefetch', () => {
    const peer = consumer();
    peer.send('BEGIN\ntransaction:t\n\n^');
    for (let id = 1; id <= 10; id++) {
      expect(peer.broker.consumers[0]!.credit).toBe(2);
      const [ack] = deliver(peer, id);
      peer.send(`ACK\nid:${ack}\ntransaction:t\n\n^`);
    }
    peer.send('COMMIT\ntransaction:t\n\n^');
    expect(peer.broker.settled).toHaveLength(10);
  });

  test('fails whole when a delivery of it is gone', () => {
    const peer = consumer();
    const [first] = deliver(peer, 1);
    peer.send(`BEGIN\ntransaction:t\n\n^${SEND}ACK\nid:${first}\ntransaction:t\n\n^`);
    peer.send('UNSUBSCRIBE\nid:0\n\n^COMMIT\ntransaction:t\n\n^');
    expect(peer.frame().headers.message).toBe('unknown delivery');
    expect(peer.broker.published).toEqual([]);
    expect(peer.broker.settled).toEqual([]);
  });

  test('fails whole when a queue of it cannot be made', () => {
    const peer = new StompPeer().connect();
    peer.send(`BEGIN\ntransaction:t\n\n^SEND\ndestination:/topic/x\ntransaction:t\n\n^${SEND}`);
    peer.broker.autoCreate = false;
    peer.send('COMMIT\ntransaction:t\n\n^');
    expect(peer.frame().headers.message).toBe('destination not found');
    expect(peer.broker.published).toEqual([]);
  });

  test('ends with its connection', () => {
    for (const end of ['DISCONNECT\n\n^', 'NONSENSE\n\n^', '']) {
      const peer = consumer();
      const [first] = deliver(peer, 1);
      peer.send(`BEGIN\ntransaction:t\n\n^${SEND}ACK\nid:${first}\ntransaction:t\n\n^${end}`);
      peer.engine.closed('ended');
      expect(peer.broker.published).toEqual([]);
      expect(peer.broker.settled).toEqual([]);
      expect(peer.broker.closedConsumers).toHaveLength(1);
      expect(peer.broker.connectionsClosed).toBe(1);
    }
  });

  test.each([
    ['BEGIN without a name', 'BEGIN\n\n^', 'malformed frame'],
    ['COMMIT without a name', 'COMMIT\n\n^', 'malformed frame'],
    ['COMMIT of none', 'COMMIT\ntransaction:t\n\n^', 'unknown transaction'],
    ['ABORT of none', 'ABORT\ntransaction:t\n\n^', 'unknown transaction'],
    ['BEGIN twice', 'BEGIN\ntransaction:t\n\n^BEGIN\ntransaction:t\n\n^', 'frame not allowed here'],
    [
      'COMMIT twice',
      'BEGIN\ntransaction:t\n\n^COMMIT\ntransaction:t\n\n^COMMIT\ntransaction:t\n\n^',
      'unknown transaction',
    ],
  ])('%s is refused', (_, frames, message) => {
    const peer = new StompPeer().connect();
    peer.send(frames);
    expect(peer.frame().headers.message).toBe(message);
  });

  test('is bounded in operations, bytes and number', () => {
    const limits = {
      transactionOperationsMax: 2,
      transactionBytesMax: 30,
      transactionsPerConnectionMax: 2,
    };
    const begin = (name: string) => `BEGIN\ntransaction:${name}\n\n^`;
    const send = (name: string, bytes: number) =>
      `SEND\ndestination:/queue/b\ntransaction:${name}\n\n${'x'.repeat(bytes)}^`;
    for (const frames of [
      begin('a') + send('a', 1).repeat(3),
      begin('a') + send('a', 40),
      begin('a') + begin('b') + send('a', 12) + send('b', 12),
      begin('a') + begin('b') + begin('c'),
    ]) {
      const peer = new StompPeer(new FakeBroker(limits)).connect();
      peer.send(frames);
      expect(peer.frame().headers.message).toBe('quota exceeded');
    }
    const peer = new StompPeer(new FakeBroker(limits)).connect();
    for (let round = 0; round < 5; round++) {
      peer.send(begin('a') + send('a', 10) + send('a', 10));
      peer.send(`${round % 2 === 0 ? 'COMMIT' : 'ABORT'}\ntransaction:a\nreceipt:1\n\n^`);
      expect(peer.frame().command).toBe('RECEIPT');
    }
  });

  test('that is open for too long is rolled back, and says so when it is named', () => {
    for (const [frames, answer] of [
      ['COMMIT\ntransaction:t\nreceipt:1\n\n^', 'timed out'],
      [SEND, 'timed out'],
      ['ABORT\ntransaction:t\nreceipt:1\n\n^', undefined],
    ] as const) {
      const peer = consumer();
      const [first] = deliver(peer, 1);
      peer.send(`BEGIN\ntransaction:t\n\n^${SEND}ACK\nid:${first}\ntransaction:t\n\n^`);
      peer.broker.advance(5 * 60_000);
      expect(peer.broker.events).toContainEqual([
        'warn',
        'transaction-timed-out',
        { protocol: 'stomp 1.2', user: 'anonymous', remote: '192.0.2.1:4321' },
      ]);
      peer.send(`ACK\nid:${first}\n\n^`);
      expect(settledIds(peer)).toEqual(['accepted 1']);
      peer.send(frames);
      expect(peer.frame().headers.message).toBe(answer);
      expect(peer.broker.published).toEqual([]);
      peer.engine.closed('ended');
    }
  });
});
