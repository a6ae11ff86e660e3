import { describe, expect, test } from 'vitest';
import { BrokerError } from '../errors.js';
import { compile, selects, truthOf } from './testing/selectable.js';

describe('convert_string_expressions:', () => {
  const converting = (text: string, properties: Record<string, string>) =>
    truthOf(`convert_string_expressions:${text}`, properties);
  const selectsConverted = (text: string, properties: Parameters<typeof selects>[1]) =>
    selects(`convert_string_expressions:${text}`, properties);

  test('compares a text as the number or boolean that it stands for', () => {
    for (const price of ['12', '12.0', '+12', '1.2e1']) {
      expect(selectsConverted('price > 10 AND price = 12 AND 10 < price', { price })).toBe(true);
    }
    expect(selectsConverted('price BETWEEN 10 AND 20', { price: '12' })).toBe(true);
    expect(selectsConverted('price * 2 = 24 AND -price = -12', { price: '12' })).toBe(true);
    expect(
      selectsConverted('flag AND flag = TRUE AND NOT other', { flag: 'TRUE', other: 'false' }),
    ).toBe(true);
    expect(selectsConverted('n = 9007199254740993', { n: '9007199254740993' })).toBe(true);
    expect(selectsConverted('n > 1', { n: '99999999999999999999' })).toBe(true);
  });

  test('leaves strings what they are', () => {
    expect(selectsConverted("price = '12' AND price <> '12.0'", { price: '12' })).toBe(true);
    expect(selectsConverted("price LIKE '1_' AND price IN ('12')", { price: '12' })).toBe(true);
  });

  test('orders two texts that stand for numbers', () => {
    expect(selectsConverted('a < b', { a: '9', b: '10' })).toBe(true);
    expect(selectsConverted('a < b', { a: 'x', b: 'y' })).toBe(false);
  });

  test('makes nothing of other texts', () => {
    for (const text of ['abc', '', ' 12', '0x10', 'Infinity', 'NaN', '1_000']) {
      expect(selectsConverted('price > 0 OR price = 12', { price: text }), text).toBe(false);
    }
    expect(selectsConverted('flag OR flag = TRUE OR NOT flag', { flag: 'yes' })).toBe(false);
  });

  test('means the whole selector, and is asked for', () => {
    expect(selects('price > 10', { price: '12' })).toBe(false);
    expect(() => converting('a = ', {})).toThrow(BrokerError);
    expect(compile('convert_string_expressions:a > 1').text).toBe(
      'convert_string_expressions:a > 1',
    );
  });
});
