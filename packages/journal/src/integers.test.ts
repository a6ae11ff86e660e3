import { ByteReader, ByteWriter, WireError } from '@causeway/wire';
import { expect, test } from 'vitest';
import {
  getUint32,
  getUint48,
  getUint64,
  putUint16,
  putUint32,
  putUint48,
  putUint64,
  readNumber,
  writeNumber,
} from './integers.js';

const EDGES = [0, 1, 0x7f, 0x80, 0xffff, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1];

test('integers of a fixed width are what Buffer writes', () => {
  const ours = Buffer.alloc(8);
  const theirs = Buffer.alloc(8);
  for (const value of EDGES) {
    putUint16(ours, 0, value % 2 ** 16);
    theirs.writeUInt16BE(value % 2 ** 16);
    expect(ours).toEqual(theirs);
    putUint32(ours, 0, value % 2 ** 32);
    theirs.writeUInt32BE(value % 2 ** 32);
    expect(ours).toEqual(theirs);
    expect(getUint32(ours, 0)).toBe(value % 2 ** 32);
    putUint48(ours, 1, value);
    theirs.writeUIntBE(value, 1, 6);
    expect(ours).toEqual(theirs);
    expect(getUint48(ours, 1)).toBe(value);
  }
});

test('eight bytes hold every safe integer', () => {
  const buffer = Buffer.alloc(8);
  for (const value of [...EDGES, Number.MAX_SAFE_INTEGER]) {
    putUint64(buffer, 0, value);
    expect(getUint64(buffer, 0)).toBe(value);
    expect(Number(buffer.readBigUInt64BE())).toBe(value);
  }
});

test('numbers of a varying width hold every safe integer', () => {
  const writer = new ByteWriter();
  const values = [...EDGES, Number.MAX_SAFE_INTEGER];
  for (const value of values) writeNumber(writer, value);
  const reader = new ByteReader(writer.take());
  expect(values.map(() => readNumber(reader))).toEqual(values);
  expect(reader.remaining).toBe(0);
});

test.each([
  ['beyond the safe integers', [...Array<number>(7).fill(0xff), 0x10]],
  ['with zeros without end', [...Array<number>(200).fill(0x80), 0]],
])('a number %s is refused', (_, bytes) => {
  expect(() => readNumber(new ByteReader(Buffer.from(bytes)))).toThrow(WireError);
});
