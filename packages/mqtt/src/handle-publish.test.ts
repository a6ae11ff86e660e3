import { BrokerError, type Message } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../../../test/support/test-broker.js';
import {
  hex,
  prefixed,
  property,
  publish,
  subscribe,
  u16,
  u32,
  userProperty,
} from './testing/bytes.js';
import { MqttPeer } from './testing/mqtt-peer.js';

const ALIAS = (value: number) => property(0x23, u16(value));

async function create(
  version: 3 | 4 | 5 = 5,
  options: Parameters<typeof createTestBroker>[0] = {},
): Promise<[MqttPeer, Message[], TestBroker]> {
  const turns = await createTestBroker(options);
  const published: Message[] = [];
  const { publish: original } = turns.broker;
  turns.broker.publish = (message) => {
    published.push(message);
    return original.call(turns.broker, message);
  };
  const peer = new MqttPeer(turns);
  peer.login({ version });
  return [peer, published, turns];
}

describe('the message of a PUBLISH', () => {
  test.each([0, 1, 2])('at QoS %i', async (qos) => {
    const [peer, , turns] = await create();
    const seen: [string, boolean, number, string][] = [];
    turns.broker.publish = (message) => {
      const payload = message.bytes.toString('utf8', message.start, message.end);
      seen.push([message.address.uri, message.durable, message.formatFlags, payload]);
      return 1;
    };
    peer.send(publish({ topic: 'a/b', payload: 'hello', qos }));
    expect(seen).toEqual([['topic://a.b', qos > 0, qos, 'hello']]);
  });

  test('has no property block when nothing of it stays', async () => {
    const [peer, published] = await create();
    peer.send(
      publish({ payload: 'x', qos: 1, retain: true, properties: [ALIAS(1), property(2, u32(9))] }),
    );
    const [message] = published;
    expect(message).toMatchObject({ formatFlags: 1, size: 1, retain: true });
    expect(message!.expiresAt).toBeGreaterThan(0);
  });

  test('keeps the others verbatim, without a copy of ours', async () => {
    const [peer, published] = await create();
    peer.send(publish({ payload: 'x', properties: [userProperty('a', 'b')], retain: true }));
    const [message] = published;
    expect(message!.formatFlags).toBe(4);
    expect(message!.bytes.toString('hex', message!.start, message!.end)).toBe('072600016100016278');
  });

  test('[MQTT-3.3.1-6] is empty or not', async () => {
    const [peer, published] = await create();
    const user = [userProperty('a', 'b')];
    peer.send(
      publish({ retain: true }),
      publish({ retain: true, properties: user }),
      publish({ retain: true, payload: 'x' }),
    );
    expect(published.map(({ emptyBody }) => emptyBody)).toEqual([true, true, false]);
  });
});

describe('topic aliases of the client', () => {
  test('[MQTT-3.3.2-12] lead to the topic that they were last given', async () => {
    const [peer, published] = await create();
    peer.send(
      publish({ topic: 'a', properties: [ALIAS(1)] }),
      publish({ topic: 'b', properties: [ALIAS(2)] }),
      publish({ topic: '', properties: [ALIAS(1)] }),
      publish({ topic: 'c', properties: [ALIAS(1)] }),
      publish({ topic: '', properties: [ALIAS(1)] }),
      publish({ topic: '', properties: [ALIAS(2)] }),
    );
    expect(published.map(({ address }) => address.name)).toEqual(['a', 'b', 'a', 'c', 'c', 'b']);
  });

  test('end with the connection', async () => {
    const [peer, , turns] = await create();
    peer.send(publish({ topic: 'a', properties: [ALIAS(1)] }));
    const again = new MqttPeer(turns);
    again.login({ clientId: 'again' });
    expect(again.send(publish({ topic: '', properties: [ALIAS(1)] })).summary()).toEqual([
      'disconnect 0x82',
    ]);
  });

  test('are kept by a publish that is not published again', async () => {
    const [peer, published] = await create();
    peer.send(
      publish({ topic: 'a', qos: 2 }),
      publish({ topic: 'b', qos: 2, duplicate: true, properties: [ALIAS(1)] }),
      publish({ topic: '', properties: [ALIAS(1)] }),
    );
    expect(published.map(({ address }) => address.name)).toEqual(['a', 'b']);
  });

  test.each([
    ['[MQTT-3.3.2-8] 0', 0, 'a', 0x94],
    ['[MQTT-3.3.2-9] above the maximum', 65, 'a', 0x94],
    ['above the maximum, without a topic', 65, '', 0x94],
    ['never set', 3, '', 0x82],
  ])('%s', async (_, alias, topic, reason) => {
    const [peer] = await create();
    peer.send(publish({ topic, properties: [ALIAS(alias)] }));
    expect(peer.packets()).toMatchObject([{ cmd: 'disconnect', reasonCode: reason }]);
  });
});

