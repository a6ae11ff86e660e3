import type { Message } from '@causeway/core';
import { ByteReader, WireError } from '@causeway/wire';
import { CHECKSUM_BYTES } from './checksum.js';
import { putUint32, putUint48, putUint64 } from './integers.js';
import {
  type DecodedMessage,
  encodeAnnotations,
  type MessageDecoder,
  MessageEncoder,
} from './message-codec.js';
import { RECORD } from './record-kinds.js';

const SCRATCH_BYTES = 64 * 1024;
/** A scratch buffer that grew beyond this for a huge message is given up again. */
const SCRATCH_BYTES_MAX = 1024 * 1024;
const HEADER_BYTES = CHECKSUM_BYTES + 1;
const ENTRY_FLAGS = { direct: 1 } as const;
const TARGET_BYTES = 10;

export interface DecodedEntry {
  /** Null for an entry that refers to a body. */
  readonly decoded: DecodedMessage | null;
  /** 0 when the message is in the entry. */
  readonly bodyId: number;
  readonly direct: boolean;
}

export interface DecodedBody {
  readonly decoded: DecodedMessage;
  /** Flat [queueId, sequence] pairs. */
  readonly targets: readonly number[];
}

/**
 * Builds the values that hold messages, in one buffer that is used again: a value is valid until
 * the next call. Its checksum is still missing.
 */
export class MessageRecords {
  readonly #encoder: MessageEncoder;
  #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

  /** @param bootCount the run of the broker that the records say they were written by */
  constructor(bootCount: number) {
    this.#encoder = new MessageEncoder(bootCount);
  }

  entry(message: Message, direct: boolean): Buffer {
    const value = this.#withMessage(message, HEADER_BYTES + 1);
    value[CHECKSUM_BYTES] = RECORD.message;
    value[HEADER_BYTES] = direct ? ENTRY_FLAGS.direct : 0;
    return value;
  }

  reference(bodyId: number, direct: boolean): Buffer {
    const value = this.#reserve(HEADER_BYTES + 9);
    value[CHECKSUM_BYTES] = RECORD.reference;
    value[HEADER_BYTES] = direct ? ENTRY_FLAGS.direct : 0;
    putUint64(value, HEADER_BYTES + 1, bodyId);
    return value;
  }

  body(message: Message, targets: readonly number[]): Buffer {
    const count = targets.length / 2;
    const value = this.#withMessage(message, HEADER_BYTES + 4 + count * TARGET_BYTES);
    value[CHECKSUM_BYTES] = RECORD.body;
    putUint32(value, HEADER_BYTES, count);
    let at = HEADER_BYTES + 4;
    for (let index = 0; index < targets.length; index += 2, at += TARGET_BYTES) {
      putUint32(value, at, targets[index]!);
      putUint48(value, at + 4, targets[index + 1]!);
    }
    return value;
  }

  /** The payload of a retained message's document: a copy of its own. */
  retained(message: Message): Buffer {
    return Buffer.from(this.#withMessage(message, 0));
  }

  #withMessage(message: Message, before: number): Buffer {
    const annotations = message.annotations === null ? null : encodeAnnotations(message);
    const value = this.#reserve(before + this.#encoder.measure(message, annotations));
    this.#encoder.write(value, before, message, annotations);
    return value;
  }

  #reserve(bytes: number): Buffer {
    const { length } = this.#scratch;
    if (bytes > length || (length > SCRATCH_BYTES_MAX && bytes <= SCRATCH_BYTES_MAX)) {
      this.#scratch = Buffer.allocUnsafeSlow(Math.max(bytes, SCRATCH_BYTES));
    }
    return this.#scratch.subarray(0, bytes);
  }
}

/** Reads the value of an entry whose checksum was found right; throws WireError. */
export function decodeEntry(value: Buffer, decoder: MessageDecoder): DecodedEntry {
  const reader = new ByteReader(value, CHECKSUM_BYTES);
  const kind = reader.uint8();
  const direct = (reader.uint8() & ENTRY_FLAGS.direct) !== 0;
  if (kind === RECORD.message) {
    return { decoded: decoder.read(value, reader.position), bodyId: 0, direct };
  }
  if (kind !== RECORD.reference) throw new WireError(`${kind} is no kind of entry`);
  const high = reader.uint32();
  return { decoded: null, bodyId: high * 2 ** 32 + reader.uint32(), direct };
}

/** Reads the value of a shared body whose checksum was found right; throws WireError. */
export function decodeBody(value: Buffer, decoder: MessageDecoder): DecodedBody {
  const reader = new ByteReader(value, CHECKSUM_BYTES);
  if (reader.uint8() !== RECORD.body) throw new WireError('not a body');
  const targets: number[] = [];
  for (let count = reader.uint32(); count > 0; count--) {
    targets.push(reader.uint32(), reader.uint48());
  }
  return { decoded: decoder.read(value, reader.position), targets };
}
