import { ByteReader, ByteWriter } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { block, hex, prefixed, property, u16, u32, userProperty } from '../testing/bytes.js';
import { readProperties, writeProperties } from './properties.js';
import { PROPERTY_DEFINITIONS, type PropertyPacket } from './property-table.js';
import type { Properties } from './types.js';

const LIMITS = { headersMax: 3, headerBytesMax: 1000, subscriptionsPerConnectionMax: 20 };

/** The table of MQTT 5 2.2.2.2, written down once more: identifier, an example, where it may be. */
const TABLE: readonly (readonly [number, Buffer, readonly PropertyPacket[]])[] = [
  [0x01, hex('01'), ['PUBLISH', 'will']],
  [0x02, u32(9), ['PUBLISH', 'will']],
  [0x03, prefixed('a'), ['PUBLISH', 'will']],
  [0x08, prefixed('a'), ['PUBLISH', 'will']],
  [0x09, prefixed('a'), ['PUBLISH', 'will']],
  [0x0b, hex('8001'), ['PUBLISH', 'SUBSCRIBE']],
  [0x11, u32(9), ['CONNECT', 'CONNACK', 'DISCONNECT']],
  [0x12, prefixed('a'), ['CONNACK']],
  [0x13, u16(9), ['CONNACK']],
  [0x15, prefixed('a'), ['CONNECT', 'CONNACK', 'AUTH']],
  [0x16, prefixed('a'), ['CONNECT', 'CONNACK', 'AUTH']],
  [0x17, hex('01'), ['CONNECT']],
  [0x18, u32(9), ['will']],
  [0x19, hex('01'), ['CONNECT']],
  [0x1a, prefixed('a'), ['CONNACK']],
  [0x1c, prefixed('a'), ['CONNACK', 'DISCONNECT']],
  [
    0x1f,
    prefixed('a'),
    [
      'CONNACK',
      'PUBACK',
      'PUBREC',
      'PUBREL',
      'PUBCOMP',
      'SUBACK',
      'UNSUBACK',
      'DISCONNECT',
      'AUTH',
    ],
  ],
  [0x21, u16(9), ['CONNECT', 'CONNACK']],
  [0x22, u16(9), ['CONNECT', 'CONNACK']],
  [0x23, u16(9), ['PUBLISH']],
  [0x24, hex('01'), ['CONNACK']],
  [0x25, hex('01'), ['CONNACK']],
  [0x27, u32(9), ['CONNECT', 'CONNACK']],
  [0x28, hex('01'), ['CONNACK']],
  [0x29, hex('01'), ['CONNACK']],
  [0x2a, hex('01'), ['CONNACK']],
];
const PACKETS: readonly PropertyPacket[] = [
  'CONNECT',
  'will',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'DISCONNECT',
  'AUTH',
];

function read(packet: PropertyPacket, ...properties: Buffer[]): Properties {
  return readProperties(new ByteReader(block(...properties)), packet, LIMITS);
}

function reasonOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return (error as { reason?: number }).reason;
  }
  return 'accepted';
}

