import { describe, expect, test } from 'vitest';
import { isStrictUtf8, utf8Slice } from './utf8.js';
import { WireError } from './wire-error.js';

const MALFORMED: [string, number[]][] = [
  ['a continuation byte alone', [0x80]],
  ['two continuation bytes', [0xbf, 0xbf]],
  ['a lead byte of two alone', [0xc3]],
  ['a lead byte of two before ASCII', [0xc3, 0x41]],
  ['a lead byte of three with one more', [0xe2, 0x82]],
  ['a lead byte of four with two more', [0xf0, 0x9f, 0x98]],
  ['an overlong slash in two bytes', [0xc0, 0xaf]],
  ['an overlong U+007F in two bytes', [0xc1, 0xbf]],
  ['an overlong NUL in two bytes', [0xc0, 0x80]],
  ['an overlong slash in three bytes', [0xe0, 0x80, 0xaf]],
  ['an overlong U+07FF in three bytes', [0xe0, 0x9f, 0xbf]],
  ['an overlong slash in four bytes', [0xf0, 0x80, 0x80, 0xaf]],
  ['an overlong U+FFFF in four bytes', [0xf0, 0x8f, 0xbf, 0xbf]],
  ['the first high surrogate', [0xed, 0xa0, 0x80]],
  ['the last low surrogate', [0xed, 0xbf, 0xbf]],
  ['a surrogate pair', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ['U+110000', [0xf4, 0x90, 0x80, 0x80]],
  ['a lead byte of five', [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ['a lead byte of six', [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80]],
  ['FE', [0xfe]],
  ['FF', [0xff]],
  ['one good and one bad character', [0xc3, 0xa4, 0xff]],
];

const WELL_FORMED: [string, number[], string][] = [
  ['nothing', [], ''],
  ['NUL', [0x00], '\0'],
  ['the last of one byte', [0x7f], '\x7f'],
  ['the first of two bytes', [0xc2, 0x80], '\u0080'],
  ['the last of two bytes', [0xdf, 0xbf], '\u07ff'],
  ['the first of three bytes', [0xe0, 0xa0, 0x80], '\u0800'],
  ['the last before the surrogates', [0xed, 0x9f, 0xbf], '\ud7ff'],
  ['the first after the surrogates', [0xee, 0x80, 0x80], '\ue000'],
  ['a non-character', [0xef, 0xbf, 0xbf], '\uffff'],
  ['the first of four bytes', [0xf0, 0x90, 0x80, 0x80], '\u{10000}'],
  ['the last of four bytes', [0xf4, 0x8f, 0xbf, 0xbf], '\u{10ffff}'],
  // [MQTT-1.5.4-3]
  ['a byte order mark, which is kept', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
];

/** Short text is checked by a loop, long text by native code: both ways must agree. */
const PADDING = Buffer.alloc(100, 'x');

describe('strict UTF-8', () => {
  test.each(MALFORMED)('refuses %s', (_, values) => {
    const bytes = Buffer.from(values);
    for (const padded of [bytes, Buffer.concat([PADDING, bytes, PADDING])]) {
      expect(isStrictUtf8(padded)).toBe(false);
      expect(() => utf8Slice(padded, 0, padded.length)).toThrow(WireError);
    }
  });

  test.each(WELL_FORMED)('takes %s', (_, values, text) => {
    const bytes = Buffer.from(values);
    expect(isStrictUtf8(bytes)).toBe(true);
    expect(utf8Slice(bytes, 0, bytes.length)).toBe(text);
    const padded = Buffer.concat([PADDING, bytes, PADDING]);
    expect(isStrictUtf8(padded)).toBe(true);
    expect(utf8Slice(padded, 100, padded.length - 100)).toBe(text);
  });

  test('looks at the given part only', () => {
    const bytes = Buffer.from([0xff, 0x61, 0x62, 0xc3]);
    expect(isStrictUtf8(bytes, 1, 3)).toBe(true);
    expect(utf8Slice(bytes, 1, 3)).toBe('ab');
    expect(isStrictUtf8(bytes, 1, 4)).toBe(false);
  });
});
