import { utf8Slice } from './utf8.js';
import { WireError } from './wire-error.js';

/**
 * A bounds-checked cursor over a part of a buffer. It copies nothing and keeps no reference beyond
 * the buffer it was given; every read past `end` throws {@link WireError}. For cold frames and
 * stored records: hot frames are read with plain indexing after one check of their length.
 */
export class ByteReader {
  readonly buffer: Buffer;
  position: number;
  readonly end: number;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  uint8(): number {
    return this.buffer[this.advance(1)]!;
  }

  uint16(): number {
    return this.buffer.readUInt16BE(this.advance(2));
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.advance(4));
  }

  /** An unsigned integer of six bytes: the widest the broker stores, always a safe integer. */
  uint48(): number {
    return this.buffer.readUIntBE(this.advance(6), 6);
  }

  /** A LEB128 unsigned integer of at most four bytes, as MQTT writes lengths [MQTT 5 1.5.5]. */
  variableInteger(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.uint8();
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) {
        if (byte === 0 && shift > 0) throw new WireError('a length is written longer than needed');
        return value;
      }
    }
    throw new WireError('a length is written in more than four bytes');
  }

  /** A view of the next `length` bytes: valid as long as the buffer is. */
  bytes(length: number): Buffer {
    const start = this.advance(length);
    return this.buffer.subarray(start, start + length);
  }

  /** Strict UTF-8 text of `length` bytes. */
  text(length: number): string {
    const start = this.advance(length);
    return utf8Slice(this.buffer, start, start + length);
  }

  /** Moves past `length` bytes and returns where they start. */
  advance(length: number): number {
    const start = this.position;
    if (length < 0 || start + length > this.end) {
      throw new WireError(`${length} bytes expected, ${this.end - start} left`);
    }
    this.position = start + length;
    return start;
  }
}
