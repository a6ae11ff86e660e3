import { WireError } from '@causeway/wire';
import { expect, test } from 'vitest';
import {
  decodeFrames,
  encodeSaslInit,
  encodeSaslResponse,
  hex,
  protocolHeader,
} from '../testing/amqp-frames.js';
import { decodeSaslInit, decodeSaslResponse } from './decode-sasl.js';
import { encodeSaslChallenge, encodeSaslMechanisms, encodeSaslOutcome } from './encode-sasl.js';
import { SASL_CODE } from './types.js';

const body = (frame: Buffer) => [frame, 8, frame.length] as const;

test('5.3.3.2 sasl-init comes back', () => {
  expect(decodeSaslInit(...body(encodeSaslInit('PLAIN', '\0user\0secret', 'host')))).toEqual({
    mechanism: 'PLAIN',
    initialResponse: Buffer.from('\0user\0secret'),
    hostname: 'host',
  });
  expect(decodeSaslInit(...body(encodeSaslInit('ANONYMOUS')))).toEqual({
    mechanism: 'ANONYMOUS',
    initialResponse: null,
    hostname: null,
  });
});

test('5.3.3.4 sasl-response comes back', () => {
  const frame = encodeSaslResponse('answer');
  const response = decodeSaslResponse(...body(frame));
  frame.fill(0);
  expect(response).toEqual(Buffer.from('answer'));
});

test('what a server says comes back', () => {
  const output = Buffer.concat([
    protocolHeader(3),
    encodeSaslMechanisms(['PLAIN', 'SCRAM-SHA-256']),
    encodeSaslChallenge(hex('01 02')),
    encodeSaslOutcome(SASL_CODE.ok, null),
    encodeSaslOutcome(SASL_CODE.auth, hex('03')),
  ]);
  expect(decodeFrames(output)).toEqual([
    { kind: 'header', channel: 0, protocolId: 3 },
    { kind: 'sasl-mechanisms', channel: 0, mechanisms: ['PLAIN', 'SCRAM-SHA-256'] },
    { kind: 'sasl-challenge', channel: 0, challenge: hex('01 02') },
    { kind: 'sasl-outcome', channel: 0, code: 0, additionalData: null },
    { kind: 'sasl-outcome', channel: 0, code: 1, additionalData: hex('03') },
  ]);
});

test.each([
  ['sasl-init without a mechanism', decodeSaslInit, '00 53 41 45', 'has no mechanism'],
  ['a string as mechanism', decodeSaslInit, '00 53 41 c0 04 01 a1 01 61', 'the mechanism of'],
  ['another frame', decodeSaslInit, '00 53 43 c0 04 01 a0 01 61', 'sasl-init expected'],
  ['sasl-response without one', decodeSaslResponse, '00 53 43 45', 'has no response'],
  ['another frame', decodeSaslResponse, '00 53 41 45', 'sasl-response expected'],
])('%s is refused', (_, decode, bytes, complaint) => {
  const view = hex(bytes);
  expect(() => decode(view, 0, view.length)).toThrow(WireError);
  expect(() => decode(view, 0, view.length)).toThrow(complaint);
});
