import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { WireError } from './wire-error.js';

const bytes = (...values: number[]) => Buffer.from(values);

describe('ByteReader', () => {
  test('reads integers big-endian and moves on', () => {
    const reader = new ByteReader(bytes(1, 2, 3, 4, 5, 6, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    expect(reader.uint8()).toBe(1);
    expect(reader.uint16()).toBe(0x0203);
    expect(reader.uint32()).toBe(0x04050607);
    expect(reader.uint48()).toBe(2 ** 48 - 1);
    expect(reader.remaining).toBe(0);
  });

  test('reads only the part it was given', () => {
    const reader = new ByteReader(bytes(9, 1, 2, 9), 1, 3);
    expect(reader.remaining).toBe(2);
    expect(() => reader.uint32()).toThrow(WireError);
    expect(reader.uint16()).toBe(0x0102);
    expect(() => reader.uint8()).toThrow(WireError);
  });

  test('stays where it is when too little is left', () => {
    const reader = new ByteReader(bytes(1, 2, 3));
    expect(() => reader.uint32()).toThrow('4 bytes expected, 3 left');
    expect(() => reader.bytes(4)).toThrow(WireError);
    expect(() => reader.text(4)).toThrow(WireError);
    expect(reader.position).toBe(0);
  });

  test('refuses to move backwards', () => {
    const reader = new ByteReader(bytes(1, 2), 1);
    expect(() => reader.advance(-1)).toThrow(WireError);
    expect(() => reader.bytes(-1)).toThrow(WireError);
  });

  test('hands out views, not copies', () => {
    const buffer = bytes(1, 2, 3);
    const reader = new ByteReader(buffer, 1);
    const view = reader.bytes(2);
    buffer[1] = 7;
    expect([...view]).toEqual([7, 3]);
  });

  test('reads strict text', () => {
    const buffer = Buffer.from('grün€');
    expect(new ByteReader(buffer).text(buffer.length)).toBe('grün€');
    expect(new ByteReader(buffer).text(0)).toBe('');
    expect(() => new ByteReader(bytes(0xff)).text(1)).toThrow(WireError);
  });
});

describe('a variable integer', () => {
  // The edges of each length, as the table of [MQTT 5 1.5.5] gives them.
  test.each([
    [0, [0x00]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [16_383, [0xff, 0x7f]],
    [16_384, [0x80, 0x80, 0x01]],
    [2_097_151, [0xff, 0xff, 0x7f]],
    [2_097_152, [0x80, 0x80, 0x80, 0x01]],
    [268_435_455, [0xff, 0xff, 0xff, 0x7f]],
  ])('of %d has its shortest form', (value, encoded) => {
    expect(new ByteReader(bytes(...encoded)).variableInteger()).toBe(value);
    expect([...new ByteWriter().variableInteger(value).view()]).toEqual(encoded);
  });

  test.each([
    ['five bytes', [0x80, 0x80, 0x80, 0x80, 0x01]],
    ['four bytes that all announce another', [0xff, 0xff, 0xff, 0xff]],
    ['zero in two bytes', [0x80, 0x00]],
    ['127 in three bytes', [0xff, 0x80, 0x00]],
    ['one byte that announces another', [0x80]],
    ['no byte', []],
  ])('written in %s is refused', (_, encoded) => {
    expect(() => new ByteReader(bytes(...encoded)).variableInteger()).toThrow(WireError);
  });
});

describe('ByteReader over random bytes', () => {
  test('throws nothing but WireError and never leaves its part', () => {
    const random = new SeededRandom(11);
    for (let round = 0; round < 600; round++) {
      const buffer = random.bytes(random.below(24));
      const start = random.below(buffer.length + 1);
      const end = random.between(start, buffer.length);
      const reader = new ByteReader(buffer, start, end);
      for (let step = 0; step < 8; step++) {
        try {
          random.pick([
            () => reader.uint8(),
            () => reader.uint16(),
            () => reader.uint32(),
            () => reader.uint48(),
            () => reader.variableInteger(),
            () => reader.bytes(random.below(8)),
            () => reader.text(random.below(8)),
          ])();
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
        expect(reader.position).toBeGreaterThanOrEqual(start);
        expect(reader.position).toBeLessThanOrEqual(end);
      }
    }
  });
});
