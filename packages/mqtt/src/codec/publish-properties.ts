import { isStrictUtf8 } from '@causeway/wire';
import { MqttError, malformed, protocolError } from './mqtt-error.js';
import { PRIORITY_PROPERTY } from './priority-property.js';
import { definitionOf } from './properties.js';
import { REASON } from './reason.js';
import type { DecodeLimits } from './types.js';

const ID = {
  payloadFormat: 0x01,
  expiry: 0x02,
  contentType: 0x03,
  responseTopic: 0x08,
  correlationData: 0x09,
  topicAlias: 0x23,
  userProperty: 0x26,
} as const;
const PRIORITY_NAME = Buffer.from(PRIORITY_PROPERTY);
const EXPIRY_BYTES = 5;
const ALIAS_BYTES = 3;

/**
 * Checks the property block of a PUBLISH in place, and finds the two properties that are the
 * connection's or the broker's business and do not stay with the message: the topic alias and the
 * message expiry. One object serves all packets of a connection.
 */
export class PublishProperties {
  /** -1 when there is none: 0 is an invalid alias. */
  topicAlias = -1;
  /** -1 when the message does not expire. */
  expirySeconds = -1;
  /** The payload claims to be UTF-8 text. */
  text = false;
  /** 0 to 9; -1 when the sender gives none. */
  priority = -1;
  #view: Buffer = Buffer.alloc(0);
  #position = 0;
  #start = 0;
  #end = 0;
  #aliasAt = -1;
  #expiryAt = -1;
  /** One bit for each property identifier seen so far; all that may not repeat are below 32. */
  #seen = 0;

