import { FORMAT_IDS, Message, type MessageFormat } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../../../test/support/test-broker.js';
import { mqttFormat } from './format.js';
import {
  connect,
  hex,
  prefixed,
  property,
  puback,
  pubcomp,
  publish,
  pubrec,
  subscribe,
  u16,
  u32,
  userProperty,
} from './testing/bytes.js';
import { MqttPeer } from './testing/mqtt-peer.js';

interface Options {
  readonly version?: 3 | 4 | 5;
  readonly properties?: Buffer[];
  readonly qos?: number;
  readonly filter?: string;
}

/** A subscriber whose answers were read. */
function reader(turns: TestBroker, clientId: string, options: Options = {}): MqttPeer {
  const { version = 5, properties = [], qos = 2, filter = 't' } = options;
  const peer = new MqttPeer(turns);
  peer.login({ version, clientId, properties });
  peer.send(subscribe(1, [[filter, qos]], version)).packets();
  return peer;
}

function writer(turns: TestBroker, version: 4 | 5 = 5): MqttPeer {
  const peer = new MqttPeer(turns);
  peer.login({ version, clientId: 'writer' });
  return peer;
}

describe('[MQTT-3.8.4-8] the QoS of a delivery', () => {
  test.each([0, 1, 2])('published at %i', async (published) => {
    const turns = await createTestBroker();
    const readers = [0, 1, 2].map((qos) => reader(turns, `r${qos}`, { qos }));
    writer(turns).send(publish({ payload: 'x', qos: published }));
    const received = readers.map((peer) => (peer.packets()[0] as { qos?: number }).qos);
    expect(received).toEqual([0, 1, 2].map((granted) => Math.min(granted, published)));
  });

  test('of overlapping subscriptions is the highest, delivered once', async () => {
    const turns = await createTestBroker();
    const peer = reader(turns, 'r', { filter: '#', qos: 0 });
    peer.send(subscribe(2, [['t', 1]]), subscribe(3, [['+', 0]])).packets();
    writer(turns).send(publish({ payload: 'x', qos: 2 }));
    expect(peer.summary()).toEqual(['publish t x qos1 1']);
  });
});

describe('between versions', () => {
  test('MQTT 3 gets the payload of MQTT 5, and the other way round', async () => {
    const turns = await createTestBroker();
    const [old, current] = [reader(turns, 'old', { version: 3 }), reader(turns, 'new')];
    const properties = [userProperty('a', 'b'), property(0x02, u32(60)), property(0x23, u16(1))];
    writer(turns).send(publish({ payload: 'five', qos: 0, properties }));
    expect(old.bytes()).toEqual(publish({ version: 4, payload: 'five' }));
    expect(current.bytes()).toEqual(
      publish({ payload: 'five', properties: [property(0x02, u32(60)), userProperty('a', 'b')] }),
    );
    const third = new MqttPeer(turns);
    third.login({ version: 4, clientId: 'third' });
    third.send(publish({ version: 4, payload: 'four' }));
    expect(old.bytes()).toEqual(publish({ version: 4, payload: 'four' }));
    expect(current.bytes()).toEqual(publish({ payload: 'four' }));
  });
});

describe('a message of another protocol', () => {
  const text: MessageFormat = {
    id: FORMAT_IDS.stomp,
    name: 'text',
    builtFlags: 0,
    dialects: [],
    view: (message) => ({
      contentType: 'text/plain',
      properties: [['key', 'value']],
      body: { kind: 'text', text: message.bytes.toString('utf8', message.start, message.end) },
    }),
    build: () => Buffer.alloc(0),
  };

  async function create(known: boolean): Promise<[TestBroker, (durable: boolean) => void]> {
    const turns = await createTestBroker();
    turns.broker.formats.register(mqttFormat);
    if (known) turns.broker.formats.register(text);
    const send = (durable: boolean) => {
      turns.publish('topic://t', 'hello', { durable });
      turns.run();
    };
    return [turns, send];
  }

  test('is converted: at QoS 1 if it is durable, at QoS 0 if not', async () => {
    const [turns, send] = await create(true);
    const [current, old] = [reader(turns, 'r'), reader(turns, 'old', { version: 4 })];
    send(true);
    send(false);
    const properties = [
      property(0x01, hex('01')),
      property(0x03, prefixed('text/plain')),
      userProperty('key', 'value'),
    ];
    const payload = 'hello';
    expect(current.bytes()).toEqual(
      Buffer.concat([publish({ payload, qos: 1, properties }), publish({ payload, properties })]),
    );
    expect(old.summary()).toEqual(['publish t hello qos1 1', 'publish t hello qos0']);
  });

  test('that nobody can read is dropped, counted and logged', async () => {
    const [turns, send] = await create(false);
    const peer = reader(turns, 'r');
    send(true);
    send(false);
    expect(peer.packets()).toEqual([]);
    expect(turns.broker.metrics.messagesDropped).toBe(2);
    expect(turns.logLines.map(({ event }) => event)).toContain('message-not-convertible');
    expect(turns.broker.findSubscriptionQueue('mqtt:r')!.length).toBe(0);
  });

  test('to a topic that MQTT has no name for is dropped', async () => {
    const turns = await createTestBroker();
    const peer = reader(turns, 'r', { filter: '#' });
    turns.publish('topic://a*b', 'x');
    turns.run();
    expect(peer.packets()).toEqual([]);
    expect(turns.broker.metrics.messagesDropped).toBe(1);
  });
});

