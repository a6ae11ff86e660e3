import { type ByteReader, WireError } from '@causeway/wire';
import { readNumber } from './integers.js';

const LITERAL = 0;
const COPY_1 = 1;
/** Literals longer than this have their length in the bytes that follow. */
const LITERAL_LENGTH_MAX = 60;

/**
 * Decompresses one Snappy block (google/snappy, format_description.txt): the index of a table.
 * @throws WireError when it is not one, or is larger than `bytesMax`
 */
export function decompressSnappy(reader: ByteReader, bytesMax: number): Buffer {
  const length = readNumber(reader);
  if (length > bytesMax) throw new WireError(`a block of ${length} bytes`);
  const output = Buffer.alloc(length);
  let at = 0;
  while (reader.remaining > 0) {
    const tag = reader.uint8();
    if ((tag & 3) === LITERAL) {
      at += copyLiteral(reader, tag, output, at);
      continue;
    }
    const [count, offset] = readCopy(reader, tag);
    if (offset === 0 || offset > at || at + count > length) throw new WireError('a bad copy');
    for (let left = count; left > 0; left--, at++) output[at] = output[at - offset]!;
  }
  if (at !== length) throw new WireError(`${length} bytes expected, ${at} found`);
  return output;
}

function copyLiteral(reader: ByteReader, tag: number, output: Buffer, at: number): number {
  let count = (tag >>> 2) + 1;
  if (count > LITERAL_LENGTH_MAX) {
    count = readLittleEndian(reader, count - LITERAL_LENGTH_MAX) + 1;
  }
  if (at + count > output.length) throw new WireError('a bad literal');
  return reader.bytes(count).copy(output, at);
}

function readCopy(reader: ByteReader, tag: number): [count: number, offset: number] {
  if ((tag & 3) === COPY_1) {
    return [((tag >>> 2) & 7) + 4, ((tag >>> 5) << 8) | reader.uint8()];
  }
  return [(tag >>> 2) + 1, readLittleEndian(reader, (tag & 3) === 2 ? 2 : 4)];
}

function readLittleEndian(reader: ByteReader, bytes: number): number {
  let value = 0;
  for (let index = 0; index < bytes; index++) value += reader.uint8() * 256 ** index;
  return value;
}
