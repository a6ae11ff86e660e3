import { ByteReader } from '@causeway/wire';
import { generate, type IConnectPacket } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import {
  block,
  connect,
  hex,
  prefixed,
  property,
  u16,
  u32,
  userProperty,
} from '../testing/bytes.js';
import { decodeConnect, readVersion } from './decode-connect.js';
import type { Connect, Version } from './types.js';

const LIMITS = { headersMax: 10, headerBytesMax: 10_000, subscriptionsPerConnectionMax: 20 };

function decode(packet: Buffer): { version: unknown; connect: Connect } {
  // The remaining length of these packets is one or two bytes.
  const start = packet[1]! > 0x7f ? 3 : 2;
  const reader = new ByteReader(packet, start);
  const version = readVersion(reader);
  return { version, connect: decodeConnect(reader, version as Version, LIMITS) };
}

function reasonOf(packet: Buffer): unknown {
  try {
    decode(packet);
  } catch (error) {
    const { reason, name } = error as { reason?: number; name: string };
    return reason ?? name;
  }
  return 'accepted';
}

describe('what another library encodes', () => {
  const FULL: IConnectPacket = {
    cmd: 'connect',
    clientId: 'shop-1',
    clean: false,
    keepalive: 30,
    username: 'user',
    password: Buffer.from('secret'),
    will: { topic: 'gone/shop-1', payload: Buffer.from('bye'), qos: 2, retain: true },
  };

  test.each([
    [3, { protocolVersion: 3, protocolId: 'MQIsdp' }],
    [4, { protocolVersion: 4, protocolId: 'MQTT' }],
    [5, { protocolVersion: 5, protocolId: 'MQTT' }],
  ] as const)('protocol level %i', (level, protocol) => {
    const { version, connect } = decode(generate({ ...FULL, ...protocol }));
    expect(version).toBe(level);
    expect(connect).toMatchObject({
      clean: false,
      keepAliveSeconds: 30,
      clientId: 'shop-1',
      username: 'user',
      password: Buffer.from('secret'),
    });
    expect(connect.will).toMatchObject({
      topic: 'gone/shop-1',
      qos: 2,
      retain: true,
      bytes: Buffer.from('bye'),
      hasProperties: false,
    });
  });

  test('properties of MQTT 5', () => {
    const properties = {
      sessionExpiryInterval: 10,
      receiveMaximum: 20,
      maximumPacketSize: 3000,
      topicAliasMaximum: 4,
      requestResponseInformation: true,
      requestProblemInformation: false,
      authenticationMethod: 'SCRAM-SHA-256',
      authenticationData: Buffer.from('data'),
    };
    const packet = generate({ ...FULL, protocolVersion: 5, properties } as IConnectPacket, {
      protocolVersion: 5,
    });
    expect(decode(packet).connect.properties).toEqual({
      sessionExpirySeconds: 10,
      receiveMaximum: 20,
      maximumPacketBytes: 3000,
      topicAliasMaximum: 4,
      requestResponseInformation: 1,
      requestProblemInformation: 0,
      authenticationMethod: 'SCRAM-SHA-256',
      authenticationData: Buffer.from('data'),
    });
  });
});

describe('the protocol name and level', () => {
  test.each([
    ['MQTT', 0, 'older'],
    ['MQTT', 3, 'older'],
    ['MQTT', 4, 4],
    ['MQTT', 5, 5],
    ['MQTT', 6, 'newer'],
    ['MQTT', 0x84, 'newer'],
    ['MQIsdp', 3, 3],
    ['MQIsdp', 4, 'older'],
    ['MQIsdp', 9, 'newer'],
  ])('%s at level %i: %s', (name, level, expected) => {
    const bytes = Buffer.concat([prefixed(name), Buffer.of(level)]);
    expect(readVersion(new ByteReader(bytes))).toBe(expected);
  });

  test.each(['', 'MQT', 'MQTTT', 'mqtt', 'HTTP'])('[MQTT-3.1.2-1] %j is not MQTT', (name) => {
    const bytes = Buffer.concat([prefixed(name), Buffer.of(4)]);
    expect(() => readVersion(new ByteReader(bytes))).toThrow('this is not MQTT');
  });
});

