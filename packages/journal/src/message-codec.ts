import { type Address, type AddressBook, type AddressKind, Message } from '@causeway/core';
import { ByteReader, ByteWriter, WireError } from '@causeway/wire';
import { getUint32, getUint48, getUint64, putUint32, putUint48, putUint64 } from './integers.js';

const FLAGS = { durable: 1, retain: 2, annotated: 4, delayed: 8, amended: 16 } as const;
const ADDRESS_CODES = { queue: 1, topic: 2 } as const satisfies Record<AddressKind, number>;
/** Envelope before the address: flags, format, its flags, priority, id, times, boot. */
const FIXED_BYTES = 28;
/** After it, of a message that waits for its time: not before, publisher. */
const DELAY_BYTES = 12;
/** Before the amendments of a message: their length. */
const AMENDMENTS_HEAD_BYTES = 4;
const UINT48_MAX = 2 ** 48 - 1;

/** A message of a record, and the run of the broker that wrote it. */
export interface DecodedMessage {
  readonly message: Message;
  readonly bootCount: number;
}

/** Writes messages into records. Encoded addresses are kept, the last one at hand. */
export class MessageEncoder {
  readonly #bootCount: number;
  readonly #encoded = new WeakMap<Address, Buffer>();
  #lastAddress: Address | null = null;
  #lastEncoded: Buffer = Buffer.alloc(0);

  constructor(bootCount: number) {
    this.#bootCount = bootCount;
  }

  /** Bytes that `write` will use. Call it first: it prepares the address. */
  measure(message: Message, annotations: Buffer | null): number {
    if (message.address !== this.#lastAddress) this.#prepare(message.address);
    const delay = message.notBefore > 0 ? DELAY_BYTES : 0;
    const { amendments } = message;
    const amended = amendments === null ? 0 : AMENDMENTS_HEAD_BYTES + amendments.length;
    const extra = delay + (annotations?.length ?? 0) + amended;
    return FIXED_BYTES + this.#lastEncoded.length + extra + message.size;
  }

  write(target: Buffer, at: number, message: Message, annotations: Buffer | null): void {
    target[at] =
      (message.durable ? FLAGS.durable : 0) |
      (message.retain ? FLAGS.retain : 0) |
      (annotations === null ? 0 : FLAGS.annotated) |
      (message.notBefore > 0 ? FLAGS.delayed : 0) |
      (message.amendments === null ? 0 : FLAGS.amended);
    target[at + 1] = message.format;
    target[at + 2] = message.formatFlags;
    target[at + 3] = message.priority;
    putUint64(target, at + 4, message.id);
    putUint48(target, at + 12, clamp(message.timestamp));
    putUint48(target, at + 18, clamp(message.expiresAt));
    putUint32(target, at + 24, this.#bootCount);
    let position = at + FIXED_BYTES;
    if (message.notBefore > 0) {
      putUint48(target, position, clamp(message.notBefore));
      putUint48(target, position + 6, message.publisherId);
      position += DELAY_BYTES;
    }
    const address = this.#lastEncoded;
    for (let index = 0; index < address.length; index++) target[position++] = address[index]!;
    if (annotations !== null) position += annotations.copy(target, position);
    if (message.amendments !== null) {
      putUint32(target, position, message.amendments.length);
      position += AMENDMENTS_HEAD_BYTES;
      position += message.amendments.copy(target, position);
    }
    message.bytes.copy(target, position, message.start, message.end);
  }

  #prepare(address: Address): void {
    let encoded = this.#encoded.get(address);
    if (encoded === undefined) {
      const { kind, name } = address;
      encoded = new ByteWriter()
        .uint8(ADDRESS_CODES[kind])
        .uint16(Buffer.byteLength(name))
        .utf8(name)
        .take();
      this.#encoded.set(address, encoded);
    }
    this.#lastAddress = address;
    this.#lastEncoded = encoded;
  }
}

/** The annotations of a message as bytes, or null when it has none. */
export function encodeAnnotations(message: Message): Buffer | null {
  const { annotations } = message;
  if (annotations === null || annotations.size === 0) return null;
  const writer = new ByteWriter().uint16(annotations.size);
  for (const [name, value] of annotations) {
    writer.uint16(Buffer.byteLength(name)).utf8(name);
    writer.uint32(Buffer.byteLength(value)).utf8(value);
  }
  return writer.take();
}

/** Reads messages from records; each refers to the bytes of its record, which nobody else has. */
export class MessageDecoder {
  readonly #addresses: AddressBook;
  #lastAddress: Address | null = null;
  #lastEncoded: Buffer = Buffer.alloc(0);

  constructor(addresses: AddressBook) {
    this.#addresses = addresses;
  }

  /** @throws WireError when the bytes are not a message */
  read(record: Buffer, at: number): DecodedMessage {
    const reader = new ByteReader(record, at);
    reader.advance(FIXED_BYTES);
    const flags = record[at]!;
    const delayed = (flags & FLAGS.delayed) !== 0;
    const notBefore = delayed ? reader.uint48() : 0;
    const publisherId = delayed ? reader.uint48() : 0;
    const address = this.#address(reader);
    const annotations = (flags & FLAGS.annotated) === 0 ? null : readAnnotations(reader);
    const amendments = (flags & FLAGS.amended) === 0 ? null : readAmendments(reader);
    const durable = (flags & FLAGS.durable) !== 0;
    const start = reader.position;
    const message = new Message(
      address,
      record[at + 1]!,
      durable,
      record,
      start,
      record.length,
      false,
    );
    message.retain = (flags & FLAGS.retain) !== 0;
    message.formatFlags = record[at + 2]!;
    message.priority = record[at + 3]!;
    message.id = getUint64(record, at + 4);
    message.timestamp = getUint48(record, at + 12);
    message.expiresAt = getUint48(record, at + 18);
    message.notBefore = notBefore;
    message.publisherId = publisherId;
    message.annotations = annotations;
    message.amendments = amendments;
    return { message, bootCount: getUint32(record, at + 24) };
  }

  #address(reader: ByteReader): Address {
    const { buffer } = reader;
    const start = reader.position;
    const code = reader.uint8();
    const length = reader.uint16();
    const end = reader.advance(length) + length;
    const last = this.#lastEncoded;
    if (this.#lastAddress !== null && last.compare(buffer, start, end) === 0) {
      return this.#lastAddress;
    }
    const name = buffer.toString('utf8', end - length, end);
    const address = this.#addresses.get(addressKind(code), name);
    this.#lastAddress = address;
    this.#lastEncoded = Buffer.from(buffer.subarray(start, end));
    return address;
  }
}

function addressKind(code: number): AddressKind {
  if (code === ADDRESS_CODES.queue) return 'queue';
  if (code === ADDRESS_CODES.topic) return 'topic';
  throw new WireError(`${code} is no kind of address`);
}

function readAnnotations(reader: ByteReader): ReadonlyMap<string, string> {
  const annotations = new Map<string, string>();
  for (let count = reader.uint16(); count > 0; count--) {
    const name = reader.text(reader.uint16());
    annotations.set(name, reader.text(reader.uint32()));
  }
  return annotations;
}

function readAmendments(reader: ByteReader): Buffer {
  return reader.bytes(reader.uint32());
}

function clamp(value: number): number {
  return Math.min(Math.max(value, 0), UINT48_MAX);
}
