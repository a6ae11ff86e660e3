import { ByteReader } from '@causeway/wire';
import { generate, type Packet } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import {
  block,
  hex,
  prefixed,
  property,
  subscribe,
  u16,
  u32,
  unsubscribe,
} from '../testing/bytes.js';
import {
  decodeAcknowledgement,
  decodeReasonPacket,
  decodeSubscribe,
  decodeUnsubscribe,
} from './decoder.js';

const LIMITS = { headersMax: 10, headerBytesMax: 1000, subscriptionsPerConnectionMax: 20 };

function body(packet: Buffer): ByteReader {
  return new ByteReader(packet, 2);
}

function reasonOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    const { reason, name } = error as { reason?: number; name: string };
    return reason ?? name;
  }
  return 'accepted';
}

function generated(packet: Packet, version: 4 | 5): ByteReader {
  return body(generate(packet, { protocolVersion: version }));
}

describe('SUBSCRIBE', () => {
  const subscriptions = [
    { topic: 'a/+', qos: 1, nl: true, rap: true, rh: 2 },
    { topic: '#', qos: 2, nl: false, rap: false, rh: 0 },
  ] as const;

  test('of MQTT 5', () => {
    const properties = { subscriptionIdentifier: 300 };
    const packet = { cmd: 'subscribe', messageId: 7, subscriptions, properties } as unknown;
    expect(decodeSubscribe(generated(packet as Packet, 5), 5, LIMITS)).toEqual({
      packetId: 7,
      properties: { subscriptionIdentifiers: [300] },
      requests: [
        { filter: 'a/+', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 },
        { filter: '#', qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
    });
  });

  test('of MQTT 3.1.1', () => {
    const plain = subscriptions.map(({ topic, qos }) => ({ topic, qos }));
    const packet = { cmd: 'subscribe', messageId: 7, subscriptions: plain } as unknown;
    const { requests } = decodeSubscribe(generated(packet as Packet, 4), 4, LIMITS);
    expect(requests.map(({ filter, qos }) => [filter, qos])).toEqual([
      ['a/+', 1],
      ['#', 2],
    ]);
  });

  test.each([
    ['[MQTT-3.8.3-2] no filter', subscribe(1, []), 5, 0x82],
    ['[MQTT-2.2.1-3] identifier 0', subscribe(0, [['a', 0]]), 5, 0x82],
    ['[MQTT-3.8.3-5] reserved bits', subscribe(1, [['a', 0x40]]), 5, 0x81],
    ['[MQTT-3.8.3-5] the other reserved bit', subscribe(1, [['a', 0x80]]), 5, 0x81],
    ['QoS 3', subscribe(1, [['a', 3]]), 5, 0x81],
    ['retain handling 3', subscribe(1, [['a', 0x30]]), 5, 0x82],
    ['[MQTT-3-8.3-4] of 3.1.1: options of MQTT 5', subscribe(1, [['a', 4]], 4), 4, 0x81],
    [
      'two subscription identifiers',
      subscribe(1, [['a', 0]], 5, [property(0x0b, hex('01')), property(0x0b, hex('02'))]),
      5,
      0x82,
    ],
    [
      'a filter without options',
      Buffer.concat([hex('8206 0001 00'), prefixed('a')]),
      5,
      'WireError',
    ],
    ['[MQTT-3.8.3-1] a filter with U+0000', subscribe(1, [['a\0', 0]]), 5, 0x81],
  ] as const)('%s', (_, packet, version, reason) => {
    expect(reasonOf(() => decodeSubscribe(body(packet), version, LIMITS))).toBe(reason);
  });
});

describe('UNSUBSCRIBE', () => {
  test.each([4, 5] as const)('of level %i', (version) => {
    const packet = { cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['a', 'b/#'] } as const;
    const decoded = decodeUnsubscribe(
      generated(packet as unknown as Packet, version),
      version,
      LIMITS,
    );
    expect(decoded).toEqual({ packetId: 9, filters: ['a', 'b/#'] });
  });

  test.each([
    ['[MQTT-3.10.3-2] no filter', unsubscribe(1, []), 0x82],
    ['[MQTT-2.2.1-3] identifier 0', unsubscribe(0, ['a']), 0x82],
    ['half a filter', hex('a205 0001 00 0005'), 'WireError'],
  ])('%s', (_, packet, reason) => {
    expect(reasonOf(() => decodeUnsubscribe(body(packet), 5, LIMITS))).toBe(reason);
  });
});

test('as many filters as the limit, and one more', () => {
  const filters = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);
  const subscribing = (count: number) =>
    subscribe(
      1,
      filters(count).map((filter) => [filter, 0] as const),
    );
  expect(decodeSubscribe(body(subscribing(20)), 5, LIMITS).requests).toHaveLength(20);
  expect(reasonOf(() => decodeSubscribe(body(subscribing(21)), 5, LIMITS))).toBe(0x97);
  expect(decodeUnsubscribe(body(unsubscribe(1, filters(20))), 5, LIMITS).filters).toHaveLength(20);
  expect(reasonOf(() => decodeUnsubscribe(body(unsubscribe(1, filters(21))), 5, LIMITS))).toBe(
    0x97,
  );
});

describe('acknowledgements', () => {
  test.each(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const)('%s', (cmd) => {
    const name = cmd.toUpperCase() as 'PUBACK';
    for (const version of [4, 5] as const) {
      const reader = generated({ cmd, messageId: 500 } as Packet, version);
      expect(decodeAcknowledgement(reader, name, version, LIMITS)).toEqual({
        packetId: 500,
        reason: 0,
      });
    }
    const full = Buffer.concat([u16(7), hex('87'), block(property(0x1f, prefixed('no')))]);
    const reader = new ByteReader(full);
    expect(decodeAcknowledgement(reader, name, 5, LIMITS)).toEqual({ packetId: 7, reason: 0x87 });
    const short = new ByteReader(Buffer.concat([u16(7), hex('10')]));
    expect(decodeAcknowledgement(short, name, 5, LIMITS)).toEqual({ packetId: 7, reason: 0x10 });
  });

  test.each([
    ['empty', hex(''), 5, 'WireError'],
    ['half an identifier', hex('01'), 5, 'WireError'],
    ['identifier 0', hex('0000'), 5, 0x82],
    ['more than the identifier, in MQTT 3', hex('0001 00'), 4, 0x81],
    ['more than its properties', hex('0001 00 00 00'), 5, 0x81],
    [
      'a property of another packet',
      Buffer.concat([hex('0001 00'), block(property(0x02, u32(1)))]),
      5,
      0x81,
    ],
  ] as const)('%s', (_, bytes, version, reason) => {
    const action = () => decodeAcknowledgement(new ByteReader(bytes), 'PUBACK', version, LIMITS);
    expect(reasonOf(action)).toBe(reason);
  });
});

describe('DISCONNECT and AUTH', () => {
  test('reason and properties may be left out', () => {
    const decode = (text: string) => decodeReasonPacket(new ByteReader(hex(text)), 'AUTH', LIMITS);
    expect(decode('')).toEqual({ reason: 0, properties: {} });
    expect(decode('18')).toEqual({ reason: 0x18, properties: {} });
    expect(decode('18 00')).toEqual({ reason: 0x18, properties: {} });
  });

  test('what another library encodes', () => {
    const properties = { sessionExpiryInterval: 5, reasonString: 'bye' };
    const packet = { cmd: 'disconnect', reasonCode: 4, properties } as unknown as Packet;
    expect(decodeReasonPacket(generated(packet, 5), 'DISCONNECT', LIMITS)).toEqual({
      reason: 4,
      properties: { sessionExpirySeconds: 5, reasonString: 'bye' },
    });
  });

  test('more than its properties', () => {
    const action = () => decodeReasonPacket(new ByteReader(hex('00 00 00')), 'DISCONNECT', LIMITS);
    expect(reasonOf(action)).toBe(0x81);
  });
});
