import { WireError } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { hex } from '../testing/amqp-frames.js';
import { ACCEPTED, decodeState, RELEASED } from './decode-state.js';
import { encodeState } from './encode-state.js';
import type { DeliveryState } from './types.js';

function read(bytes: Buffer): DeliveryState {
  return decodeState(bytes, 0, bytes.length);
}

const ERROR = { condition: 'amqp:internal-error', description: 'sorry', info: null };
const ANNOTATIONS = hex('c1 0d 02 a3 07 782d6f70742d61 a0 01 01');

test.each<DeliveryState>([
  { kind: 'received', sectionNumber: 0, sectionOffset: 0 },
  { kind: 'received', sectionNumber: 4_294_967_295, sectionOffset: 2 ** 52 },
  { kind: 'accepted' },
  { kind: 'rejected', error: null },
  { kind: 'rejected', error: ERROR },
  { kind: 'released' },
  { kind: 'modified', deliveryFailed: false, undeliverableHere: true, annotations: null },
  { kind: 'modified', deliveryFailed: true, undeliverableHere: false, annotations: ANNOTATIONS },
  { kind: 'declared', transactionId: hex('00 01') },
  { kind: 'transactional', transactionId: hex('02'), outcome: null },
  { kind: 'transactional', transactionId: hex('02'), outcome: { kind: 'accepted' } },
  { kind: 'transactional', transactionId: hex('02'), outcome: { kind: 'rejected', error: ERROR } },
])('%j comes back', (state) => {
  expect(read(encodeState(state))).toEqual(state);
});

test.each([
  ['3.4.2 accepted', '00 53 24 45', ACCEPTED],
  ['3.4.2 accepted with an empty list', '00 53 24 c0 01 00', ACCEPTED],
  ['3.4.2 accepted with a long empty list', '00 53 24 d0 00000004 00000000', ACCEPTED],
  ['3.4.2 accepted with a field that is not known', '00 53 24 c0 02 01 40', ACCEPTED],
  ['3.4.4 released', '00 53 26 45', RELEASED],
  ['3.4.4 released with an empty list', '00 53 26 c0 01 00', RELEASED],
  ['3.4.4 released by number', '00 80 00 00 00 00 00 00 00 26 45', RELEASED],
])('%s is always the same object', (_, bytes, state) => {
  expect(read(hex(bytes))).toBe(state);
  expect(Object.isFrozen(state)).toBe(true);
});

test('2.7.6 a symbol describes it as well', () => {
  const symbol = Buffer.from('amqp:modified:list');
  const bytes = Buffer.concat([hex('00 a3 12'), symbol, hex('c0 02 01 41')]);
  expect(read(bytes)).toMatchObject({ kind: 'modified', deliveryFailed: true });
});

describe('what is no state', () => {
  test.each([
    ['nothing', '', 'a descriptor is missing'],
    ['null', '40', 'a descriptor is missing'],
    ['a performative', '00 53 14 45', '0x14 is no delivery state'],
    ['one that nobody knows', '00 53 ff 45', '0xff is no delivery state'],
    ['accepted without a list', '00 53 24', 'is not a list'],
    ['accepted with a map', '00 53 24 c1 01 00', 'is not a list'],
    ['received without its numbers', '00 53 23 45', 'has no section-number'],
    ['received with one', '00 53 23 c0 02 01 43', 'has no section-offset'],
    ['declared without an id', '00 53 33 45', 'has no txn-id'],
    ['a string as an id', '00 53 34 c0 04 01 a1 01 61', 'the txn-id of delivery state'],
    [
      'a transaction in a transaction',
      '00 53 34 c0 0b 02 a0 00 00 53 34 c0 03 01 a0 00',
      'no outcome',
    ],
    ['a rejection with a list', '00 53 25 c0 02 01 45', 'a descriptor is missing'],
    ['a rejection with another error', '00 53 25 c0 05 01 00 53 24 45', 'an error expected'],
    ['an error without a condition', '00 53 25 c0 05 01 00 53 1d 45', 'error has no condition'],
  ])('%s', (_, bytes, complaint) => {
    expect(() => read(hex(bytes))).toThrow(WireError);
    expect(() => read(hex(bytes))).toThrow(complaint);
  });
});

test('a transaction id outlives the chunk', () => {
  const bytes = encodeState({ kind: 'declared', transactionId: hex('01 02') });
  const state = read(bytes);
  bytes.fill(0);
  expect(state).toMatchObject({ transactionId: hex('01 02') });
});
