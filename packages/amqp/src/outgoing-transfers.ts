import { FORMAT_IDS, type Message } from '@causeway/core';
import { Ring } from '@causeway/wire';
import { annotate } from './annotations.js';
import type { AmqpClient } from './client.js';
import {
  encodeResumed,
  MESSAGE_HEADER_BYTES_MAX,
  TRANSFER_HEAD_BYTES_MAX,
  writeTransferHead,
} from './codec/encode-transfer.js';
import { deliveryHeader } from './delivery-head.js';
import type { SendingLink } from './sending-link.js';
import { distance, increment } from './serial.js';

/** A delivery of which a part could not leave yet. */
interface Remainder {
  readonly link: SendingLink;
  readonly number: number;
  readonly tag: number;
  readonly settled: boolean;
  /** What precedes the message's own bytes; empty once it has left. */
  head: Buffer;
  readonly bytes: Buffer;
  at: number;
  readonly end: number;
  /** Its first frame has left. */
  begun: boolean;
}

const EMPTY = Buffer.alloc(0);
/** From this size on, bytes are handed over by reference. */
const REFERENCE_BYTES_MIN = 16 * 1024;

/** Transfers of one session to its client, within the client's window (part 2.5.6). */
export class OutgoingTransfers {
  /** The id of the next transfer frame. */
  nextId = 0;
  /** Transfer frames that the client takes. */
  window: number;
  readonly #client: AmqpClient;
  readonly #channel: number;
  readonly #payloadMax: number;
  readonly #waiting = new Ring<Remainder>();

  constructor(client: AmqpClient, channel: number, window: number) {
    this.#client = client;
    this.#channel = channel;
    this.window = window;
    this.#payloadMax = client.remoteFrameBytesMax - TRANSFER_HEAD_BYTES_MAX;
  }

  /** Whether no further delivery should be begun. */
  get blocked(): boolean {
    return this.window <= 0 || this.#waiting.length > 0;
  }

  /** The client takes frames up to this one (part 2.5.6). */
  open(nextIncomingId: number, incomingWindow: number): void {
    // The window may be of any size: ids are compared, windows are not.
    this.window = incomingWindow - distance(this.nextId, nextIncomingId);
    this.proceed();
  }

  /** Sends what waits, as far as the window and the socket let it through. */
  proceed(): void {
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      // What did not leave completely on a link that is gone went back to its queue.
      if (!next.link.detached && !this.#write(next)) return;
      this.#waiting.shift();
    }
  }

  /**
   * Sends a message; what the window does not let through now follows later.
   * @param number of the delivery, of which the lower 32 bits are its id
   * @param failures deliveries of it that failed so far
   */
  send(
    link: SendingLink,
    number: number,
    message: Message,
    settled: boolean,
    failures: number,
    redelivered: boolean,
  ): void {
    // What waits, or is handed over by reference, outlives the input that a message borrows from.
    const large = Math.min(REFERENCE_BYTES_MIN, this.#payloadMax - MESSAGE_HEADER_BYTES_MAX);
    if (this.blocked || message.size >= large) message.keep();
    const native = message.format === FORMAT_IDS.amqp;
    const bytes = native ? message.bytes : this.#converted(message);
    let start = native ? message.start : 0;
    const end = native ? message.end : bytes.length;
    let head = deliveryHeader(message, failures, redelivered, this.#nowMs);
    if (message.annotations !== null) {
      const annotated = annotate(message.annotations, bytes, start, end);
      head = Buffer.concat([head, annotated.section]);
      start = annotated.bareStart;
    }
    if (!this.blocked && head.length + end - start <= this.#payloadMax) {
      this.#frame(link.handle, number, message.id, settled, false, head, bytes, start, end);
      return;
    }
    const remainder = this.#remainder(link, number, message, settled, head, bytes, start, end);
    if (this.#waiting.length > 0 || !this.#write(remainder)) this.#waiting.push(remainder);
  }

  /** Delivers a message again on a resumed link: an empty transfer says so, the whole follows. */
  resume(link: SendingLink, number: number, message: Message, failures: number): void {
    const native = message.format === FORMAT_IDS.amqp;
    const bytes = native ? message.bytes : this.#converted(message);
    let start = native ? message.start : 0;
    const end = native ? message.end : bytes.length;
    let head = deliveryHeader(message, failures, true, this.#nowMs);
    if (message.annotations !== null) {
      const annotated = annotate(message.annotations, bytes, start, end);
      head = Buffer.concat([head, annotated.section]);
      start = annotated.bareStart;
    }
    this.#empty(encodeResumed(this.#channel, link.handle, number, message.id, false));
    const rest = this.#remainder(link, number, message, false, head, bytes, start, end);
    rest.begun = true;
    this.#waiting.push(rest);
    this.proceed();
  }

  /** Settles, on a resumed link, a delivery whose outcome the client had (part 2.6.13). */
  finish(link: SendingLink, number: number, tag: number): void {
    this.#empty(encodeResumed(this.#channel, link.handle, number, tag, true));
  }

  get #nowMs(): number {
    return this.#client.broker.clock.wallMs();
  }

  #converted(message: Message): Buffer {
    return this.#client.broker.formats.convert(message, FORMAT_IDS.amqp);
  }

  #remainder(
    link: SendingLink,
    number: number,
    message: Message,
    settled: boolean,
    head: Buffer,
    bytes: Buffer,
    start: number,
    end: number,
  ): Remainder {
    const delivery = { link, number, tag: message.id, settled, begun: false };
    // A head that fills a frame is cut like the rest: annotations may be larger than a small frame.
    if (head.length < this.#payloadMax) {
      return { ...delivery, head: Buffer.from(head), bytes, at: start, end };
    }
    const whole = Buffer.concat([head, bytes.subarray(start, end)]);
    return { ...delivery, head: EMPTY, bytes: whole, at: 0, end: whole.length };
  }

  #empty(frame: Buffer): void {
    this.#client.write(frame);
    this.nextId = increment(this.nextId);
    this.window--;
  }

  /** @returns whether all of it has left */
  #write(delivery: Remainder): boolean {
    const { link, settled, bytes, end } = delivery;
    while (this.window > 0 && !this.#client.sink.congested) {
      const { head, at } = delivery;
      const next = Math.min(end, at + this.#payloadMax - head.length);
      const tag = delivery.begun ? -1 : delivery.tag;
      this.#frame(link.handle, delivery.number, tag, settled, next < end, head, bytes, at, next);
      delivery.begun = true;
      delivery.head = EMPTY;
      delivery.at = next;
      if (next === end) return true;
    }
    return false;
  }

  #frame(
    handle: number,
    number: number,
    tag: number,
    settled: boolean,
    more: boolean,
    head: Buffer,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    const { out } = this.#client.sink;
    const large = end - start >= REFERENCE_BYTES_MIN;
    const payload = head.length + end - start;
    out.reserve(TRANSFER_HEAD_BYTES_MAX + head.length + (large ? 0 : end - start));
    const { buffer } = out;
    let at = writeTransferHead(
      buffer,
      out.position,
      this.#channel,
      handle,
      number,
      tag,
      settled,
      more,
      payload,
    );
    for (let index = 0; index < head.length; index++) buffer[at++] = head[index]!;
    out.position = at;
    out.append(bytes, start, end);
    this.nextId = increment(this.nextId);
    this.window--;
    this.#client.flush();
  }
}