describe('[MQTT-3.3.4-9] the quota', () => {
  test('holds over QoS 1 and 2 and all subscriptions of a connection', async () => {
    const turns = await createTestBroker();
    const peer = reader(turns, 'r', { properties: [property(0x21, u16(2))] });
    peer.send(subscribe(2, [['$queue/q', 1]])).packets();
    const sender = writer(turns);
    sender.send(publish({ payload: 'a', qos: 1, id: 1 }), publish({ payload: 'b', qos: 2, id: 2 }));
    sender.send(publish({ topic: '$queue/q', payload: 'c', qos: 1, id: 3 }));
    expect(peer.summary()).toEqual(['publish t a qos1 1', 'publish t b qos2 2']);
    peer.send(pubrec(2));
    expect(peer.summary()).toEqual(['pubrel 2']);
    peer.send(pubcomp(2));
    expect(peer.summary()).toEqual(['publish $queue/q c qos1 3']);
    peer.send(puback(1), puback(3));
    expect(peer.packets()).toEqual([]);
  });

  test('of MQTT 3 is ours', async () => {
    const turns = await createTestBroker({ limits: { deliveriesInFlightMax: 3 } });
    const peer = reader(turns, 'r', { version: 4 });
    const sender = writer(turns);
    for (let id = 1; id <= 5; id++) sender.send(publish({ payload: `${id}`, qos: 1, id }));
    expect(peer.packets()).toHaveLength(3);
    peer.send(puback(2));
    expect(peer.summary()).toEqual(['publish t 4 qos1 4']);
  });

  test('is given back by a refusal', async () => {
    const turns = await createTestBroker();
    const peer = reader(turns, 'r', { properties: [property(0x21, u16(1))] });
    const sender = writer(turns);
    for (let id = 1; id <= 3; id++) sender.send(publish({ payload: `${id}`, qos: 2, id }));
    expect(peer.summary()).toEqual(['publish t 1 qos2 1']);
    expect(peer.send(pubrec(1, 0x80)).summary()).toEqual(['publish t 2 qos2 2']);
    expect(peer.send(pubrec(2, 0x97)).summary()).toEqual(['publish t 3 qos2 3']);
  });

  test('is not given back by what was never sent', async () => {
    const turns = await createTestBroker();
    const peer = reader(turns, 'r', { properties: [property(0x21, u16(1))] });
    const sender = writer(turns);
    for (let id = 1; id <= 2; id++) sender.send(publish({ payload: `${id}`, qos: 1, id }));
    peer.packets();
    peer.send(puback(2), puback(77), pubcomp(1), pubcomp(77));
    expect(peer.packets()).toEqual([]);
    expect(peer.send(pubrec(77)).summary()).toEqual(['pubrel 77 0x92']);
    expect(peer.send(puback(1)).summary()).toEqual(['publish t 2 qos1 2']);
  });
});

describe('a congested socket', () => {
  test('stops deliveries until it takes bytes again', async () => {
    const turns = await createTestBroker();
    const peer = reader(turns, 'r', { qos: 0 });
    const sender = writer(turns);
    peer.sink.congested = true;
    sender.send(publish({ payload: '1' }), publish({ payload: '2' }), publish({ payload: '3' }));
    expect(peer.summary()).toEqual(['publish t 1 qos0']);
    peer.sink.congested = false;
    peer.engine.writable();
    turns.run();
    expect(peer.summary()).toEqual(['publish t 2 qos0', 'publish t 3 qos0']);
  });
});

