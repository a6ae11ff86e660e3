import { describe, expect, test } from 'vitest';
import { compile, selects, truthOf } from './testing/selectable.js';

// The headings are those of JMS 2.0, 3.8.1.

describe('3.8.1.1 arithmetic operators', () => {
  test.each([
    '1 + 2 * 3 = 7',
    '(1 + 2) * 3 = 9',
    '10 - 2 - 3 = 5',
    '24 / 4 / 2 = 3',
    '2 * -3 = -6',
    '-(2 + 3) = -5',
    '- -5 = 5',
    '+(5) = 5',
    '7 / 2 = 3',
    '-7 / 2 = -3',
    '7 / 2.5 = 2.8',
    '9223372036854775807 + 1 = -9223372036854775808',
    '4611686018427387904 * 3 = -4611686018427387904',
    '9007199254740991 + 2 = 9007199254740993',
    '-9223372036854775808 / 2 = -4611686018427387904',
  ])('%s', (selector) => {
    expect(selects(selector)).toBe(true);
  });

  test('take properties', () => {
    expect(selects('price * count > 100', { price: 10.5, count: 10 })).toBe(true);
    expect(selects('-n = 5 AND +n = -5', { n: -5 })).toBe(true);
    expect(selects('-n = -9007199254740993', { n: 9007199254740993n })).toBe(true);
  });

  test('make nothing of what is no number, or not there', () => {
    expect(truthOf('n + 1 = 2', { n: '1' })).toBe(null);
    expect(truthOf('n + 1 = 2', { n: true })).toBe(null);
    expect(truthOf('1 - n = 2')).toBe(null);
    expect(truthOf('-n = 2', { n: '1' })).toBe(null);
    expect(truthOf('+n = 2')).toBe(null);
  });

  test('divide by zero without harm', () => {
    expect(truthOf('1 / n = 1', { n: 0 })).toBe(null);
    expect(truthOf('1 / n = 1', { n: 0n })).toBe(null);
    expect(selects('1.5 / n > 1', { n: 0 })).toBe(true);
    expect(truthOf('(1.5 - 1.5) / n = 1', { n: 0 })).toBe(null);
  });

  test('are refused on texts and conditions', () => {
    expect(() => compile("'a' + 1 = 2")).toThrow(/character 1: expected a number, found a string/);
    expect(() => compile('1 + TRUE = 2')).toThrow(/character 5: expected a number/);
    expect(() => compile("-'a' = 2")).toThrow(/character 2: expected a number/);
  });
});
