import { BrokerError } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { bodyStartOf, LENGTH_BYTES } from './stored-form.js';
import { FakeBroker } from './testing/fake-broker.js';
import { StompPeer } from './testing/stomp-peer.js';

/** Header lines and body of what was published last. */
function stored(peer: StompPeer): { lines: string; body: string } {
  const { bytes, start, end } = peer.broker.published.at(-1)!;
  const bodyStart = bodyStartOf(bytes, start);
  return {
    lines: bytes.toString('utf8', start + LENGTH_BYTES, bodyStart),
    body: bytes.toString('utf8', bodyStart, end),
  };
}

describe('SEND', () => {
  test('keeps the lines as they were sent, without those of one hop', () => {
    const peer = new StompPeer().connect();
    const hop = [
      'destination:/queue/a',
      'receipt:r',
      'content-length:5',
      'persistent:true',
      'priority:7',
      'expires:1800000000000',
      'message-id:9',
      'subscription:0',
      'ack:0-1',
      'redelivered:true',
    ].join('\n');
    peer.send(`SEND\nfirst:a\\nb\n${hop}\nsame:1\nsame:2\ncontent-type:text/plain\n\nhello^`);
    expect(stored(peer)).toEqual({
      lines: 'first:a\\nb\nsame:1\nsame:2\ncontent-type:text/plain\n',
      body: 'hello',
    });
    const message = peer.broker.published[0]!;
    expect(message).toMatchObject({
      durable: true,
      priority: 7,
      expiresAt: 1_800_000_000_000,
      publisherId: 1,
      formatFlags: 2 | 4,
      borrowed: false,
    });
    expect(message.address.uri).toBe('queue://a');
  });

  test('with a delay keeps the message back, and its receivers do not see the header', () => {
    const peer = new StompPeer().connect();
    const nowMs = peer.broker.clock.wallMs();
    const headers = 'destination:/queue/a\nAMQ_SCHEDULED_DELAY:';
    for (const delay of ['1500\nAMQ_SCHEDULED_DELAY:7', '0']) {
      peer.send(`SEND\n${headers}${delay}\na:b\n\nx^`);
      expect(stored(peer)).toEqual({ lines: 'a:b\n', body: 'x' });
    }
    expect(peer.broker.published.map(({ notBefore }) => notBefore)).toEqual([nowMs + 1500, 0]);
  });

  test('keeps lines that end in CR LF with LF alone', () => {
    const peer = new StompPeer().connect();
    peer.send('SEND\r\ndestination:/queue/a\r\na:b\r\n\r\nx^');
    expect(stored(peer)).toEqual({ lines: 'a:b\n', body: 'x' });
  });

  test.each([
    ['/queue/a', '', true],
    ['/topic/a', '', false],
    ['/queue/a', 'persistent:false\n', false],
    ['/topic/a', 'persistent:true\n', true],
    ['/topic/a', 'persistent:True\n', true],
  ])('%s with %j is durable: %s', (destination, header, durable) => {
    const peer = new StompPeer().connect();
    peer.send(`SEND\ndestination:${destination}\n${header}\nx^`);
    expect(peer.broker.published[0]!.durable).toBe(durable);
  });

  test.each([
    ['always', '/topic/a', true],
    ['never', '/queue/a', false],
  ] as const)('when the default is %s, %s is durable: %s', (mode, destination, durable) => {
    const peer = new StompPeer(new FakeBroker(), { persistentByDefault: mode }).connect();
    peer.send(`SEND\ndestination:${destination}\n\nx^`);
    expect(peer.broker.published[0]!.durable).toBe(durable);
  });

  test.each(['JMSXUserID', 'x-dead-letter-reason', 'x-opt-dead-letter-origin'])(
    'cannot speak for the broker in %s',
    (name) => {
      const peer = new StompPeer().connect();
      peer.send(`SEND\ndestination:/queue/a\nbefore:1\n${name}:forged\nafter:2\n\nx^`);
      const { bytes } = peer.broker.published[0]!;
      expect(bytes.toString()).toMatch(`before:1\nproperty-${name}:forged\nafter:2\nx`);
    },
  );

  test('that is not persistent, to a queue, is warned of once', () => {
    const peer = new StompPeer().connect();
    const text = 'SEND\ndestination:/queue/a\npersistent:false\n\nx^';
    peer.send(text + text);
    const warnings = peer.broker.events.filter(([level]) => level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]![2]).toMatchObject({ destination: 'queue://a' });
  });

  test('takes destinations of any name, one cache or not', () => {
    const peer = new StompPeer().connect();
    const names = ['/queue/a', '/queue/b', '/queue/a', 'topic://c', '/topic/c', '/queue/x\\cy'];
    for (const name of names) peer.send(`SEND\ndestination:${name}\n\nx^`);
    expect(peer.broker.published.map((message) => message.address.uri)).toEqual([
      'queue://a',
      'queue://b',
      'queue://a',
      'topic://c',
      'topic://c',
      'queue://x:y',
    ]);
    const [first, , third] = peer.broker.published;
    expect(first!.address).toBe(third!.address);
  });

  test('to several destinations publishes to each', () => {
    const peer = new StompPeer().connect();
    peer.send('SEND\ndestination:/queue/a,/topic/b,c\nreceipt:1\n\nx^');
    expect(peer.broker.published.map(({ address, durable }) => [address.uri, durable])).toEqual([
      ['queue://a', true],
      ['topic://b', false],
      ['topic://c', false],
    ]);
    expect(peer.frame().command).toBe('RECEIPT');
  });

  test('to too many destinations is refused', () => {
    const peer = new StompPeer(new FakeBroker({ compositeDestinationsMax: 2 })).connect();
    peer.send('SEND\ndestination:/queue/a,b,c\n\nx^');
    expect(peer.frame().headers.message).toBe('quota exceeded');
    expect(peer.broker.published).toEqual([]);
  });

  test.each([
    ['no destination', 'foo:bar', 'malformed frame'],
    ['no prefix', 'destination:orders', 'invalid destination'],
    ['no name', 'destination:/queue/', 'invalid destination'],
    ['a wildcard', 'destination:/topic/a.*', 'invalid destination'],
    ['a priority of 10', 'destination:/queue/a\npriority:10', 'malformed frame'],
    ['a priority that is none', 'destination:/queue/a\npriority:high', 'malformed frame'],
    ['an expiry that is none', 'destination:/queue/a\nexpires:-1', 'malformed frame'],
    ['a delay that is none', 'destination:/queue/a\nAMQ_SCHEDULED_DELAY:-1', 'malformed frame'],
    ['a period', 'destination:/queue/a\nAMQ_SCHEDULED_PERIOD:1000', 'not supported'],
    ['a repetition', 'destination:/queue/a\nAMQ_SCHEDULED_REPEAT:9', 'not supported'],
    ['a schedule', 'destination:/queue/a\nAMQ_SCHEDULED_CRON:0 * * * *', 'not supported'],
    ['a persistence that is none', 'destination:/queue/a\npersistent:yes', 'malformed frame'],
    ['an unknown transaction', 'destination:/queue/a\ntransaction:t', 'unknown transaction'],
  ])('with %s is refused', (_, headers, message) => {
    const peer = new StompPeer().connect();
    peer.send(`SEND\n${headers}\nreceipt:r\\c1\n\nx^SEND\ndestination:/queue/b\n\nx^`);
    const error = peer.frame();
    expect(error).toMatchObject({
      command: 'ERROR',
      headers: { message, 'receipt-id': 'r\\c1', 'content-type': 'text/plain' },
    });
    expect(error.body.length).toBeGreaterThan(20);
    expect(peer.sink.ended).toBe(true);
    expect(peer.broker.published).toEqual([]);
  });

  test('needs permission', () => {
    const peer = new StompPeer();
    peer.broker.refused.add('write queue://secret');
    peer.connect().send('SEND\ndestination:/queue/a,/queue/secret\n\nx^');
    expect(peer.frame().headers.message).toBe('permission denied');
    expect(peer.broker.published).toEqual([]);
  });
});