describe('MQTT 5 2.2.2.2: properties and the packets that carry them', () => {
  const rows = PACKETS.flatMap((packet) =>
    TABLE.map(([id, value, packets]) => ({ packet, id, value, allowed: packets.includes(packet) })),
  );

  test.each(rows)('$packet, property $id: $allowed', ({ packet, id, value, allowed }) => {
    const action = () => read(packet, property(id, value));
    if (allowed) expect(Object.keys(action())).toHaveLength(1);
    else expect(reasonOf(action)).toBe(0x81);
  });

  test.each(PACKETS)('%s carries user properties', (packet) => {
    const { userProperties } = read(packet, userProperty('a', '1'), userProperty('a', '2'));
    expect(userProperties).toEqual([
      ['a', '1'],
      ['a', '2'],
    ]);
  });

  test.each(TABLE.filter(([id]) => id !== 0x0b))(
    'property %i occurs once',
    (id, value, packets) => {
      const twice = () => read(packets[0]!, property(id, value), property(id, value));
      expect(reasonOf(twice)).toBe(0x82);
    },
  );

  test('subscription identifiers may be several', () => {
    const { subscriptionIdentifiers } = read(
      'PUBLISH',
      property(0x0b, hex('01')),
      property(0x0b, hex('ffffff7f')),
    );
    expect(subscriptionIdentifiers).toEqual([1, 268_435_455]);
  });

  test.each([0x00, 0x04, 0x2b, 0x7f, 0xff01])('property %i does not exist', (id) => {
    const bytes = id > 0xff ? u16(id) : Buffer.of(id);
    expect(reasonOf(() => read('CONNECT', bytes, Buffer.alloc(4)))).toBe(0x81);
  });

  test.each([
    ['payloadFormat', 'PUBLISH', 0x01, hex('02')],
    ['requestProblemInformation', 'CONNECT', 0x17, hex('02')],
    ['requestResponseInformation', 'CONNECT', 0x19, hex('ff')],
    ['receiveMaximum', 'CONNECT', 0x21, u16(0)],
    ['maximumPacketBytes', 'CONNECT', 0x27, u32(0)],
    ['subscriptionIdentifiers', 'SUBSCRIBE', 0x0b, hex('00')],
  ] as const)('%s: a value that is none', (_, packet, id, value) => {
    expect(reasonOf(() => read(packet, property(id, value)))).toBe(0x82);
  });
});

describe('property blocks', () => {
  test('no properties', () => {
    expect(read('CONNECT')).toEqual({});
  });

  test.each([
    ['shorter than its last property', Buffer.concat([hex('04'), property(0x11, u32(1))])],
    ['longer than its packet', Buffer.concat([hex('06'), property(0x11, u32(1))])],
    ['ends in an identifier', hex('01 26')],
    ['a text longer than its packet', hex('04 15 0009 61')],
  ])('%s', (_, bytes) => {
    const action = () => readProperties(new ByteReader(bytes), 'CONNECT', LIMITS);
    expect(action).toThrow();
  });

  test('as many user properties as the limit, and one more', () => {
    const users = (count: number) => Array.from({ length: count }, () => userProperty('a', 'b'));
    expect(read('CONNECT', ...users(3)).userProperties).toHaveLength(3);
    expect(reasonOf(() => read('CONNECT', ...users(4)))).toBe(0x97);
  });

  test('as many bytes as the limit, and one more', () => {
    // An identifier, two lengths and an empty value are five bytes.
    expect(read('CONNECT', userProperty('x'.repeat(995), '')).userProperties).toHaveLength(1);
    expect(reasonOf(() => read('CONNECT', userProperty('x'.repeat(996), '')))).toBe(0x95);
  });

  test.each([
    ['[MQTT-1.5.4-1] is not UTF-8', hex('c328')],
    ['[MQTT-1.5.4-1] has a surrogate', hex('eda080')],
    ['[MQTT-1.5.4-2] holds U+0000', hex('6100')],
  ])('a text that %s', (_, text) => {
    expect(() => read('CONNECT', property(0x15, prefixed(text)))).toThrow();
  });

  test('[MQTT-1.5.4-3] keeps a byte order mark', () => {
    const text = '\uFEFFa';
    expect(read('CONNECT', property(0x15, prefixed(text))).authenticationMethod).toBe(text);
  });
});

test('every property is written as it is read', () => {
  for (const definition of PROPERTY_DEFINITIONS.values()) {
    const packet = definition.packets[0]!;
    const row = TABLE.find(([id]) => id === definition.id);
    const one = definition.id === 0x26 ? userProperty('n', 'v') : property(row![0], row![1]);
    const writer = new ByteWriter();
    writeProperties(writer, read(packet, one));
    expect(writer.take().toString('hex')).toBe(block(one).toString('hex'));
  }
});
