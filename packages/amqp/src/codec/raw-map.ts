import { WireError } from '@causeway/wire';
import { CODE } from './constructor-codes.js';
import { uint32At } from './integers.js';
import { skipValue } from './skip-value.js';

/**
 * The entries of an encoded map by what their keys say, each as the bytes of its key and its value.
 * So a map can be changed without a look at values that stay as they are.
 */
export type RawEntries = Map<string, Buffer>;

/**
 * Reads the map that begins at `at`; its entries are views. Of keys that repeat the last counts.
 * @throws WireError when it is none, or does not have the size or the number of items that it claims
 */
export function readRawMap(buffer: Buffer, at: number, end: number): RawEntries {
  const mapEnd = skipValue(buffer, at, end);
  const short = buffer[at] === CODE.map8;
  if (!short && buffer[at] !== CODE.map32) throw new WireError('a map expected');
  let next = at + (short ? 3 : 9);
  if (next > mapEnd) throw new WireError('a map does not have the size that it claims');
  const count = short ? buffer[at + 2]! : uint32At(buffer, at + 5);
  if (count % 2 !== 0) throw new WireError('a map has a key without a value');
  // Each item takes a byte at least.
  if (count > mapEnd - next) throw new WireError(`a map claims ${count} items`);
  const entries: RawEntries = new Map();
  for (let index = 0; index < count; index += 2) {
    const valueStart = skipValue(buffer, next, mapEnd);
    const entryEnd = skipValue(buffer, valueStart, mapEnd);
    entries.set(keyOf(buffer, next, valueStart), buffer.subarray(next, entryEnd));
    next = entryEnd;
  }
  if (next !== mapEnd) throw new WireError('the size of a map is not that of its items');
  return entries;
}

/** A map of those entries. */
export function encodeRawMap(entries: RawEntries): Buffer {
  const head = Buffer.alloc(9);
  const items = [...entries.values()];
  const bytes = items.reduce((sum, { length }) => sum + length, 0);
  head[0] = CODE.map32;
  head.writeUInt32BE(4 + bytes, 1);
  head.writeUInt32BE(2 * items.length, 5);
  return Buffer.concat([head, ...items]);
}

/** The text of a symbol or a string; for other keys something that no text is. */
function keyOf(buffer: Buffer, start: number, end: number): string {
  switch (buffer[start]) {
    case CODE.symbol8:
    case CODE.string8:
      return buffer.toString('utf8', start + 2, end);
    case CODE.symbol32:
    case CODE.string32:
      return buffer.toString('utf8', start + 5, end);
    default:
      return `\0${buffer.toString('hex', start, end)}`;
  }
}
