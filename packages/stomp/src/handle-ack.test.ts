import { BrokerError } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { StompPeer, storedMessage } from './testing/stomp-peer.js';

function consumer(ack: string, version = '1.2', id = '0'): StompPeer {
  const peer = new StompPeer().connect(version);
  return subscribe(peer, ack, id);
}

function subscribe(peer: StompPeer, ack: string, id: string): StompPeer {
  return peer.send(`SUBSCRIBE\nid:${id}\ndestination:/queue/a\nack:${ack}\nprefetch-count:10\n\n^`);
}

/** Delivers messages with the ids and returns what names each delivery. */
function deliver(peer: StompPeer, ...ids: number[]): string[] {
  for (const id of ids) peer.broker.deliver(storedMessage(peer.broker, { id }));
  return peer.frames().map(({ headers }) => headers.ack ?? headers['message-id'] ?? '');
}

const settledIds = (peer: StompPeer) =>
  peer.broker.settled.map(({ entry, outcome }) => `${outcome} ${entry.message.id}`);

describe('ACK', () => {
  test('of client-individual settles one', () => {
    const peer = consumer('client-individual');
    const [, second, third] = deliver(peer, 1, 2, 3);
    peer.send(`ACK\nid:${third}\n\n^ACK\nid:${second}\nreceipt:1\n\n^`);
    expect(settledIds(peer)).toEqual(['accepted 3', 'accepted 2']);
    expect(peer.frame().command).toBe('RECEIPT');
    expect(peer.broker.consumers[0]!.credit).toBe(10 - 3 + 2);
  });

  test('of client settles all before it', () => {
    const peer = consumer('client');
    const ids = deliver(peer, 1, 2, 3, 4);
    peer.send(`ACK\nid:${ids[2]}\n\n^`);
    expect(settledIds(peer)).toEqual(['accepted 1', 'accepted 2', 'accepted 3']);
    expect(peer.broker.consumers[0]!.credit).toBe(10 - 4 + 3);
  });

  test('in 1.1 goes by message-id and subscription', () => {
    const peer = consumer('client-individual', '1.1');
    subscribe(peer, 'client', 'other');
    const { broker } = peer;
    for (const each of broker.consumers) {
      for (const id of [1, 2, 3]) broker.deliver(storedMessage(broker, { id }), each);
    }
    expect(peer.frames().every(({ headers }) => headers.ack === undefined)).toBe(true);
    peer.send('ACK\nmessage-id:2\nsubscription:0\n\n^ACK\nmessage-id:2\nsubscription:other\n\n^');
    expect(settledIds(peer)).toEqual(['accepted 2', 'accepted 1', 'accepted 2']);
  });

  test('in 1.0 goes by message-id alone, whatever the subscription', () => {
    const peer = consumer('client', '1.0');
    subscribe(peer, 'client', 'other');
    const { broker } = peer;
    broker.deliver(storedMessage(broker, { id: 1 }), broker.consumers[0]);
    broker.deliver(storedMessage(broker, { id: 2 }), broker.consumers[1]);
    peer.send('ACK\nmessage-id:2\n\n^ACK\nmessage-id:1\n\n^');
    expect(settledIds(peer)).toEqual(['accepted 2', 'accepted 1']);
  });

  test.each([
    ['1.2', 'ACK\n\n^', 'malformed frame'],
    ['1.2', 'ACK\nmessage-id:1\nsubscription:0\n\n^', 'malformed frame'],
    ['1.2', 'ACK\nid:0-99\n\n^', 'unknown delivery'],
    ['1.2', 'ACK\nid:7-1\n\n^', 'unknown delivery'],
    ['1.2', 'ACK\nid:0-0\n\n^', 'unknown delivery'],
    ['1.2', 'ACK\nid:0\n\n^', 'unknown delivery'],
    ['1.2', 'ACK\nid:-\n\n^', 'unknown delivery'],
    ['1.2', 'ACK\nid:\n\n^', 'unknown delivery'],
    ['1.2', 'ACK\nid:constructor\n\n^', 'unknown delivery'],
    ['1.2', 'NACK\nid:0-99\n\n^', 'unknown delivery'],
    ['1.1', 'ACK\nsubscription:0\n\n^', 'malformed frame'],
    ['1.1', 'ACK\nmessage-id:1\n\n^', 'malformed frame'],
    ['1.1', 'ACK\nmessage-id:99\nsubscription:0\n\n^', 'unknown delivery'],
    ['1.1', 'ACK\nmessage-id:1\nsubscription:9\n\n^', 'unknown delivery'],
    ['1.0', 'ACK\nmessage-id:99\n\n^', 'unknown delivery'],
    ['1.0', 'NACK\nmessage-id:1\n\n^', 'frame not allowed here'],
  ])('of 1.%s is refused: %j', (version, frame, message) => {
    const peer = consumer('client', version);
    deliver(peer, 1);
    peer.send(frame);
    expect(peer.frame()).toMatchObject({ command: 'ERROR', headers: { message } });
    expect(peer.broker.settled).toEqual([]);
    expect(peer.sink.ended).toBe(true);
  });

  test('of what was settled already is refused', () => {
    const peer = consumer('client');
    const [first] = deliver(peer, 1);
    peer.send(`ACK\nid:${first}\n\n^ACK\nid:${first}\n\n^`);
    expect(peer.frame().headers.message).toBe('unknown delivery');
  });

  test('of a slot that is used again does not reach the new subscription', () => {
    const peer = consumer('client-individual');
    const [old] = deliver(peer, 1);
    peer.send('UNSUBSCRIBE\nid:0\n\n^');
    subscribe(peer, 'client-individual', '1');
    const [fresh] = deliver(peer, 2);
    expect(fresh).not.toBe(old);
    peer.send(`ACK\nid:${fresh}\n\n^ACK\nid:${old}\n\n^`);
    expect(settledIds(peer)).toEqual(['accepted 2']);
    expect(peer.frame().headers.message).toBe('unknown delivery');
  });
});