describe('[MQTT-3.1.2-24] [MQTT-3.1.2-25] a packet larger than the client takes', () => {
  test('is not sent, and counts as delivered', async () => {
    const turns = await createTestBroker();
    const size = (payload: string) => publish({ payload, qos: 1 }).length;
    const largest = 'x'.repeat(100 - size(''));
    expect(size(largest)).toBe(100);
    const peer = reader(turns, 'r', { properties: [property(0x27, u32(100))] });
    const sender = writer(turns);
    sender.send(publish({ payload: largest, qos: 1, id: 1 }));
    sender.send(publish({ payload: `${largest}x`, qos: 1, id: 2 }));
    sender.send(publish({ payload: `${largest}xxx` }));
    sender.send(publish({ payload: `${largest}x`, qos: 2, id: 3 }));
    expect(peer.packets()).toHaveLength(1);
    expect(turns.broker.metrics.messagesDropped).toBe(3);
    peer.send(puback(1));
    expect(turns.broker.findSubscriptionQueue('mqtt:r')!.length).toBe(0);
  });
});

describe('topic aliases of the broker', () => {
  const topics = (peer: MqttPeer) =>
    (peer.packets() as { topic?: string; properties?: { topicAlias?: number } }[]).map(
      ({ topic, properties }) => [topic, properties?.topicAlias],
    );

  test('[MQTT-3.1.2-26] [MQTT-3.1.2-27] go to as many topics as the client takes', async () => {
    const turns = await createTestBroker();
    const peer = reader(turns, 'r', { filter: '#', properties: [property(0x22, u16(2))] });
    const sender = writer(turns);
    for (const topic of ['a', 'b', 'c', 'a', 'b', 'c']) sender.send(publish({ topic }));
    expect(topics(peer)).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', undefined],
      ['', 1],
      ['', 2],
      ['c', undefined],
    ]);
  });

  test('are left out when they would make a packet too large', async () => {
    const turns = await createTestBroker();
    const limit = property(0x27, u32(50));
    const properties = [property(0x22, u16(2)), limit];
    const peer = reader(turns, 'r', { filter: '#', properties });
    const payload = 'x'.repeat(50 - publish({ topic: 'a' }).length);
    writer(turns).send(
      publish({ topic: 'a', payload }),
      publish({ topic: 'a' }),
      publish({ topic: 'a' }),
    );
    expect(topics(peer)).toEqual([
      ['a', undefined],
      ['a', 1],
      ['', 1],
    ]);
  });

  test('are not used up by what waits to be sent', async () => {
    const turns = await createTestBroker({ autoCommit: false });
    const lasting = property(0x11, u32(100));
    const peer = reader(turns, 'r', { filter: '#', properties: [property(0x22, u16(1)), lasting] });
    while (turns.completeCommit()) turns.run();
    peer.packets();
    const sender = writer(turns);
    sender.send(publish({ topic: 'two', qos: 2, id: 1 }), publish({ topic: 'zero' }));
    // The message is durable, its identifier is not.
    turns.completeCommit();
    turns.run();
    expect(topics(peer)).toEqual([['zero', 1]]);
    while (turns.completeCommit()) turns.run();
    expect(topics(peer)).toEqual([['two', undefined]]);
  });
});

