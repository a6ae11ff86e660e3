import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { isIntact, keyChecksum, sealValue } from './checksum.js';
import { crc32c } from './crc32c.js';
import { Inventory } from './inventory.js';

const KEY = Buffer.from('q-some-key');

test.each([5, 20, 63, 64, 65, 5000])(
  'the checksum of a value of %d bytes is that of zlib',
  (size) => {
    const value = Buffer.alloc(size, 7);
    sealValue(KEY, value);
    const sum = value.readUInt32BE(0);
    value.fill(0, 0, 4);
    expect(sum).toBe(crc32(Buffer.concat([KEY, value])));
  },
);

test('a value is intact under its own key only, unchanged, and not without a payload', () => {
  const value = Buffer.alloc(100, 7);
  sealValue(KEY, value);
  expect(isIntact(KEY, Buffer.from(value))).toBe(true);
  expect(isIntact(Buffer.from('q-other-key'), Buffer.from(value))).toBe(false);
  expect(isIntact(KEY, Buffer.from(value.subarray(0, 99)))).toBe(false);
  expect(isIntact(KEY, Buffer.alloc(4))).toBe(false);
  expect(isIntact(KEY, Buffer.alloc(0))).toBe(false);
});

test('CRC-32C gives the published check value', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(keyChecksum(Buffer.from('123456789'))).toBe(0xcbf43926);
});

test('an inventory depends on its keys, not on their order or exchange', () => {
  const inventory = (...keys: string[]) => {
    const taken = new Inventory();
    for (const key of keys) taken.toggle(Buffer.from(key));
    return taken.value;
  };
  expect(inventory('a1', 'b2')).toBe(inventory('b2', 'a1'));
  expect(inventory('a1', 'b2', 'b2')).toBe(inventory('a1'));
  expect(inventory('a1', 'b2')).not.toBe(inventory('a2', 'b1'));
  expect(inventory('a4', 'b5')).not.toBe(inventory('a6', 'b7'));
});