  /**
   * Reads the block that starts with its length at `start`.
   * @returns where the payload starts
   * @throws MqttError
   */
  scan(view: Buffer, start: number, end: number, limits: DecodeLimits): number {
    this.#reset(view, start, end);
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 21) throw malformed('the property length has more than four bytes');
      const byte = this.#byte();
      length |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (byte === 0 && shift > 0) throw malformed('a length is written longer than needed');
      break;
    }
    if (length > limits.headerBytesMax) {
      throw new MqttError(REASON.packetTooLarge, 'the properties are too long');
    }
    this.#start = this.#position;
    const blockEnd = this.#position + length;
    if (blockEnd > end) throw malformed('the properties are longer than their packet');
    this.#end = blockEnd;
    for (let users = 0; this.#position < blockEnd; ) {
      if (this.#property() !== ID.userProperty) continue;
      if (++users > limits.headersMax) {
        throw new MqttError(REASON.quotaExceeded, 'there are too many user properties');
      }
    }
    return blockEnd;
  }

  /** For a packet whose property length is 0; returns where the payload starts. */
  none(payload: number): number {
    this.topicAlias = -1;
    return payload;
  }

  /** Bytes of the block that do not stay with the message. */
  get removedBytes(): number {
    return (this.#expiryAt < 0 ? 0 : EXPIRY_BYTES) + (this.#aliasAt < 0 ? 0 : ALIAS_BYTES);
  }

  /** Bytes of the block that stay with the message. */
  get keptBytes(): number {
    return this.#end - this.#start - this.removedBytes;
  }

  /** A copy of the block without what does not stay, and of the payload that ends at `end`. */
  copyKept(end: number): Buffer {
    const kept = this.keptBytes;
    const copy = Buffer.allocUnsafe(4 + kept + end - this.#end);
    let at = 0;
    for (let rest = kept; ; rest >>>= 7) {
      copy[at++] = rest > 0x7f ? (rest & 0x7f) | 0x80 : rest;
      if (rest <= 0x7f) break;
    }
    const first = Math.min(this.#aliasAt >>> 0, this.#expiryAt >>> 0);
    const second = Math.max(this.#aliasAt, this.#expiryAt);
    let from = this.#start;
    for (const gap of first === second ? [first] : [first, second]) {
      at += this.#view.copy(copy, at, from, gap);
      from = gap + (gap === this.#aliasAt ? ALIAS_BYTES : EXPIRY_BYTES);
    }
    at += this.#view.copy(copy, at, from, end);
    return copy.subarray(0, at);
  }

  #reset(view: Buffer, start: number, end: number): void {
    this.#view = view;
    this.#position = start;
    this.#end = end;
    this.#aliasAt = -1;
    this.#expiryAt = -1;
    this.#seen = 0;
    this.topicAlias = -1;
    this.expirySeconds = -1;
    this.text = false;
    this.priority = -1;
  }

  #property(): number {
    const at = this.#position;
    const id = this.#byte();
    switch (id) {
      case ID.payloadFormat:
        this.#once(id);
        this.#payloadFormat();
        break;
      case ID.expiry:
        this.#once(id);
        this.#expiryAt = at;
        this.expirySeconds = this.#uint16() * 0x10000 + this.#uint16();
        break;
      case ID.contentType:
        this.#once(id);
        this.#text();
        break;
      case ID.responseTopic:
        this.#once(id);
        this.#responseTopic();
        break;
      case ID.correlationData:
        this.#once(id);
        this.#skip(this.#uint16());
        break;
      case ID.topicAlias:
        if (this.#aliasAt >= 0) throw protocolError('topicAlias occurs twice');
        this.#aliasAt = at;
        this.topicAlias = this.#uint16();
        break;
      case ID.userProperty:
        this.#userProperty();
        break;
      default:
        // Subscription identifiers are the broker's to send [MQTT-3.3.4-6].
        definitionOf(id, 'PUBLISH');
        throw protocolError('a client sends a subscription identifier');
    }
    return id;
  }

  #once(id: number): void {
    if ((this.#seen & (1 << id)) !== 0) throw protocolError(`property ${id} occurs twice`);
    this.#seen |= 1 << id;
  }

  #userProperty(): void {
    const name = this.#position + 2;
    this.#text();
    const nameEnd = this.#position;
    this.#text();
    const digit = this.#view[this.#position - 1]! - 0x30;
    if (nameEnd - name !== PRIORITY_NAME.length || this.#position - nameEnd !== 3) return;
    if (digit < 0 || digit > 9 || this.priority >= 0) return;
    if (PRIORITY_NAME.compare(this.#view, name, nameEnd) === 0) this.priority = digit;
  }

  #payloadFormat(): void {
    const value = this.#byte();
    if (value > 1) throw protocolError('payloadFormat is neither 0 nor 1');
    this.text = value === 1;
  }

  #responseTopic(): void {
    const start = this.#position + 2;
    this.#text();
    for (let index = start; index < this.#position; index++) {
      const byte = this.#view[index];
      // [MQTT-3.3.2-14]
      if (byte === 0x2b || byte === 0x23) throw protocolError('a response topic has wildcards');
    }
  }

  /** A text of two length bytes and strict UTF-8 without U+0000. */
  #text(): void {
    const length = this.#uint16();
    const start = this.#position;
    this.#skip(length);
    for (let index = start; index < this.#position; index++) {
      const byte = this.#view[index]!;
      if (byte === 0) throw malformed('a text holds U+0000');
      if (byte > 0x7f) {
        this.#wideText(index);
        return;
      }
    }
  }

  /** The rest of a text, from its first byte that is not ASCII on. */
  #wideText(start: number): void {
    if (!isStrictUtf8(this.#view, start, this.#position)) {
      throw malformed('text is not valid UTF-8');
    }
    if (this.#view.subarray(start, this.#position).includes(0)) {
      throw malformed('a text holds U+0000');
    }
  }

  #byte(): number {
    if (this.#position >= this.#end) throw malformed('a property is longer than its block');
    return this.#view[this.#position++]!;
  }

  #uint16(): number {
    return (this.#byte() << 8) | this.#byte();
  }

  #skip(length: number): void {
    if (this.#position + length > this.#end) {
      throw malformed('a property is longer than its block');
    }
    this.#position += length;
  }
}