describe('receipts', () => {
  test('wait until everything before them is durable, and keep their order and bytes', () => {
    const peer = new StompPeer().connect();
    peer.broker.durable = false;
    const ids = ['1', '0', '007', 'ü\\c', '', '12345678901234567890', '9007199254740991'];
    for (const id of ids) peer.send(`SEND\ndestination:/queue/a\nreceipt:${id}\n\nx^`);
    expect(peer.text()).toBe('');
    peer.broker.commit();
    const frames = peer.frames();
    expect(frames.map((frame) => frame.command)).toEqual(ids.map(() => 'RECEIPT'));
    expect(frames.map((frame) => frame.headers['receipt-id'])).toEqual(ids);
  });

  test('come before the error of a later frame, which comes before the end', () => {
    const peer = new StompPeer().connect();
    peer.broker.durable = false;
    peer.send('SEND\ndestination:/queue/a\nreceipt:1\n\nx^NONSENSE\n\n^');
    expect(peer.text()).toBe('');
    expect(peer.sink.ended).toBe(false);
    peer.send('SEND\ndestination:/queue/a\n\nx^');
    peer.broker.commit();
    expect(peer.frames().map((frame) => frame.command)).toEqual(['RECEIPT', 'ERROR']);
    expect(peer.sink.ended).toBe(true);
    expect(peer.broker.published).toHaveLength(1);
  });

  test('after the end are not written', () => {
    const peer = new StompPeer().connect();
    peer.broker.durable = false;
    peer.send('SEND\ndestination:/queue/a\nreceipt:1\n\nx^');
    peer.engine.closeWith(new BrokerError('storage-failed', 'disk full'));
    expect(peer.frame().headers.message).toBe('storage failed');
    peer.broker.commit();
    expect(peer.text()).toBe('');
  });
});

