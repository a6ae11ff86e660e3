import { WireError } from '@causeway/wire';
import { expect, test } from 'vitest';
import { encodeDisposition, hex } from '../testing/amqp-frames.js';
import { decodeDisposition } from './decode-disposition.js';
import { ACCEPTED } from './decode-state.js';
import { DispositionFrame, ROLE } from './types.js';

const disposition = new DispositionFrame();

function decode(frame: Buffer, start = 8): DispositionFrame {
  decodeDisposition(frame, start, frame.length, disposition);
  return disposition;
}

test('all fields come back, in an object that is filled again', () => {
  const state = { kind: 'rejected', error: null } as const;
  const whole = encodeDisposition(1, {
    role: true,
    first: 5,
    last: 0xffff_ffff,
    settled: true,
    state,
  });
  expect(decode(whole)).toEqual({ role: true, first: 5, last: 0xffff_ffff, settled: true, state });
  expect(decode(encodeDisposition(1, { role: ROLE.sender, first: 6 }))).toEqual({
    role: false,
    first: 6,
    last: 6,
    settled: false,
    state: null,
  });
});

test('as most clients send it', () => {
  expect(decode(hex('00 53 15 c0 0a 05 41 43 40 41 00 53 24 45 41'), 0)).toEqual({
    role: true,
    first: 0,
    last: 0,
    settled: true,
    state: ACCEPTED,
  });
});

test.each([
  ['no role', '45', 'disposition has no role'],
  ['no first', 'c0 02 01 41', 'disposition has no first'],
  ['a state that is none', 'c0 06 05 41 43 40 40 45', 'a descriptor is missing'],
])('%s is refused', (_, list, complaint) => {
  expect(() => decode(hex(`00 53 15 ${list}`), 0)).toThrow(WireError);
  expect(() => decode(hex(`00 53 15 ${list}`), 0)).toThrow(complaint);
});
