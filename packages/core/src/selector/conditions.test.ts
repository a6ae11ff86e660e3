import { describe, expect, test } from 'vitest';
import { selects, truthOf } from './testing/selectable.js';

// The headings are those of JMS 2.0, 3.8.1.

describe('3.8.1.1 logical operators', () => {
  test('bind in the order NOT, AND, OR', () => {
    expect(selects('a = 1 OR b = 1 AND c = 1', { a: 1, b: 0, c: 0 })).toBe(true);
    expect(selects('(a = 1 OR b = 1) AND c = 1', { a: 1, b: 0, c: 0 })).toBe(false);
    expect(selects('NOT a = 1 AND b = 1', { a: 0, b: 1 })).toBe(true);
    expect(selects('NOT (a = 1 AND b = 1)', { a: 0, b: 1 })).toBe(true);
    expect(selects('NOT NOT a = 1', { a: 1 })).toBe(true);
  });

  test('take a boolean property as it is', () => {
    expect(selects('flag AND NOT other', { flag: true, other: false })).toBe(true);
    expect(truthOf('flag', { flag: 'yes' })).toBe(null);
    expect(truthOf('flag', { flag: 1 })).toBe(null);
  });
});

describe('3.8.1.1 IN', () => {
  test('is one of several strings', () => {
    const selector = "Country IN (' UK', 'US', 'France''s')";
    expect(['US', "France's", 'Peru'].map((Country) => selects(selector, { Country }))).toEqual([
      true,
      true,
      false,
    ]);
    expect(selects("Country NOT IN ('UK', 'US')", { Country: 'Peru' })).toBe(true);
  });

  test('is unknown of NULL, and false of what is no string', () => {
    expect(truthOf("Country IN ('UK')")).toBe(null);
    expect(truthOf("Country NOT IN ('UK')")).toBe(null);
    expect(truthOf("Country IN ('1')", { Country: 1 })).toBe(false);
    expect(truthOf("Country NOT IN ('1')", { Country: 1 })).toBe(false);
  });
});

describe('3.8.1.1 LIKE', () => {
  test.each([
    ["phone LIKE '12%3'", ['123', '12993'], ['1234', '12', '1299', '']],
    ["word LIKE 'l_se'", ['lose'], ['loose', 'lse']],
    ["under LIKE '\\_%' ESCAPE '\\'", ['_foo', '_'], ['bar', '\\_foo']],
    ["phone NOT LIKE '12%3'", ['1234'], ['123', '12993']],
  ])('%s', (selector, matching, others) => {
    const name = selector.slice(0, selector.indexOf(' '));
    for (const text of matching) expect(selects(selector, { [name]: text }), text).toBe(true);
    for (const text of others) expect(selects(selector, { [name]: text }), text).toBe(false);
  });

  test('is unknown of NULL, and false of what is no string', () => {
    expect(truthOf("a LIKE '%'")).toBe(null);
    expect(truthOf("a NOT LIKE '%'")).toBe(null);
    expect(truthOf("a LIKE '%'", { a: 1 })).toBe(false);
    expect(truthOf("a NOT LIKE '%'", { a: 1 })).toBe(false);
  });
});

describe('3.8.1.1 IS NULL', () => {
  test('asks for a property that is not there, or has no value', () => {
    expect(selects('a IS NULL')).toBe(true);
    expect(selects('a IS NULL', { a: null })).toBe(true);
    expect(selects('a IS NULL', { a: '' })).toBe(false);
    expect(selects('a IS NOT NULL', { a: false })).toBe(true);
    expect(selects('a IS NOT NULL')).toBe(false);
  });
});

describe('3.8.1.2 null values', () => {
  const properties = { t: true, f: false };
  const name = (truth: boolean | null) => (truth === null ? 'u' : truth ? 't' : 'f');
  const truths = [true, false, null];

  test('AND', () => {
    for (const left of truths) {
      for (const right of truths) {
        const wanted = left === false || right === false ? false : left === null ? null : right;
        expect(truthOf(`${name(left)} AND ${name(right)}`, properties)).toBe(wanted);
      }
    }
  });

  test('OR', () => {
    for (const left of truths) {
      for (const right of truths) {
        const wanted = left === true || right === true ? true : left === null ? null : right;
        expect(truthOf(`${name(left)} OR ${name(right)}`, properties)).toBe(wanted);
      }
    }
  });

  test('NOT', () => {
    expect(truths.map((truth) => truthOf(`NOT ${name(truth)}`, properties))).toEqual([
      false,
      true,
      null,
    ]);
  });
});
