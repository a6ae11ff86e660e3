import { describe, expect, test } from 'vitest';
import { FakeBroker } from './testing/fake-broker.js';
import { StompPeer, storedMessage } from './testing/stomp-peer.js';

const subscribed = (headers: string, version = '1.2', connect = '') => {
  const peer = new StompPeer().connect(version, connect);
  peer.send(`SUBSCRIBE\n${headers}\n\n^`);
  return peer;
};

describe('SUBSCRIBE', () => {
  test('to a queue consumes from it', () => {
    const peer = subscribed('id:0\ndestination:/queue/orders\nreceipt:1');
    expect(peer.frame().command).toBe('RECEIPT');
    const [consumer] = peer.broker.consumers;
    expect(consumer!.queue.name).toBe('orders');
    expect(consumer!.credit).toBe(1000);
  });

  test('to a topic binds a queue of its own, which may have wildcards', () => {
    const peer = subscribed('id:0\ndestination:/topic/a.*.c.>\nno-local:true');
    const [queue] = peer.broker.queues.values();
    expect(queue!.options).toEqual({
      name: null,
      filter: 'a.*.c.>',
      binding: { noLocal: true, durable: false, selector: null, data: {} },
      durable: false,
      ownerId: 1,
      expiryMs: 0,
    });
  });

  test('to a temporary queue reads what it made', () => {
    const peer = subscribed('id:0\ndestination:/temp-queue/mine');
    const [consumer] = peer.broker.consumers;
    peer.broker.deliver(storedMessage(peer.broker, { uri: `queue://${consumer!.queue.name}` }));
    expect(peer.frame().headers.destination).toBe('/temp-queue/mine');
  });

  test('to the temporary queue of another client is refused', () => {
    const peer = subscribed('id:0\ndestination:/temp-queue/mine');
    const [queue] = peer.broker.queues.keys();
    const other = new StompPeer(peer.broker).connect();
    other.send(`SUBSCRIBE\nid:0\ndestination:/queue/${queue}\n\n^`);
    expect(other.frame().headers.message).toBe('permission denied');
  });

  test.each([
    ['activemq.prefetchSize:10', 10],
    ['prefetch-count:20', 20],
    ['activemq.prefetchSize:10\nprefetch-count:20', 10],
    ['prefetch-count:0', 1],
    ['prefetch-count:999999', 65_535],
  ])('with %j has the credit %i', (header, credit) => {
    const peer = subscribed(`id:0\ndestination:/queue/a\n${header}`);
    expect(peer.broker.consumers[0]!.credit).toBe(credit);
  });

  test('with retroactive gets what the topic retained', () => {
    const peer = new StompPeer().connect();
    peer.broker.retainedMessages = [storedMessage(peer.broker, { uri: 'topic://a' })];
    peer.send('SUBSCRIBE\nid:0\ndestination:/topic/a\n\n^');
    expect(peer.broker.enqueued).toHaveLength(0);
    peer.send('SUBSCRIBE\nid:1\ndestination:/topic/a\nactivemq.retroactive:true\n\n^');
    expect(peer.broker.enqueued).toHaveLength(1);
  });

  test.each([
    ['no destination', 'id:0', 'malformed frame'],
    ['no id', 'destination:/queue/a', 'malformed frame'],
    ['no prefix', 'id:0\ndestination:a', 'invalid destination'],
    ['an unknown ack mode', 'id:0\ndestination:/queue/a\nack:maybe', 'malformed frame'],
    ['a prefetch that is none', 'id:0\ndestination:/queue/a\nprefetch-count:-1', 'malformed frame'],
    ['a broken selector', "id:0\ndestination:/queue/a\nselector:a='b", 'invalid selector'],
    ['a broken selector', "id:0\ndestination:/topic/a\nselector:a='b", 'invalid selector'],
    ['a browser of a topic', 'id:0\ndestination:/topic/a\nbrowser:true', 'not supported'],
    ['exclusive', 'id:0\ndestination:/queue/a\nactivemq.exclusive:true', 'not supported'],
    ['a wildcard queue', 'id:0\ndestination:/queue/a.*', 'not supported'],
    ['a list', 'id:0\ndestination:/queue/a,/queue/b', 'not supported'],
    ['no-local on a queue', 'id:0\ndestination:/queue/a\nno-local:true', 'not supported'],
    ['> in the middle', 'id:0\ndestination:/topic/a.>.b', 'invalid destination'],
    [
      'a durable name but no client-id',
      'id:0\ndestination:/topic/a\ndurable-subscription-name:s',
      'malformed frame',
    ],
  ])('with %s is refused', (_, headers, message) => {
    const peer = subscribed(`${headers}\nreceipt:7`);
    expect(peer.frame()).toMatchObject({
      command: 'ERROR',
      headers: { message, 'receipt-id': '7' },
    });
    expect(peer.broker.consumers).toEqual([]);
    expect(peer.sink.ended).toBe(true);
  });

  test('browser:false and the like are no browser', () => {
    expect(subscribed('id:0\ndestination:/queue/a\nbrowser:false').text()).toBe('');
  });

  test('needs permission', () => {
    const peer = new StompPeer();
    peer.broker.refused.add('read topic://secret.>');
    peer.connect().send('SUBSCRIBE\nid:0\ndestination:/topic/secret.>\n\n^');
    expect(peer.frame().headers.message).toBe('permission denied');
  });

  test('needs an id of its own', () => {
    const peer = subscribed('id:0\ndestination:/queue/a');
    peer.send('SUBSCRIBE\nid:0\ndestination:/queue/b\n\n^');
    expect(peer.frame().headers.message).toBe('frame not allowed here');
    expect(peer.broker.closedConsumers).toHaveLength(1);
  });

  test('in 1.0 needs none, and goes by its destination', () => {
    const peer = subscribed('destination:/queue/a', '1.0');
    peer.broker.deliver(storedMessage(peer.broker));
    expect(peer.frame().headers.subscription).toBeUndefined();
    peer.send('UNSUBSCRIBE\ndestination:/queue/a\nreceipt:1\n\n^');
    expect(peer.frame().command).toBe('RECEIPT');
    expect(peer.broker.closedConsumers).toHaveLength(1);
  });

  test('is bounded', () => {
    const peer = new StompPeer(new FakeBroker({ subscriptionsPerConnectionMax: 1 })).connect();
    peer.send('SUBSCRIBE\nid:0\ndestination:/queue/a\n\n^');
    peer.send('SUBSCRIBE\nid:1\ndestination:/queue/b\n\n^');
    expect(peer.frame().headers.message).toBe('quota exceeded');
  });
});

