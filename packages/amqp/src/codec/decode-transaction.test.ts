import { WireError } from '@causeway/wire';
import { expect, test } from 'vitest';
import { hex } from '../testing/amqp-frames.js';
import { encodeMessage } from '../testing/amqp-messages.js';
import { decodeTransactionRequest } from './decode-transaction.js';
import { DESCRIPTOR } from './types.js';
import { type AmqpValue, Described } from './value.js';

function decode(message: Buffer) {
  return decodeTransactionRequest(message, 0, message.length);
}

const request = (code: number, fields: AmqpValue[]) =>
  encodeMessage({ header: {}, properties: ['id'], value: new Described(code, fields) });

test('4.2 declare', () => {
  const local = { kind: 'declare', global: false };
  expect(decode(request(DESCRIPTOR.declare, []))).toEqual(local);
  expect(decode(hex('00 53 77 00 53 31 c0 02 01 40'))).toEqual(local);
  expect(decode(request(DESCRIPTOR.declare, ['global']))).toEqual({ ...local, global: true });
});

test('4.3 discharge', () => {
  const message = request(DESCRIPTOR.discharge, [hex('01 02'), true]);
  const discharge = decode(message);
  message.fill(0);
  expect(discharge).toEqual({ kind: 'discharge', transactionId: hex('01 02'), fail: true });
  expect(decode(request(DESCRIPTOR.discharge, [hex('03')]))).toMatchObject({ fail: false });
});

test.each([
  ['discharge of nothing', request(DESCRIPTOR.discharge, []), 'discharge has no txn-id'],
  ['another request', request(DESCRIPTOR.declared, []), 'neither declare nor discharge'],
  ['a text', encodeMessage({ value: 'declare' }), 'a descriptor is missing'],
  ['data', encodeMessage({ data: ['declare'] }), 'has no amqp-value'],
  ['no body', encodeMessage({ properties: [] }), 'has no amqp-value'],
])('%s is refused', (_, message, complaint) => {
  expect(() => decode(message)).toThrow(WireError);
  expect(() => decode(message)).toThrow(complaint);
});
