import { crc32 } from 'node:zlib';
import { getUint32, putUint32 } from './integers.js';

/** Bytes of the checksum at the start of every value. */
export const CHECKSUM_BYTES = 4;
/** Below this length a loop is faster than a call into native code. */
const NATIVE_BYTES_MIN = 64;

const TABLE = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  TABLE[byte] = rest;
}

/**
 * Writes the checksum into the first four bytes of a value: CRC-32 (as zlib) of its key followed
 * by the value with these four bytes zero. A value found under another key does not match.
 */
export function sealValue(key: Buffer, value: Buffer): void {
  putUint32(value, 0, 0);
  putUint32(value, 0, checksum(key, value));
}

/** Whether a value is what was stored under its key. Zeroes the checksum: the value is ours. */
export function isIntact(key: Buffer, value: Buffer): boolean {
  if (value.length <= CHECKSUM_BYTES) return false;
  const stored = getUint32(value, 0);
  putUint32(value, 0, 0);
  return stored === checksum(key, value);
}

function checksum(key: Buffer, value: Buffer): number {
  const start = extend(-1, key);
  if (value.length < NATIVE_BYTES_MIN) return ~extend(start, value) >>> 0;
  return crc32(value, ~start >>> 0);
}

function extend(state: number, bytes: Buffer): number {
  let rest = state;
  for (let index = 0; index < bytes.length; index++) {
    rest = TABLE[(rest ^ bytes[index]!) & 0xff]! ^ (rest >>> 8);
  }
  return rest;
}

/** CRC-32 of a key alone. */
export function keyChecksum(key: Buffer): number {
  return ~extend(-1, key) >>> 0;
}