describe('what the broker adds', () => {
  test('[MQTT-3.3.4-3] [MQTT-3.3.4-4] all identifiers of the subscriptions that match', async () => {
    const turns = await createTestBroker();
    const peer = new MqttPeer(turns);
    peer.login();
    const identifier = (text: string) => [property(0x0b, hex(text))];
    peer.send(
      subscribe(1, [['a/#', 0]], 5, identifier('01')),
      subscribe(2, [['a/+', 0]], 5, identifier('ffffff7f')),
      subscribe(3, [['+/b', 0]]),
      subscribe(4, [['$share/g/a/b', 0]], 5, identifier('07')),
    );
    peer.packets();
    writer(turns).send(publish({ topic: 'a/b' }));
    const ids = (peer.packets() as { properties?: { subscriptionIdentifier?: unknown } }[]).map(
      ({ properties }) => properties?.subscriptionIdentifier,
    );
    expect(ids).toContainEqual(7);
    expect(ids).toContainEqual([1, 268_435_455]);
  });

  test('[MQTT-3.3.2-6] an expiry further away than the property can say', async () => {
    const turns = await createTestBroker();
    const peer = reader(turns, 'r');
    turns.broker.formats.register(mqttFormat);
    const { address } = turns.message('topic://t', '');
    const bytes = Buffer.alloc(1);
    const message = new Message(address, FORMAT_IDS.mqtt, false, bytes, 0, 1, false);
    message.expiresAt = 99_999_999_999_999;
    turns.broker.publish(message);
    turns.run();
    const expected = { properties: { messageExpiryInterval: 0xffff_ffff } };
    expect(peer.packets()).toMatchObject([expected]);
  });

  test('[MQTT-3.3.2-6] what is left of the expiry', async () => {
    const turns = await createTestBroker();
    const session = { clientId: 'r', flags: 0, properties: [property(0x11, u32(1000))] };
    const peer = new MqttPeer(turns);
    peer.login(session);
    peer.send(subscribe(1, [['t', 1]]));
    peer.drop();
    const expiring = (seconds: number, id: number) =>
      publish({ payload: `${seconds}`, qos: 1, id, properties: [property(0x02, u32(seconds))] });
    writer(turns).send(expiring(5, 1), expiring(10, 2), expiring(60, 3));
    turns.advance(7500);
    const again = new MqttPeer(turns);
    again.login(session);
    expect(again.packets()).toMatchObject([
      { properties: { messageExpiryInterval: 3 } },
      { properties: { messageExpiryInterval: 53 } },
    ]);
  });

  test('why a message is a dead letter', async () => {
    const turns = await createTestBroker();
    const [consumer, undertaker] = [new MqttPeer(turns), new MqttPeer(turns)];
    consumer.login({ clientId: 'consumer' });
    consumer.send(subscribe(1, [['$queue/orders', 1]])).packets();
    const properties = [userProperty('a', 'b')];
    writer(turns).send(publish({ topic: '$queue/orders', payload: 'x', qos: 1, properties }));
    expect(consumer.summary()).toEqual(['publish $queue/orders x qos1 1']);
    consumer.send(puback(1, 0x83));
    undertaker.login({ clientId: 'undertaker' });
    undertaker.send(subscribe(1, [['$queue/DLQ', 1]]));
    const [, letter] = undertaker.packets();
    expect(letter).toMatchObject({
      topic: '$queue/DLQ',
      payload: Buffer.from('x'),
      properties: {
        userProperties: {
          a: 'b',
          'x-dead-letter-reason': 'rejected by its consumer',
          'x-dead-letter-origin': 'queue://orders',
        },
      },
    });
  });
});

test('large messages of another client leave by reference', async () => {
  const turns = await createTestBroker();
  const peer = reader(turns, 'r', { qos: 1 });
  const payload = Buffer.alloc(100_000, 'x');
  let kept: Message | undefined;
  const { publish: original } = turns.broker;
  turns.broker.publish = (message) => {
    kept = message;
    return original.call(turns.broker, message);
  };
  writer(turns).send(publish({ payload, qos: 1 }));
  const chunks = peer.sink.out.take();
  expect(chunks.some((chunk) => chunk.buffer === kept!.bytes.buffer)).toBe(true);
  expect(Buffer.concat(chunks)).toEqual(publish({ payload, qos: 1 }));
});

test('[MQTT-4.6.0-1] deliveries keep the order of their publisher, at each QoS', async () => {
  const turns = await createTestBroker();
  const peer = reader(turns, 'r', { qos: 2 });
  const sender = writer(turns);
  const packets = Array.from({ length: 300 }, (_, index) =>
    publish({ payload: `${index}`, qos: index % 3, id: index + 1 }),
  );
  sender.send(...packets);
  const received = peer.packets() as unknown as { qos: number; payload: Buffer }[];
  for (const qos of [0, 1, 2]) {
    const numbers = received
      .filter((packet) => packet.qos === qos)
      .map(({ payload }) => Number(payload));
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index * 3 + qos));
  }
});

test('CONNECT and SUBSCRIBE in one chunk: the answers come first', async () => {
  const turns = await createTestBroker({ autoCommit: false });
  writer(turns).send(publish({ payload: 'kept', qos: 1, retain: true }));
  const peer = new MqttPeer(turns);
  peer.send(connect(), subscribe(1, [['t', 0]]), hex('c000'));
  const before = peer.summary();
  expect(before).toEqual(['connack', 'pingresp']);
  while (turns.completeCommit()) turns.run();
  expect(peer.summary()).toEqual(['suback 1', 'publish t kept qos0 retain']);
});
