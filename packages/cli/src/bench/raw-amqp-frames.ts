import { CommandError } from '../exit-code.js';

/** Frame types (AMQP 1.0, 2.3.1 and 5.3.1). */
export const FRAME_AMQP = 0;
export const FRAME_SASL = 1;
/** What `readFrames` gives for a protocol header, which is no frame (2.2). */
export const PROTOCOL_HEADER = -1;

/** Descriptors, as far as they are spoken here. */
export const CODES = {
  open: 0x10,
  begin: 0x11,
  attach: 0x12,
  flow: 0x13,
  transfer: 0x14,
  disposition: 0x15,
  detach: 0x16,
  end: 0x17,
  close: 0x18,
  error: 0x1d,
  accepted: 0x24,
  source: 0x28,
  target: 0x29,
  saslMechanisms: 0x40,
  saslInit: 0x41,
  saslOutcome: 0x44,
  data: 0x75,
  value: 0x77,
} as const;

const PROTOCOL_HEADER_BYTES = 8;
const FRAME_HEADER_BYTES = 8;
/** The first four bytes of a protocol header: as a frame's size it would be a gigabyte. */
const PROTOCOL_NAME = 0x41_4d_51_50;

export type FrameHandler = (type: number, bytes: Buffer, start: number, end: number) => void;

/** Calls `handle` with the body of each whole frame; returns the bytes that they took. */
export function readFrames(bytes: Buffer, end: number, handle: FrameHandler): number {
  let start = 0;
  while (start + FRAME_HEADER_BYTES <= end) {
    const size = bytes.readUInt32BE(start);
    if (size === PROTOCOL_NAME) {
      handle(PROTOCOL_HEADER, bytes, start, start + PROTOCOL_HEADER_BYTES);
      start += PROTOCOL_HEADER_BYTES;
      continue;
    }
    if (size < FRAME_HEADER_BYTES) throw new CommandError('a frame is shorter than its header');
    if (start + size > end) return start;
    const bodyStart = start + bytes[start + 4]! * 4;
    // An empty frame is a sign of life (2.4.5).
    if (bodyStart < start + size) handle(bytes[start + 5]!, bytes, bodyStart, start + size);
    start += size;
  }
  return start;
}

/** The place after the value at `at`: constructors say how long they are (1.2). */
export function skipValue(bytes: Buffer, at: number): number {
  const form = bytes[at]!;
  if (form === 0) return skipValue(bytes, skipValue(bytes, at + 1));
  switch (form >> 4) {
    case 4:
      return at + 1;
    case 5:
      return at + 2;
    case 6:
      return at + 3;
    case 7:
      return at + 5;
    case 8:
      return at + 9;
    case 9:
      return at + 17;
    case 0xa:
    case 0xc:
    case 0xe:
      return at + 2 + bytes[at + 1]!;
    case 0xb:
    case 0xd:
    case 0xf:
      return at + 5 + bytes.readUInt32BE(at + 1);
    default:
      throw new CommandError(`a value has the unknown constructor 0x${form.toString(16)}`);
  }
}

/** Reads the fields of a described list one after another. Fields that are missing are null. */
export class FieldReader {
  code = 0;
  /** The place after the list: where a payload begins. */
  end = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #left = 0;

  load(bytes: Buffer, start: number): void {
    const small = bytes[start + 1] === 0x53;
    this.#bytes = bytes;
    this.code = small ? bytes[start + 2]! : Number(bytes.readBigUInt64BE(start + 2));
    const list = start + (small ? 3 : 10);
    this.end = skipValue(bytes, list);
    const form = bytes[list];
    if (form === 0x45) this.#left = 0;
    else if (form === 0xc0) {
      this.#left = bytes[list + 2]!;
      this.#at = list + 3;
    } else if (form === 0xd0) {
      this.#left = bytes.readUInt32BE(list + 5);
      this.#at = list + 9;
    } else throw new CommandError('a frame holds no list');
  }

  skip(fields: number): void {
    for (let index = 0; index < fields; index++) this.#next();
  }

  uint(fallback: number): number {
    const at = this.#next();
    const form = this.#bytes[at];
    if (at < 0 || form === 0x40) return fallback;
    if (form === 0x43) return 0;
    if (form === 0x70) return this.#bytes.readUInt32BE(at + 1);
    // Small unsigned integers, and bytes.
    return this.#bytes[at + 1]!;
  }

  boolean(): boolean {
    const at = this.#next();
    const form = this.#bytes[at];
    return at >= 0 && (form === 0x41 || (form === 0x56 && this.#bytes[at + 1] === 1));
  }

  /** A string or symbol; null for anything else. */
  text(): string | null {
    const at = this.#next();
    const form = this.#bytes[at];
    if (at < 0 || form === undefined) return null;
    if (form === 0xa1 || form === 0xa3) {
      return this.#bytes.toString('utf8', at + 2, skipValue(this.#bytes, at));
    }
    if (form === 0xb1 || form === 0xb3) {
      return this.#bytes.toString('utf8', at + 5, skipValue(this.#bytes, at));
    }
    return null;
  }

  /** The place of a described value; -1 when the field is null. */
  described(): number {
    const at = this.#next();
    return at >= 0 && this.#bytes[at] === 0 ? at : -1;
  }

  /** The place of the next field; -1 when there is none. */
  #next(): number {
    if (this.#left === 0) return -1;
    this.#left--;
    const at = this.#at;
    this.#at = skipValue(this.#bytes, at);
    return at;
  }
}

/** Where the body of a message is within its first frame; it may go on in others. */
export function findBody(
  bytes: Buffer,
  start: number,
  end: number,
): { start: number; end: number } {
  let at = start;
  while (at + 3 < end) {
    const code = bytes[at + 2];
    if (code === CODES.data || code === CODES.value) {
      const form = bytes[at + 3]! >> 4;
      if (form === 0xa) return { start: at + 5, end: Math.min(end, skipValue(bytes, at + 3)) };
      if (form === 0xb) return { start: at + 8, end: Math.min(end, skipValue(bytes, at + 3)) };
      break;
    }
    at = skipValue(bytes, at + 3);
  }
  return { start: end, end };
}
