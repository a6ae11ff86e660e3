import { type ByteReader, type ByteWriter, WireError } from '@causeway/wire';

const TWO_32 = 2 ** 32;
const TWO_7 = 2 ** 7;

/** Big-endian integers by plain indexing: several times faster than the methods of Buffer. */
export function putUint16(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >>> 8;
  buffer[at + 1] = value;
}

export function putUint32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

export function putUint48(buffer: Buffer, at: number, value: number): void {
  putUint16(buffer, at, Math.floor(value / TWO_32));
  putUint32(buffer, at + 2, value);
}

/** A safe integer (below 2^53) in eight bytes. */
export function putUint64(buffer: Buffer, at: number, value: number): void {
  putUint32(buffer, at, Math.floor(value / TWO_32));
  putUint32(buffer, at + 4, value);
}

export function getUint32(buffer: Buffer, at: number): number {
  return (
    buffer[at]! * 0x1000000 + ((buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!)
  );
}

export function getUint48(buffer: Buffer, at: number): number {
  return ((buffer[at]! << 8) | buffer[at + 1]!) * TWO_32 + getUint32(buffer, at + 2);
}

export function getUint64(buffer: Buffer, at: number): number {
  return getUint32(buffer, at) * TWO_32 + getUint32(buffer, at + 4);
}

/** LEB128 for any safe integer: most numbers of cold records are small. */
export function writeNumber(writer: ByteWriter, value: number): void {
  let rest = value;
  while (rest >= TWO_7) {
    writer.uint8((rest % TWO_7) | 0x80);
    rest = Math.floor(rest / TWO_7);
  }
  writer.uint8(rest);
}

/** @throws WireError when it is no safe integer, which a damaged record may claim */
export function readNumber(reader: ByteReader): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = reader.uint8();
    value += (byte & 0x7f) * scale;
    if (value > Number.MAX_SAFE_INTEGER || scale > Number.MAX_SAFE_INTEGER) {
      throw new WireError('a number is out of range');
    }
    if (byte < 0x80) return value;
    scale *= TWO_7;
  }
}
