import { expect, test } from 'vitest';
import { NumberPool } from './number-pool.js';

test('gives the number that is wanted, and the lowest free one when it is taken', () => {
  const pool = new NumberPool(10);
  expect([pool.take(3), pool.take(3), pool.take(3)]).toEqual([3, 0, 1]);
  expect([pool.take(0), pool.take(2)]).toEqual([2, 4]);
});

test('gives no number above the highest', () => {
  const pool = new NumberPool(1);
  expect([pool.take(7), pool.take(7), pool.take(7)]).toEqual([0, 1, null]);
});

test('gives a number again once it was given back', () => {
  const pool = new NumberPool(0);
  expect([pool.take(0), pool.take(0)]).toEqual([0, null]);
  pool.give(0);
  expect(pool.take(5)).toBe(0);
});
