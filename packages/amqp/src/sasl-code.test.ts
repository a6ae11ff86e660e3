import { BrokerError, type ErrorCode } from '@causeway/core';
import { expect, test } from 'vitest';
import { saslCodeOf } from './sasl-code.js';

test.each<[ErrorCode, number]>([
  ['not-authenticated', 1],
  ['not-authorized', 1],
  ['internal', 2],
  ['server-busy', 4],
  ['not-active', 4],
  ['rate-exceeded', 4],
])('5.3.3.6 %s is code %d', (code, expected) => {
  expect(saslCodeOf(new BrokerError(code, 'the test says so'))).toBe(expected);
});
