import { FORMAT_IDS, type Message, type QueueEntry } from '@causeway/core';
import { annotatedHead, isAnnotated } from './annotations.js';
import type { AmqpClient } from './client.js';
import { deliveryHeader } from './delivery-head.js';

const EMPTY = Buffer.alloc(0);

/** A message as one delivery of it is sent. One object, filled again by each delivery. */
export class OutgoingMessage {
  /** What precedes the message's own bytes; valid until the next `fill`. */
  head: Buffer = EMPTY;
  /** The message's own bytes are `bytes[start, end)`. */
  bytes: Buffer = EMPTY;
  start = 0;
  end = 0;

  /** Bytes of the whole message, as `max-message-size` counts them (part 2.7.3). */
  get length(): number {
    return this.head.length + this.end - this.start;
  }

  /**
   * @param failures deliveries of it that failed so far
   * @throws BrokerError when it is of another format, and cannot be converted
   */
  fill({ broker }: AmqpClient, message: Message, failures: number, redelivered: boolean): void {
    const native = message.format === FORMAT_IDS.amqp;
    this.bytes = native ? message.bytes : broker.formats.convert(message, FORMAT_IDS.amqp);
    this.start = native ? message.start : 0;
    this.end = native ? message.end : this.bytes.length;
    this.head = deliveryHeader(message, failures, redelivered, broker.clock.wallMs());
    if (!isAnnotated(message)) return;
    const annotated = annotatedHead(message, this.bytes, this.start, this.end);
    this.head = Buffer.concat([this.head, annotated.sections]);
    this.start = annotated.bareStart;
  }
}

/** Deliveries of an entry that failed so far: also one that ended without an outcome is one. */
export function failuresOf({ deliveryCount, interrupted }: QueueEntry): number {
  return Math.max(deliveryCount, interrupted ? 1 : 0);
}