describe('NACK', () => {
  test('counts as a failed delivery', () => {
    const peer = consumer('client-individual');
    const [first] = deliver(peer, 1);
    peer.send(`NACK\nid:${first}\nreceipt:1\n\n^`);
    expect(peer.broker.settled[0]).toMatchObject({
      outcome: 'modified',
      details: { deliveryFailed: true },
    });
    expect(peer.broker.consumers[0]!.credit).toBe(10);
    expect(peer.frame().command).toBe('RECEIPT');
  });

  test('with requeue:false is a dead letter', () => {
    const peer = consumer('client-individual');
    const [first] = deliver(peer, 1);
    peer.send(`NACK\nid:${first}\nrequeue:false\n\n^`);
    expect(peer.broker.settled[0]!.outcome).toBe('rejected');
  });

  test('of client is cumulative', () => {
    const peer = consumer('client', '1.1');
    deliver(peer, 1, 2, 3);
    peer.send('NACK\nmessage-id:2\nsubscription:0\n\n^');
    expect(settledIds(peer)).toEqual(['modified 1', 'modified 2']);
  });
});

describe('MESSAGE', () => {
  test('has what the client needs to know, then what the sender sent', () => {
    const peer = consumer('client');
    const message = storedMessage(peer.broker, { lines: 'a:b\na:c\n', body: 'x\0y' });
    message.priority = 9;
    message.expiresAt = 1_800_000_000_000;
    peer.broker.deliver(message);
    expect(peer.text()).toBe(
      [
        'MESSAGE',
        'subscription:0',
        'destination:/queue/orders',
        'message-id:77',
        'ack:0-1',
        'persistent:true',
        'priority:9',
        'expires:1800000000000',
        'timestamp:1700000000000',
        'content-length:3',
        'a:b',
        'a:c',
        '',
        'x\0y\0',
      ].join('\n'),
    );
  });

  test('of auto has no ack header, and settles as it is sent', () => {
    const peer = consumer('auto');
    expect(peer.broker.deliver(storedMessage(peer.broker))).toBeNull();
    expect(peer.frame().headers.ack).toBeUndefined();
  });

  test('that comes again says so', () => {
    const peer = consumer('client');
    const { broker } = peer;
    const original = broker.deliver(storedMessage(broker))!;
    const [reader] = broker.consumers;
    reader!.sink.deliver(reader!, original.message, null, original, true);
    expect(peer.frames().map(({ headers }) => headers.redelivered)).toEqual([undefined, 'true']);
  });

  test.each([
    ['1.0', 'a:b\\n\\\r:\n'],
    ['1.1', 'a:b\\n\\\\\r\\c\n'],
    ['1.2', 'a:b\\n\\\\\\r\\c\n'],
  ])('is escaped for %s', (version, line) => {
    const peer = consumer('auto', version);
    peer.broker.deliver(storedMessage(peer.broker, { lines: 'a:b\\n\\\\\\r\\c\n', flags: 2 }));
    expect(peer.text()).toContain(`\n${line}\n`);
  });

  test('keeps the timestamp of its sender', () => {
    const peer = consumer('auto');
    const lines = 'timestamp:5\n';
    peer.broker.deliver(storedMessage(peer.broker, { lines, flags: 2 | 8 }));
    expect(peer.frame().lines.filter((line) => line.startsWith('timestamp'))).toEqual([
      'timestamp:5',
    ]);
  });

  test('of a dead letter says why it is one', () => {
    const peer = consumer('auto');
    const message = storedMessage(peer.broker);
    message.annotations = new Map([['x-dead-letter-reason', 'too: often']]);
    peer.broker.deliver(message);
    expect(peer.frame().headers['x-dead-letter-reason']).toBe('too\\c often');
  });

  test('of a format that nobody knows becomes a dead letter', () => {
    const peer = consumer('client');
    const message = storedMessage(peer.broker);
    Object.assign(message, { format: 99 });
    peer.broker.deliver(message);
    expect(peer.text()).toBe('');
    expect(peer.broker.settled[0]!.outcome).toBe('rejected');
    expect(peer.broker.consumers[0]!.credit).toBe(10);
  });

  test('of many topics names each', () => {
    const peer = consumer('auto');
    for (let round = 0; round < 2; round++) {
      for (let topic = 0; topic < 300; topic++) {
        peer.broker.deliver(storedMessage(peer.broker, { uri: `topic://t.${topic}` }));
      }
    }
    const destinations = peer.frames().map(({ headers }) => headers.destination);
    expect(destinations).toHaveLength(600);
    expect(destinations.slice(-1)).toEqual(['/topic/t.299']);
    expect(new Set(destinations).size).toBe(300);
  });

  test('stops while the socket takes no more', () => {
    const peer = consumer('client');
    subscribe(peer, 'auto', '1');
    peer.sink.congested = true;
    peer.broker.deliver(storedMessage(peer.broker));
    expect(peer.broker.consumers.map(({ paused }) => paused)).toEqual([true, true]);
    subscribe(peer, 'auto', '2');
    expect(peer.broker.consumers[2]!.paused).toBe(true);
    peer.sink.congested = false;
    peer.engine.writable();
    expect(peer.broker.consumers.map(({ paused }) => paused)).toEqual([false, false, false]);
  });

  test('no more after the queue went away', () => {
    const peer = consumer('client');
    const [only] = peer.broker.consumers;
    only!.sink.consumerClosed(only!, new BrokerError('address-not-found', 'a was deleted'));
    expect(peer.frame().headers.message).toBe('destination not found');
    expect(peer.sink.ended).toBe(true);
  });
});
