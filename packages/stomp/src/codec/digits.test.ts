import { expect, test } from 'vitest';
import { parseDecimal, parseDecimalText, writeDecimal } from './digits.js';

test('numbers are written and read back', () => {
  const numbers = [Number.MAX_SAFE_INTEGER, 2 ** 31, 2 ** 32 + 1, 68_719_476_737, 1_000_000_000];
  for (let digits = 1; digits <= 15; digits++) numbers.push(10 ** digits - 1, 10 ** digits);
  for (const number of [0, 1, 9, ...numbers]) {
    const target = Buffer.alloc(20, 'x');
    const end = writeDecimal(target, 2, number);
    expect(target.toString('latin1', 2, end)).toBe(String(number));
    expect(target.toString('latin1', end)).toMatch(/^x+$/);
    expect(parseDecimal(target, 2, end)).toBe(number);
  }
});

test.each([
  '',
  '-1',
  '+1',
  ' 1',
  '1 ',
  '0x1',
  '1.5',
  '1e3',
  '9007199254740992',
  '1'.repeat(17),
  '１',
])('no number: %j', (text) => {
  expect(parseDecimalText(text)).toBe(-1);
});

test('leading zeros do not matter', () => {
  expect(parseDecimalText('007')).toBe(7);
});
