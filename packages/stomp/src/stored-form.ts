import type { Version } from './codec/types.js';

/**
 * How STOMP keeps a message: a length in four bytes, the sender's header lines as they were sent
 * but without those that concern one hop, each ended by one LF, then the body. `formatFlags` says
 * how to read them.
 *
 *     | u32 length of the lines | name:value LF name:value LF ... | body ... |
 */
export const LENGTH_BYTES = 4;

/** Bits 0 and 1: the version whose escapes the lines use. */
const VERSION_BITS = 0b11;
/** The sender gave a content-length. */
export const CONTENT_LENGTH_FLAG = 0b100;
/** The lines hold the sender's own `timestamp`. */
export const TIMESTAMP_FLAG = 0b1000;
/** The broker made the bytes: what they say of the sender is true. */
const BUILT_FLAG = 0b10000;

/** What other formats are converted to: lines of 1.2 with a timestamp. Never stored. */
export const CONVERTED_FLAGS = 2 | CONTENT_LENGTH_FLAG | TIMESTAMP_FLAG | BUILT_FLAG;

export function isBuilt(formatFlags: number): boolean {
  return (formatFlags & BUILT_FLAG) !== 0;
}

export function versionOf(formatFlags: number): Version {
  const version = formatFlags & VERSION_BITS;
  return version === 0 || version === 1 ? version : 2;
}

/** Where the body begins of a stored form that begins at `start`. */
export function bodyStartOf(bytes: Buffer, start: number): number {
  return start + LENGTH_BYTES + readLength(bytes, start);
}

function readLength(bytes: Buffer, at: number): number {
  const low = (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return bytes[at]! * 0x1000000 + low;
}

export function writeLength(bytes: Buffer, at: number, length: number): void {
  bytes[at] = length >>> 24;
  bytes[at + 1] = length >>> 16;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = length;
}
