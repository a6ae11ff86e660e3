import { OutputBuffer } from '@causeway/wire';
import { type Packet, parser } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import {
  ACK,
  encodeAckWithText,
  encodeCodes,
  encodeConnack,
  encodeReasonPacket,
  writeAck,
  writePingresp,
} from './encoder.js';
import type { Properties, Version } from './types.js';

/** Reads packets with another library. */
function parse(bytes: Buffer, version: Version): Packet[] {
  const packets: Packet[] = [];
  const reader = parser({ protocolVersion: version });
  reader.on('packet', (packet) => packets.push(packet));
  reader.on('error', (error) => {
    throw error;
  });
  reader.parse(bytes);
  return packets;
}

function only(bytes: Buffer, version: Version): Packet {
  const packets = parse(bytes, version);
  expect(packets).toHaveLength(1);
  return packets[0]!;
}

describe('CONNACK', () => {
  test('of MQTT 3', () => {
    const packet = encodeConnack(4, { sessionPresent: true, code: 0, properties: {} });
    expect(packet.toString('hex')).toBe('20020100');
    const refusal = encodeConnack(3, { sessionPresent: false, code: 5, properties: {} });
    expect(refusal.toString('hex')).toBe('20020005');
  });

  test('of MQTT 5', () => {
    const properties: Properties = {
      sessionExpirySeconds: 10,
      receiveMaximum: 20,
      maximumPacketBytes: 3000,
      assignedClientId: 'auto-1',
      topicAliasMaximum: 4,
      reasonString: 'fine',
      serverKeepAliveSeconds: 60,
      responseInformation: 'responses/1',
      authenticationMethod: 'SCRAM-SHA-256',
      authenticationData: Buffer.from('v=1'),
    };
    const packet = encodeConnack(5, { sessionPresent: false, code: 0, properties });
    expect(only(packet, 5)).toMatchObject({
      cmd: 'connack',
      reasonCode: 0,
      sessionPresent: false,
      properties: {
        sessionExpiryInterval: 10,
        receiveMaximum: 20,
        maximumPacketSize: 3000,
        assignedClientIdentifier: 'auto-1',
        topicAliasMaximum: 4,
        reasonString: 'fine',
        serverKeepAlive: 60,
        responseInformation: 'responses/1',
        authenticationMethod: 'SCRAM-SHA-256',
        authenticationData: Buffer.from('v=1'),
      },
    });
  });
});

describe('SUBACK and UNSUBACK', () => {
  test.each([4, 5] as const)('of level %i', (version) => {
    const suback = encodeCodes('suback', version, 300, [0, 1, 2, 0x80], {});
    expect(only(suback, version)).toMatchObject({
      cmd: 'suback',
      messageId: 300,
      granted: [0, 1, 2, 0x80],
    });
  });

  test('UNSUBACK has codes in MQTT 5 only', () => {
    expect(encodeCodes('unsuback', 4, 3, [], {}).toString('hex')).toBe('b0020003');
    expect(only(encodeCodes('unsuback', 5, 3, [0, 0x11], {}), 5)).toMatchObject({
      cmd: 'unsuback',
      messageId: 3,
      granted: [0, 0x11],
    });
  });

  test('a packet whose length needs two bytes', () => {
    const codes = Array.from({ length: 200 }, () => 1);
    expect(only(encodeCodes('suback', 5, 3, codes, {}), 5)).toMatchObject({ granted: codes });
  });
});

describe('acknowledgements', () => {
  test.each([
    ['puback', ACK.puback, '40', 0x87],
    ['pubrec', ACK.pubrec, '50', 0x87],
    ['pubrel', ACK.pubrel, '62', 0x92],
    ['pubcomp', ACK.pubcomp, '70', 0x92],
  ] as const)('%s', (cmd, first, byte, reason) => {
    const out = new OutputBuffer();
    writeAck(out, first, 0xabcd, 0);
    writeAck(out, first, 0x0102, 0x92);
    const bytes = Buffer.concat(out.take());
    expect(bytes.toString('hex')).toBe(`${byte}02abcd${byte}03010292`);
    expect(only(encodeAckWithText(first, 5, reason, 'which?'), 5)).toMatchObject({
      cmd,
      messageId: 5,
      reasonCode: reason,
      properties: { reasonString: 'which?' },
    });
  });
});

test('DISCONNECT, AUTH and PINGRESP', () => {
  const disconnect = encodeReasonPacket('disconnect', 0x8e, { reasonString: 'taken' });
  expect(only(disconnect, 5)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8e });
  const authenticationMethod = 'SCRAM-SHA-256';
  const auth = encodeReasonPacket('auth', 0x18, { authenticationMethod });
  expect(only(auth, 5)).toMatchObject({ cmd: 'auth', properties: { authenticationMethod } });
  const out = new OutputBuffer();
  writePingresp(out);
  expect(Buffer.concat(out.take()).toString('hex')).toBe('d000');
});
