import { expect, test } from 'vitest';
import { BrokerError, ERROR_CODES, invariant } from './errors.js';

test('error codes are words that are unique', () => {
  expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
  for (const code of ERROR_CODES) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

test('an operating error carries its code, a message and a cause', () => {
  const cause = new Error('disk');
  const error = new BrokerError('storage-failed', 'cannot write', cause);
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.code, error.message, error.cause]).toEqual([
    'BrokerError',
    'storage-failed',
    'cannot write',
    cause,
  ]);
  expect('cause' in new BrokerError('internal', 'x')).toBe(false);
});

test('a broken invariant is no operating error', () => {
  invariant(true, 'holds');
  expect(() => invariant(false, 'the sky is blue')).toThrow('invariant broken: the sky is blue');
  try {
    invariant(false, 'x');
  } catch (error) {
    expect(error).not.toBeInstanceOf(BrokerError);
  }
});
