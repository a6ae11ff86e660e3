import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeHeader, unescapeHeader } from './escape.js';
import { headerLine, reescapeHeaders, visitHeaders } from './header-block.js';
import type { Version } from './types.js';

describe('header text', () => {
  test.each([
    [0, 'a:b\\\r', 'a:b\\\r'],
    [1, 'a:b\\\n\r', 'a\\cb\\\\\\n\r'],
    [2, 'a:b\\\n\r', 'a\\cb\\\\\\n\\r'],
  ] as const)('is escaped for version 1.%i', (version, text, escaped) => {
    expect(escapeHeader(text, version, 'value')).toBe(escaped);
    expect(unescapeHeader(escaped, version)).toBe(text);
  });

  test('never leaves its line, whatever it holds', () => {
    for (const version of [0, 1, 2] as const) {
      expect(headerLine('a\n:b', 'c\n\nd\0', version)).toMatch(/^[^\n\0:]+:[^\n\0]+\n$/);
    }
  });

  test('comes back as it was from 1.1 on', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
    const version = fc.constantFrom<Version>(1, 2);
    fc.assert(
      fc.property(text, version, (value, each) => {
        expect(unescapeHeader(escapeHeader(value, each, 'value'), each)).toBe(value);
      }),
      { seed: 1 },
    );
  });
});

describe('header lines of one version for another', () => {
  const reescape = (lines: string, from: Version, to: Version) => {
    const block = Buffer.from(`xx${lines}xx`);
    return reescapeHeaders(block, 2, block.length - 2, from, to)?.toString() ?? null;
  };

  test.each([
    ['a:b\n', 0, 2, 'a:b\n'],
    ['a:b:c\\n\n', 0, 1, 'a:b\\cc\\\\n\n'],
    ['a:b\r\n', 0, 2, 'a:b\\r\n'],
    ['a\\c1:b\\n\\\\\n', 1, 0, 'a\\c1:b\\n\\\n'],
    ['a:b\r\nc:d\n', 1, 2, 'a:b\\r\nc:d\n'],
    ['a:b\\r\n', 2, 1, 'a:b\r\n'],
    ['a:b\\c\n', 2, 0, 'a:b:\n'],
  ] as const)('%j of 1.%i for 1.%i', (lines, from, to, expected) => {
    expect(reescape(lines, from, to)).toBe(expected);
  });

  test.each([
    ['a:b\nc:d\n', 1, 2],
    ['a:b\nc:d\n', 2, 0],
    ['a:\\r\n', 2, 2],
    ['', 0, 2],
  ] as const)('stay as they are: %j of 1.%i for 1.%i', (lines, from, to) => {
    expect(reescape(lines, from, to)).toBeNull();
  });

  test('are visited in order, repeated ones too', () => {
    const block = Buffer.from('a:1\nb\\c:2\\n\na:3\n');
    const seen: string[] = [];
    visitHeaders(block, 0, block.length, 2, (name, value) => seen.push(`${name}=${value}`));
    expect(seen).toEqual(['a=1', 'b:=2\n', 'a=3']);
  });
});