describe('temporary destinations', () => {
  test('are made once per name and connection', () => {
    const peer = new StompPeer().connect();
    peer.send('SEND\ndestination:/temp-queue/foo\n\nx^SEND\ndestination:/temp-queue/foo\n\nx^');
    peer.send('SEND\ndestination:/temp-topic/foo\n\nx^');
    const [first, second, topic] = peer.broker.published.map((message) => message.address.uri);
    expect(first).toMatch(/^queue:\/\/temporary\./);
    expect(second).toBe(first);
    expect(topic).toMatch(/^topic:\/\/temporary\./);
  });

  test('in reply-to are named so that others can reply', () => {
    const peer = new StompPeer().connect();
    peer.send('SEND\ndestination:/queue/a\na:b\nreply-to:/temp-queue/foo\nc:d\n\nx^');
    const lines = /^a:b\nreply-to:\/remote-temp-queue\/(temporary\.\S+)\nc:d\n$/.exec(
      stored(peer).lines,
    );
    const { broker } = peer;
    const other = new StompPeer(broker).connect();
    other.send(`SEND\ndestination:/remote-temp-queue/${lines![1]}\n\nanswer^`);
    expect(broker.published.at(-1)!.address.uri).toBe(`queue://${lines![1]}`);
  });

  test('other reply-to headers stay as they are', () => {
    const peer = new StompPeer().connect();
    for (const replyTo of ['/queue/a', 'somewhere', '/remote-temp-queue/x']) {
      peer.send(`SEND\ndestination:/queue/a\nreply-to:${replyTo}\n\nx^`);
      expect(stored(peer).lines).toBe(`reply-to:${replyTo}\n`);
    }
  });

  test('of others need no permission: whoever was told the name may reply', () => {
    const peer = new StompPeer();
    peer.broker.refused.add('write queue://temporary.1').add('write queue://a');
    peer.connect().send('SEND\ndestination:/remote-temp-queue/temporary.1\nreceipt:1\n\nx^');
    expect(peer.frame().command).toBe('RECEIPT');
    peer.send('SEND\ndestination:/remote-temp-queue/a\n\nx^');
    expect(peer.frame().headers.message).toBe('permission denied');
  });

  test('are bounded', () => {
    const peer = new StompPeer(new FakeBroker({ temporaryQueuesPerConnectionMax: 2 })).connect();
    for (const name of ['a', 'b', 'c']) peer.send(`SEND\ndestination:/temp-topic/${name}\n\nx^`);
    expect(peer.frame().headers.message).toBe('quota exceeded');
  });
});
