import { expect, test } from 'vitest';
import {
  decodeRecord,
  encodeRecord,
  hashRecord,
  NO_HASH,
  type RecordHeader,
} from './log-record.js';

const HEADER: RecordHeader = {
  kind: 'batch',
  epoch: 2 ** 48 - 1,
  batchId: 2n ** 64n - 1n,
  lastConfirmed: 2 ** 40,
  wallMs: 1_800_000_000_000,
  previousHash: hashRecord(Buffer.from('before')),
};

test('a record comes back as it was written', () => {
  const record = encodeRecord(HEADER, Buffer.from('one body'));
  expect(decodeRecord(record)).toEqual({ ...HEADER, body: Buffer.from('one body') });
});

test('every flipped bit is found', () => {
  const record = encodeRecord({ ...HEADER, previousHash: NO_HASH }, Buffer.from('body'));
  for (let bit = 0; bit < record.length * 8; bit++) {
    const damaged = Buffer.from(record);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => decodeRecord(damaged), `bit ${bit}`).toThrow(/damaged/);
  }
});

test('a record that was cut off is found', () => {
  const record = encodeRecord(HEADER, Buffer.from('body'));
  for (let length = 0; length < record.length; length++) {
    expect(() => decodeRecord(record.subarray(0, length))).toThrow(/damaged/);
  }
});

test('the hash covers the header', () => {
  const one = encodeRecord(HEADER, Buffer.alloc(0));
  const other = encodeRecord({ ...HEADER, epoch: 1 }, Buffer.alloc(0));
  expect(hashRecord(one)).not.toEqual(hashRecord(other));
});
