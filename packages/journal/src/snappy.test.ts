import { ByteReader, WireError } from '@causeway/wire';
import { expect, test } from 'vitest';
import { decompressSnappy } from './snappy.js';

function decompress(bytes: number[]): string {
  return decompressSnappy(new ByteReader(Buffer.from(bytes)), 1000).toString('latin1');
}

const A = 0x61;

test('literals, short and long', () => {
  expect(decompress([3, 2 << 2, A, A + 1, A + 2])).toBe('abc');
  const long = new Array<number>(70).fill(A);
  expect(decompress([70, 60 << 2, 69, ...long])).toBe('a'.repeat(70));
  expect(decompress([0])).toBe('');
});

test('copies with offsets of one, two and four bytes, overlapping too', () => {
  expect(decompress([9, 0, A, (4 << 2) | 1, 1])).toBe('a'.repeat(9));
  expect(decompress([6, 1 << 2, A, A + 1, (3 << 2) | 2, 2, 0])).toBe('ababab');
  expect(decompress([4, 1 << 2, A, A + 1, (1 << 2) | 3, 2, 0, 0, 0])).toBe('abab');
});

test('what is no Snappy block is refused', () => {
  const broken = [
    [],
    [5, 2 << 2, A, A, A],
    [2, 2 << 2, A, A, A],
    [3, 2 << 2, A],
    [8, 0, A, (3 << 2) | 1, 2],
    [8, 0, A, (3 << 2) | 1, 0],
    [0xff, 0xff, 0x7f],
  ];
  for (const bytes of broken) expect(() => decompress(bytes)).toThrow(WireError);
});
