import { expect, test } from 'vitest';
import { parseQuantity } from './quantity.js';

test.each([
  [1024, 'bytes', 1024],
  ['1024', 'bytes', 1024],
  ['16MiB', 'bytes', 16 * 1024 * 1024],
  ['1.5 kib', 'bytes', 1536],
  ['2GB', 'bytes', 2_000_000_000],
  ['250ms', 'ms', 250],
  ['10s', 'ms', 10_000],
  ['1.5h', 'ms', 5_400_000],
  ['30d', 'ms', 2_592_000_000],
] as const)('%j is read as %s', (value, unit, expected) => {
  expect(parseQuantity(value, unit)).toBe(expected);
});

test.each([
  ['16MiB', 'ms'],
  ['10s', 'bytes'],
  ['-1s', 'ms'],
  ['1constructor', 'bytes'],
  ['', 'bytes'],
  [true, 'bytes'],
  [null, 'ms'],
] as const)('%j is not', (value, unit) => {
  expect(parseQuantity(value, unit)).toBeUndefined();
});