describe('what is malformed', () => {
  test.each([
    ['[MQTT-3.3.1-4] QoS 3', hex('36 06 0001 74 0001 00'), 0x81],
    ['[MQTT-3.3.1-2] DUP at QoS 0', hex('38 04 0001 74 00'), 0x81],
    ['[MQTT-2.2.1-3] identifier 0', publish({ qos: 1, id: 0 }), 0x82],
    ['nothing', hex('30 00'), 0x81],
    ['half a topic length', hex('30 01 00'), 0x81],
    ['half a topic', hex('30 03 0002 74'), 0x81],
    ['no identifier', hex('32 03 0001 74'), 0x81],
    ['half an identifier', hex('32 04 0001 74 00'), 0x81],
    ['no property length', hex('30 03 0001 74'), 0x81],
    ['[MQTT-3.3.2-2] a wildcard', publish({ topic: 'a/+' }), 0x90],
    ['[MQTT-3.3.2-1] U+0000', publish({ topic: 'a\0' }), 0x81],
    ['[MQTT-3.3.2-1] a topic that is not UTF-8', hex('30 05 0002 c328 00'), 0x81],
    ['an empty topic', publish({ topic: '' }), 0x82],
    ['a topic for $share', publish({ topic: '$share/g/a' }), 0x90],
    ['a queue without a name', publish({ topic: '$queue/' }), 0x90],
  ])('%s', async (_, bytes, reason) => {
    const [peer, published] = await create();
    peer.send(bytes);
    expect(peer.packets()).toMatchObject([{ cmd: 'disconnect', reasonCode: reason }]);
    expect(peer.sink.ended).toBe(true);
    expect(published).toEqual([]);
  });

  test('[MQTT-4.7.3-1] of MQTT 3: an empty topic', async () => {
    const [peer] = await create(4);
    peer.send(publish({ version: 4, topic: '' }));
    expect(peer.sink.ended).toBe(true);
  });
});

describe('what the broker refuses', () => {
  const closed = { authorizer: { allows: (_: unknown, action: string) => action !== 'write' } };

  test('[MQTT-3.3.5-2] for want of a permission', async () => {
    const [peer, published] = await create(5, closed);
    peer.send(
      publish(),
      publish({ qos: 1 }),
      publish({ qos: 2, id: 2 }),
      publish({ qos: 2, id: 2 }),
    );
    expect(peer.summary()).toEqual(['puback 1 0x87', 'pubrec 2 0x87', 'pubrec 2 0x87']);
    const [old] = await create(4, closed);
    old.send(
      publish({ version: 4 }),
      publish({ version: 4, qos: 1 }),
      publish({ version: 4, qos: 2, id: 2 }),
    );
    expect(old.summary()).toEqual(['puback 1', 'pubrec 2']);
    expect(published).toEqual([]);
  });

  test('because the topic is its own', async () => {
    const [peer] = await create();
    peer.send(publish({ topic: '$SYS/broker/load', qos: 1 }));
    expect(peer.summary()).toEqual(['puback 1 0x87']);
  });

  test('because the payload is not the text it claims to be', async () => {
    const [peer] = await create();
    const bad = { payload: hex('ff'), properties: [property(1, hex('01'))] };
    peer.send(publish({ ...bad, qos: 1 }), publish({ ...bad, qos: 2, id: 2 }));
    expect(peer.packets()).toMatchObject([
      { cmd: 'puback', reasonCode: 0x99, properties: { reasonString: expect.any(String) } },
      { cmd: 'pubrec', reasonCode: 0x99 },
    ]);
    peer.send(publish(bad));
    expect(peer.summary()).toEqual(['disconnect 0x99']);
  });

  test('[MQTT-3.1.2-29] says why only to those who want to know', async () => {
    const turns = await createTestBroker(closed);
    const peer = new MqttPeer(turns);
    peer.login({ properties: [property(0x17, hex('00'))] });
    peer.send(publish({ qos: 1 }));
    expect(peer.bytes().toString('hex')).toBe('4003000187');
  });

  test('because it is full', async () => {
    const full = () => {
      throw new BrokerError('queue-full', 'full');
    };
    const [peer, , turns] = await create();
    turns.broker.publish = full;
    peer.send(publish({ qos: 1 }), publish({ qos: 2, id: 2 }), publish());
    expect(peer.summary()).toEqual(['puback 1 0x97', 'pubrec 2 0x97']);
    expect(turns.broker.metrics.messagesDropped).toBe(1);
    // MQTT 3 has no way to say it: better no answer than a wrong one.
    const [old, , other] = await create(4);
    other.broker.publish = full;
    old.send(publish({ version: 4 }));
    expect(old.sink.ended).toBe(false);
    old.send(publish({ version: 4, qos: 1 }));
    expect(old.bytes()).toHaveLength(0);
    expect(old.sink.ended).toBe(true);
  });

  test("a defect of ours is not taken for the client's mistake", async () => {
    const [peer, , turns] = await create();
    turns.broker.publish = () => {
      throw new TypeError('a defect');
    };
    expect(() => peer.send(publish())).toThrow('a defect');
  });
});

describe('who gets it', () => {
  test('nobody: MQTT 5 is told', async () => {
    const [peer] = await create();
    peer.send(publish({ qos: 1 }), publish({ qos: 2, id: 2 }));
    expect(peer.summary()).toEqual(['puback 1 0x10', 'pubrec 2 0x10']);
    const [old] = await create(4);
    old.send(publish({ version: 4, qos: 1 }), publish({ version: 4, qos: 2, id: 2 }));
    expect(old.bytes().toString('hex')).toBe('4002000150020002');
  });

  test('[MQTT-3.8.3-3] not its own publisher, with No Local', async () => {
    const [peer, , turns] = await create();
    const other = new MqttPeer(turns);
    other.login({ clientId: 'other' });
    for (const each of [peer, other]) each.send(subscribe(1, [['t', 4]])).packets();
    peer.send(publish({ payload: 'x' }));
    expect([peer.summary(), other.summary()]).toEqual([[], ['publish t x qos0']]);
  });
});

test('a content type travels with its message', async () => {
  const [peer, , turns] = await create();
  const reader = new MqttPeer(turns);
  reader.login({ clientId: 'reader' });
  reader.send(subscribe(1, [['t', 0]])).packets();
  const packet = publish({
    payload: '{}',
    properties: [property(3, prefixed('application/json'))],
  });
  peer.send(packet);
  expect(reader.bytes()).toEqual(packet);
});
