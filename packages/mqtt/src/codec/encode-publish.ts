import type { OutputBuffer } from '@causeway/wire';
import { PACKET, type Version } from './types.js';

/** From here on a tail that is not borrowed goes to the socket by reference. */
const REFERENCE_BYTES_MIN = 16 * 1024;
/** Up to here a loop copies faster than a call into native code. */
const LOOP_BYTES_MAX = 48;
const FIXED_HEADER_BYTES_MAX = 5;
const EXPIRY_BYTES = 5;
const ALIAS_BYTES = 3;
const EMPTY: Buffer = Buffer.alloc(0);

/**
 * A PUBLISH on its way to one client. One object serves all of a connection's deliveries: it is
 * filled, measured, written. In the stored bytes, what follows the length of the property block is
 * contiguous up to the end of the payload, so a packet is a computed head and that tail, verbatim.
 */
export class OutgoingPublish {
  version: Version = 4;
  qos = 0;
  duplicate = false;
  retain = false;
  topic = EMPTY;
  /** 0 for a packet without alias. */
  topicAlias = 0;
  /** The client knows the alias: the topic is left out. */
  topicKnown = false;
  packetId = 0;
  /** -1 for a message that does not expire. */
  expirySeconds = -1;
  /** Further properties, encoded; subscription identifiers for instance. */
  extra = EMPTY;
  bytes = EMPTY;
  end = 0;
  /** `bytes` is valid during the call only. */
  borrowed = false;
  #tailStart = 0;
  #keptPropertyBytes = 0;
  #propertyBytes = 0;
  #remaining = 0;

  /** Says where the message is; `hasBlock`: a property block comes before the payload. */
  source(bytes: Buffer, start: number, end: number, hasBlock: boolean, borrowed: boolean): void {
    this.bytes = bytes;
    this.end = end;
    this.borrowed = borrowed;
    this.#tailStart = start;
    this.#keptPropertyBytes = 0;
    if (!hasBlock) return;
    let at = start;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    // MQTT 3 has no properties: its tail is the payload alone.
    this.#tailStart = this.version === 5 ? at : at + length;
    this.#keptPropertyBytes = this.version === 5 ? length : 0;
  }

  /** The size of the whole packet; call it when everything else is set. */
  measure(): number {
    let remaining = 2 + (this.topicKnown ? 0 : this.topic.length) + (this.qos > 0 ? 2 : 0);
    if (this.version === 5) {
      let properties = this.#keptPropertyBytes + this.extra.length;
      if (this.topicAlias > 0) properties += ALIAS_BYTES;
      if (this.expirySeconds >= 0) properties += EXPIRY_BYTES;
      this.#propertyBytes = properties;
      remaining += lengthBytes(properties) + properties - this.#keptPropertyBytes;
    }
    remaining += this.end - this.#tailStart;
    this.#remaining = remaining;
    return 1 + lengthBytes(remaining) + remaining;
  }

  /** Writes the packet as it was measured. */
  write(out: OutputBuffer): void {
    const { bytes, end } = this;
    const tailStart = this.#tailStart;
    const tailBytes = end - tailStart;
    const headBytes = this.#remaining - tailBytes + FIXED_HEADER_BYTES_MAX;
    if (tailBytes >= REFERENCE_BYTES_MIN && !this.borrowed) {
      out.reserve(headBytes);
      this.#writeHead(out);
      out.append(bytes, tailStart, end);
      return;
    }
    out.reserve(headBytes + tailBytes);
    this.#writeHead(out);
    copyBytes(bytes, tailStart, end, out.buffer, out.position);
    out.position += tailBytes;
  }

  #writeHead(out: OutputBuffer): void {
    const { buffer } = out;
    const { qos, topic, packetId } = this;
    let at = out.position;
    buffer[at++] =
      (PACKET.publish << 4) | (this.duplicate ? 8 : 0) | (qos << 1) | (this.retain ? 1 : 0);
    at = writeLength(buffer, at, this.#remaining);
    const topicBytes = this.topicKnown ? 0 : topic.length;
    buffer[at++] = topicBytes >> 8;
    buffer[at++] = topicBytes & 0xff;
    copyBytes(topic, 0, topicBytes, buffer, at);
    at += topicBytes;
    if (qos > 0) {
      buffer[at++] = packetId >> 8;
      buffer[at++] = packetId & 0xff;
    }
    out.position = this.version === 5 ? this.#writeProperties(buffer, at) : at;
  }

  #writeProperties(buffer: Buffer, start: number): number {
    const { topicAlias, expirySeconds, extra } = this;
    let at = writeLength(buffer, start, this.#propertyBytes);
    if (expirySeconds >= 0) {
      buffer[at++] = 0x02;
      at = buffer.writeUInt32BE(expirySeconds, at);
    }
    if (topicAlias > 0) {
      buffer[at++] = 0x23;
      buffer[at++] = topicAlias >> 8;
      buffer[at++] = topicAlias & 0xff;
    }
    copyBytes(extra, 0, extra.length, buffer, at);
    return at + extra.length;
  }
}

function lengthBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x200000 ? 3 : 4;
}

function writeLength(buffer: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest > 0x7f) {
    buffer[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[at++] = rest;
  return at;
}

function copyBytes(source: Buffer, start: number, end: number, target: Buffer, at: number): void {
  if (end - start > LOOP_BYTES_MAX) {
    source.copy(target, at, start, end);
    return;
  }
  for (let from = start, to = at; from < end; from++, to++) target[to] = source[from]!;
}
