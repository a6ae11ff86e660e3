import type { Message, QueueEntry } from '@causeway/core';
import { Ring, type SlidingMap } from '@causeway/wire';
import type { AmqpClient } from './client.js';
import { encodeState } from './codec/encode-state.js';
import {
  encodeResumed,
  TRANSFER_HEAD_BYTES_MAX,
  writeTransferHead,
} from './codec/encode-transfer.js';
import { OutgoingMessage } from './outgoing-message.js';
import type { SendingLink } from './sending-link.js';
import { distance, increment } from './serial.js';

/** A delivery of which a part could not leave yet. */
interface Remainder {
  readonly link: SendingLink;
  /** Null when it is settled by sending it. */
  readonly entry: QueueEntry | null;
  readonly tag: number;
  /** Of one that is resumed: the state in its first frame, which has no payload (part 2.6.13). */
  readonly resumed: Buffer | null;
  /** What precedes the message's own bytes; empty once it has left. */
  head: Buffer;
  readonly bytes: Buffer;
  at: number;
  readonly end: number;
  /** Given when its first frame leaves; -1 before. */
  number: number;
}

const EMPTY = Buffer.alloc(0);
/** Part 3.4.1: where a message begins that is sent again. */
const FROM_THE_START = encodeState({ kind: 'received', sectionNumber: 0, sectionOffset: 0 });
/** From this size on, bytes are handed over by reference. */
const REFERENCE_BYTES_MIN = 16 * 1024;
/** Filled again by each message. */
const outgoing = new OutgoingMessage();

/** Transfers of one session to its client, within the client's window (part 2.5.6). */
export class OutgoingTransfers {
  /** The id of the next transfer frame. */
  nextId = 0;
  /** Transfer frames that the client takes. */
  window: number;
  readonly #client: AmqpClient;
  readonly #channel: number;
  readonly #payloadMax: number;
  readonly #unsettled: SlidingMap<QueueEntry>;
  readonly #waiting = new Ring<Remainder>();

  /** @param unsettled gets each delivery as it begins, and gives it its number */
  constructor(
    client: AmqpClient,
    channel: number,
    window: number,
    unsettled: SlidingMap<QueueEntry>,
  ) {
    this.#client = client;
    this.#unsettled = unsettled;
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
      // What did not leave, or not completely, on a link that is gone went back to its queue.
      if (!next.link.detached && !this.#write(next)) return;
      this.#waiting.shift();
    }
  }

  /**
   * Sends a message; what the window does not let through now follows later. A delivery has no id
   * until it begins: clients such as Qpid Proton's count on ids without gaps.
   * @param failures deliveries of it that failed so far
   */
  send(
    link: SendingLink,
    entry: QueueEntry | null,
    message: Message,
    failures: number,
    redelivered: boolean,
  ): void {
    outgoing.fill(this.#client, message, failures, redelivered);
    const atOnce = !this.blocked && outgoing.length <= this.#payloadMax;
    // What waits, or is handed over by reference, outlives the input that a message borrows from.
    if (message.borrowed && (!atOnce || message.size >= REFERENCE_BYTES_MIN)) {
      message.keep();
      outgoing.fill(this.#client, message, failures, redelivered);
    }
    if (atOnce) {
      const { head, bytes, start, end } = outgoing;
      const settled = entry === null;
      const number = this.#number(entry);
      this.#frame(link.handle, number, message.id, settled, false, head, bytes, start, end);
      return;
    }
    this.#begin(this.#remainder(link, entry, message.id, null));
  }

  /** Delivers a message again on a resumed link: an empty transfer says so, the whole follows. */
  resume(link: SendingLink, entry: QueueEntry): void {
    const { shown } = entry;
    outgoing.fill(this.#client, shown, Math.max(1, entry.deliveryCount), true);
    this.#begin(this.#remainder(link, entry, shown.id, FROM_THE_START));
  }

  /**
   * Settles, on a resumed link, a delivery whose outcome the client had (part 2.6.13).
   * @param resumed the outcome
   */
  finish(link: SendingLink, tag: number, resumed: Buffer): void {
    const nothing = { head: EMPTY, bytes: EMPTY, at: 0, end: 0 };
    this.#begin({ link, entry: null, tag, resumed, number: -1, ...nothing });
  }

  /** The deliveries of a link, which is about to go, that have not begun. */
  withdraw(link: SendingLink): { readonly entry: QueueEntry; readonly resumed: boolean }[] {
    const found: { entry: QueueEntry; resumed: boolean }[] = [];
    for (let index = 0; index < this.#waiting.length; index++) {
      const { link: of, entry, number, resumed } = this.#waiting.at(index)!;
      if (of === link && entry !== null && number < 0) {
        found.push({ entry, resumed: resumed !== null });
      }
    }
    return found;
  }

  /** The lower 32 bits are the id. */
  #number(entry: QueueEntry | null): number {
    return entry === null ? this.#unsettled.skip() : this.#unsettled.add(entry);
  }

  #begin(delivery: Remainder): void {
    if (this.#waiting.length > 0 || !this.#write(delivery)) this.#waiting.push(delivery);
  }

  /** What is to be sent of the outgoing message. */
  #remainder(
    link: SendingLink,
    entry: QueueEntry | null,
    tag: number,
    resumed: Buffer | null,
  ): Remainder {
    const { head, bytes, start, end } = outgoing;
    const delivery = { link, entry, tag, resumed, number: -1 };
    // A head that fills a frame is cut like the rest: annotations may be larger than a small frame.
    if (head.length < this.#payloadMax) {
      return { ...delivery, head: Buffer.from(head), bytes, at: start, end };
    }
    const whole = Buffer.concat([head, bytes.subarray(start, end)]);
    return { ...delivery, head: EMPTY, bytes: whole, at: 0, end: whole.length };
  }

  /** @returns whether all of it has left */
  #write(delivery: Remainder): boolean {
    const { link, entry, resumed, bytes, end } = delivery;
    const settled = entry === null;
    while (this.window > 0 && !this.#client.sink.congested) {
      const begins = delivery.number < 0;
      if (begins) delivery.number = this.#number(entry);
      if (begins && resumed !== null) {
        this.#resumed(delivery, resumed);
        if (settled) return true;
        continue;
      }
      const { head, at, number } = delivery;
      const next = Math.min(end, at + this.#payloadMax - head.length);
      const tag = begins ? delivery.tag : -1;
      this.#frame(link.handle, number, tag, settled, next < end, head, bytes, at, next);
      delivery.head = EMPTY;
      delivery.at = next;
      if (next === end) return true;
    }
    return false;
  }

  #resumed({ link, entry, number, tag }: Remainder, state: Buffer): void {
    const frame = encodeResumed(this.#channel, link.handle, number, tag, entry === null, state);
    this.#client.write(frame);
    this.nextId = increment(this.nextId);
    this.window--;
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