describe('the will of MQTT 5', () => {
  function willOf(properties: Buffer[], payload: string | Buffer = 'bye') {
    const will = [block(...properties), prefixed('gone'), prefixed(payload)];
    return decode(connect({ flags: 0x06, payload: will })).connect.will!;
  }

  test('keeps the properties of the message, not those of the broker', () => {
    const will = willOf([
      property(0x18, u32(7)),
      userProperty('b', '1'),
      property(0x02, u32(60)),
      userProperty('a', '2'),
      property(0x03, prefixed('text/plain')),
    ]);
    expect(will).toMatchObject({ delaySeconds: 7, expirySeconds: 60, hasProperties: true });
    const kept = block(
      property(0x03, prefixed('text/plain')),
      userProperty('b', '1'),
      userProperty('a', '2'),
    );
    expect(will.bytes.toString('latin1')).toBe(`${kept.toString('latin1')}bye`);
  });

  test('has no block when none of its properties stays', () => {
    const will = willOf([property(0x18, u32(7))]);
    expect(will).toMatchObject({ hasProperties: false, bytes: Buffer.from('bye') });
  });

  test('notes an empty payload, and text that is none', () => {
    expect(willOf([], '').emptyPayload).toBe(true);
    expect(willOf([property(0x01, hex('01'))], hex('ff')).invalidText).toBe(true);
    expect(willOf([property(0x01, hex('01'))], 'ok').invalidText).toBe(false);
  });
});

describe('what is malformed', () => {
  const bare = { version: 4, clientId: 'c' } as const;

  test.each([
    ['[MQTT-3.1.2-3] the reserved flag', connect({ flags: 0x03 }), 0x81],
    ['[MQTT-3.1.2-12] a will with QoS 3', connect({ flags: 0x1e }), 0x81],
    ['[MQTT-3.1.2-11] will QoS without a will', connect({ flags: 0x0a }), 0x81],
    ['[MQTT-3.1.2-13] will retain without a will', connect({ flags: 0x22 }), 0x81],
    [
      '[MQTT-3.1.2-22] of 3.1.1: a password without a user name',
      connect({ ...bare, flags: 0x42, payload: [prefixed('p')] }),
      0x81,
    ],
    ['a user name that is missing', connect({ flags: 0x82 }), 'WireError'],
    ['a password that is missing', connect({ flags: 0xc2, payload: [prefixed('u')] }), 'WireError'],
    [
      'a will without payload',
      connect({ ...bare, flags: 6, payload: [prefixed('t')] }),
      'WireError',
    ],
    ['more than its payload', connect({ payload: [hex('00')] }), 0x81],
    ['[MQTT-3.1.3-4] an identifier that is no text', connect({ clientId: 'a\0' }), 0x81],
    [
      'authentication data without a method',
      connect({ properties: [property(0x16, prefixed('x'))] }),
      0x82,
    ],
    ['a property of CONNACK', connect({ properties: [property(0x13, u16(1))] }), 0x81],
    ['a will property in CONNECT', connect({ properties: [property(0x18, u32(1))] }), 0x81],
  ])('%s', (_, packet, reason) => {
    expect(reasonOf(packet)).toBe(reason);
  });

  test('every truncation', () => {
    const whole = connect({
      flags: 0xc6,
      properties: [property(0x21, u16(9))],
      payload: [block(), prefixed('t'), prefixed('p'), prefixed('u'), prefixed('w')],
    });
    expect(reasonOf(whole)).toBe('accepted');
    for (let end = 2; end < whole.length; end++) {
      expect(reasonOf(whole.subarray(0, end)), `cut at ${end}`).not.toBe('accepted');
    }
  });

  test('[MQTT 5 3.1.2.9] a password alone is fine in MQTT 5', () => {
    expect(reasonOf(connect({ flags: 0x42, payload: [prefixed('p')] }))).toBe('accepted');
  });
});