describe('a selector', () => {
  const CONVERTED = 'convert_string_expressions:price > 10';

  test.each(['price > 10', CONVERTED])('%s selects in a queue, texts being numbers', (text) => {
    const peer = subscribed(`id:0\ndestination:/queue/a\nselector:${text.replace(':', '\\c')}`);
    const { selector } = peer.broker.consumers[0]!;
    expect(selector!.text).toBe(CONVERTED);
    const matches = (lines: string) => selector!.matches(storedMessage(peer.broker, { lines }));
    expect([matches('price:12\n'), matches('price:9\n'), matches('')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('selects what comes into the queue of a topic subscription', () => {
    const peer = subscribed('id:0\ndestination:/topic/a\nselector:price > 10');
    const [queue] = peer.broker.queues.values();
    expect(queue!.options!.binding.selector).toBe(CONVERTED);
    expect(peer.broker.consumers[0]!.selector).toBeNull();
  });

  test.each(['', '   '])('that is empty (%j) selects everything', (text) => {
    const peer = subscribed(`id:0\ndestination:/queue/a\nselector:${text}`);
    expect(peer.broker.consumers[0]!.selector).toBeNull();
  });

  test('that cannot be read is explained', () => {
    const peer = subscribed("id:0\ndestination:/queue/a\nselector:a = 'b");
    expect(peer.frame()).toMatchObject({
      headers: { message: 'invalid selector' },
      body: expect.stringContaining("character 5: expected a ' at the end of the string"),
    });
  });
});

describe('a browser', () => {
  test('is shown messages without an ack header, and told where they end', () => {
    const peer = subscribed('id:7\ndestination:/queue/orders\nbrowser:true\nack:client\nreceipt:1');
    expect(peer.frame().command).toBe('RECEIPT');
    const consumer = peer.broker.consumers[0]!;
    expect(consumer).toMatchObject({ browses: true, draining: true, selector: null });
    const message = storedMessage(peer.broker, { lines: 'a:b\n' });
    consumer.sink.deliver(consumer, message, null, null, true);
    const shown = peer.frame();
    expect(shown).toMatchObject({ command: 'MESSAGE', headers: { redelivered: 'true', a: 'b' } });
    expect([shown.headers.ack, shown.headers.browser]).toEqual([undefined, undefined]);
    consumer.sink.consumerDrained!(consumer);
    expect(peer.frame()).toMatchObject({
      command: 'MESSAGE',
      headers: {
        subscription: '7',
        destination: '/queue/orders',
        'message-id': '0',
        browser: 'end',
      },
      body: '',
    });
    expect(consumer).toMatchObject({ credit: 0, draining: false });
  });

  test('may have a selector', () => {
    const peer = subscribed("id:0\ndestination:/queue/a\nbrowser:true\nselector:a = 'b'");
    expect(peer.broker.consumers[0]!.selector!.text).toMatch(/a = 'b'$/);
  });

  test('in 1.0 needs no id', () => {
    const peer = subscribed('destination:/queue/a\nbrowser:true', '1.0');
    const consumer = peer.broker.consumers[0]!;
    consumer.sink.consumerDrained!(consumer);
    expect(peer.frame().headers).toEqual({
      destination: '/queue/a',
      'message-id': '0',
      browser: 'end',
      'content-length': '0',
    });
  });

  test('can be ended, and acknowledges nothing', () => {
    const peer = subscribed('id:0\ndestination:/queue/a\nbrowser:true\nack:client');
    peer.send('UNSUBSCRIBE\nid:0\nreceipt:1\n\n^');
    expect(peer.frame().command).toBe('RECEIPT');
    peer.send('ACK\nid:0-1\n\n^');
    expect(peer.frame().command).toBe('ERROR');
  });
});

describe('durable subscriptions', () => {
  const durable = 'id:0\ndestination:/topic/a\ndurable-subscription-name:s';

  test.each(['durable-subscription-name', 'activemq.subscriptionName'])('by %s', (header) => {
    const peer = subscribed(`id:0\ndestination:/topic/a\n${header}:s`, '1.2', 'client-id:c\n');
    expect(peer.broker.queues.get('stomp:c:s')!.options).toMatchObject({
      filter: 'a',
      durable: true,
      expiryMs: Number.POSITIVE_INFINITY,
      binding: { durable: true },
    });
  });

  test('are found again', () => {
    const peer = subscribed(durable, '1.2', 'client-id:c\n');
    const again = new StompPeer(peer.broker).connect('1.2', 'client-id:c\n');
    again.send(`SUBSCRIBE\n${durable}\nreceipt:1\n\n^`);
    expect(again.frame().command).toBe('RECEIPT');
    expect(peer.broker.deletedQueues).toEqual([]);
    expect(peer.broker.consumers[1]!.queue).toBe(peer.broker.consumers[0]!.queue);
  });

  test('begin anew with another filter', () => {
    const peer = subscribed(durable, '1.2', 'client-id:c\n');
    const again = new StompPeer(peer.broker).connect('1.2', 'client-id:c\n');
    again.send(`SUBSCRIBE\n${durable.replace('/topic/a', '/topic/b')}\n\n^`);
    expect(peer.broker.deletedQueues).toEqual(['stomp:c:s']);
    expect([...peer.broker.queues.get('stomp:c:s')!.bindings.keys()]).toEqual(['b']);
  });

  test('begin anew with another selector, or without one', () => {
    const peer = subscribed(`${durable}\nselector:a = 'b'`, '1.2', 'client-id:c\n');
    const subscribe = (selector: string) => {
      const again = new StompPeer(peer.broker).connect('1.2', 'client-id:c\n');
      again.send(`SUBSCRIBE\n${durable}\n${selector}\n^`);
      return peer.broker.deletedQueues.length;
    };
    expect(subscribe("selector:a = 'b'\n")).toBe(0);
    expect(subscribe("selector:a = 'c'\n")).toBe(1);
    expect(subscribe('')).toBe(2);
    expect(subscribe('')).toBe(2);
    const [binding] = peer.broker.queues.get('stomp:c:s')!.bindings.values();
    expect(binding!.options.selector).toBeNull();
  });

  test('outlive an UNSUBSCRIBE that does not name them', () => {
    const peer = subscribed(durable, '1.2', 'client-id:c\n');
    peer.send('UNSUBSCRIBE\nid:0\nreceipt:1\n\n^');
    expect(peer.frame().command).toBe('RECEIPT');
    expect(peer.broker.deletedQueues).toEqual([]);
  });

  test('end with an UNSUBSCRIBE that names them, subscribed or not', () => {
    for (const id of ['id:0\n', '']) {
      const peer = subscribed(durable, '1.2', 'client-id:c\n');
      peer.send(`UNSUBSCRIBE\n${id}durable-subscription-name:s\nreceipt:1\n\n^`);
      expect(peer.frame().command).toBe('RECEIPT');
      expect(peer.broker.deletedQueues).toEqual(['stomp:c:s']);
    }
  });
});

describe('UNSUBSCRIBE', () => {
  test('ends the consumer, and its id can be used again', () => {
    const peer = subscribed('id:0\ndestination:/queue/a');
    peer.send('UNSUBSCRIBE\nid:0\n\n^SUBSCRIBE\nid:0\ndestination:/queue/a\nreceipt:1\n\n^');
    expect(peer.frame().command).toBe('RECEIPT');
    expect(peer.broker.closedConsumers).toHaveLength(1);
    expect(peer.broker.consumers).toHaveLength(2);
  });

  test.each(['id:9', 'destination:/queue/a'])('%s of no subscription is refused', (header) => {
    const peer = subscribed('id:0\ndestination:/queue/a');
    peer.send(`UNSUBSCRIBE\n${header}\n\n^`);
    expect(peer.frame().command).toBe('ERROR');
  });
});
