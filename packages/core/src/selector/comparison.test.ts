import { describe, expect, test } from 'vitest';
import { compile, selects, truthOf } from './testing/selectable.js';

// The headings are those of JMS 2.0, 3.8.1.

describe('3.8.1.1 comparison operators', () => {
  test.each([
    ['=', [false, true, false]],
    ['<>', [true, false, true]],
    ['<', [true, false, false]],
    ['<=', [true, true, false]],
    ['>', [false, false, true]],
    ['>=', [false, true, true]],
  ])('n %s 5', (operator, expected) => {
    for (const values of [
      [4, 5, 6],
      [4n, 5n, 6n],
      [4.5, 5, 5.5],
    ]) {
      expect(values.map((n) => selects(`n ${operator} 5`, { n }))).toEqual(expected);
    }
  });

  test('compare exact with approximate numbers', () => {
    expect(selects('n = 5.0 AND 5 = n AND n < 5.5', { n: 5 })).toBe(true);
    expect(selects('n > 9007199254740992', { n: 9007199254740993n })).toBe(true);
  });

  test.each(["n = 'x'", "n <> 'x'", "'x' = n", 'n = TRUE', 'n <> FALSE'])(
    'of unlike types are false: %s',
    (condition) => {
      expect(truthOf(condition, { n: 1 })).toBe(false);
    },
  );

  test('of strings and booleans are = and <> only', () => {
    expect(
      selects("a = b AND a <> 'y' AND f = g AND f <> FALSE", { a: 'x', b: 'x', f: true, g: true }),
    ).toBe(true);
    for (const operator of ['<', '<=', '>', '>=']) {
      expect(truthOf(`a ${operator} b`, { a: 'x', b: 'x' })).toBe(false);
      expect(truthOf(`a ${operator} b`, { a: true, b: true })).toBe(false);
      expect(() => compile(`a ${operator} 'x'`)).toThrow(/expected a number, found a string/);
      expect(() => compile(`TRUE ${operator} a`)).toThrow(/expected a number, found a condition/);
    }
  });

  test('with bytes are false', () => {
    const bytes = Buffer.from('x');
    expect(truthOf("b = 'x'", { b: bytes })).toBe(false);
    expect(truthOf('b = c', { b: bytes, c: bytes })).toBe(false);
    expect(selects('b IS NOT NULL', { b: bytes })).toBe(true);
  });
});

describe('3.8.1.1 BETWEEN', () => {
  test('includes both ends', () => {
    const wanted = [false, true, true, true, false];
    expect([14, 15, 17, 19, 20].map((age) => selects('age BETWEEN 15 AND 19', { age }))).toEqual(
      wanted,
    );
    expect(
      [14, 15, 17, 19, 20].map((age) => selects('age NOT BETWEEN 15 AND 19', { age })),
    ).toEqual(wanted.map((matched) => !matched));
  });

  test('takes expressions, and binds before AND', () => {
    expect(selects('a + b BETWEEN low AND 2 * 5 AND c', { a: 3, b: 4, low: 7, c: true })).toBe(
      true,
    );
  });

  test('is false of what is no number, and unknown of NULL', () => {
    expect(truthOf('age BETWEEN 15 AND 19', { age: 'x' })).toBe(false);
    expect(truthOf('age NOT BETWEEN 15 AND 19', { age: 'x' })).toBe(false);
    expect(truthOf('age BETWEEN 15 AND 19')).toBe(null);
    expect(truthOf('age BETWEEN 15 AND high', { age: 14 })).toBe(false);
    expect(truthOf('age NOT BETWEEN 15 AND high', { age: 14 })).toBe(true);
  });
});
