import {
  BrokerError,
  type Consumer,
  type ConsumerSink,
  FORMAT_IDS,
  type Message,
  type QueueEntry,
  type Target,
} from '@causeway/core';
import type { DeliveryState, Source } from './codec/types.js';
import { errorInfoOf } from './errors.js';
import { distance, increment } from './serial.js';
import type { Session } from './session.js';

export interface SendingLinkParts {
  readonly session: Session;
  /** Ours. */
  readonly handle: number;
  /** The client's. */
  readonly remoteHandle: number;
  readonly name: string;
  /** Nobody settles what is sent (part 2.8.2). */
  readonly settled: boolean;
  /** As agreed. */
  readonly source: Source;
  /** What ends with the link: a temporary node, a subscription. */
  readonly onClose: (() => void) | null;
}

/** A link on which the client receives: a consumer of one queue (part 2.6). */
export class SendingLink implements ConsumerSink {
  readonly role = 'sending';
  readonly session: Session;
  /** Ours. */
  readonly handle: number;
  /** The client's. */
  readonly remoteHandle: number;
  readonly name: string;
  readonly source: Source;
  readonly defaultOutcome: DeliveryState | null;
  /** What the broker gives; set by whoever attaches it. */
  consumer!: Consumer;
  /** We have detached; the client's answer is awaited. */
  detached = false;
  /** Deliveries begun on the link; wraps around. */
  deliveryCount = 0;
  readonly #settled: boolean;
  readonly #onClose: (() => void) | null;
  /** Credit beyond what the broker lets one consumer hold: given as deliveries are settled. */
  #heldBack = 0;
  /** Credit is used up by what there is, or given back; until the client says otherwise. */
  drain = false;

  constructor(parts: SendingLinkParts) {
    this.session = parts.session;
    this.handle = parts.handle;
    this.remoteHandle = parts.remoteHandle;
    this.name = parts.name;
    this.source = parts.source;
    this.defaultOutcome = parts.source.defaultOutcome;
    this.#settled = parts.settled;
    this.#onClose = parts.onClose;
  }

  /** Messages that could be sent if there were credit; an estimate (part 2.6.7). */
  get available(): number {
    return Math.min(this.consumer.queue.length - this.consumer.unsettled, 0x7fffffff);
  }

  /** Whose expiry says how long the link may be resumed. */
  get terminus(): Source {
    return this.source;
  }

  /** What is left of the client's credit. */
  get credit(): number {
    return this.consumer.credit + this.#heldBack;
  }

  /** Part 2.6.7: the credit that a flow gives, counted from the deliveries that the client knows. */
  flow(deliveryCount: number, linkCredit: number, drain: boolean): void {
    // No client can know of more deliveries than there were.
    const ahead = Math.max(0, distance(this.deliveryCount, deliveryCount));
    const credit = Math.max(0, linkCredit - ahead);
    const { consumer } = this;
    const { prefetchMax } = this.session.client.broker.limits;
    // What is settled when it is sent is held by nobody.
    const room = this.#settled ? credit : Math.max(0, prefetchMax - consumer.unsettled);
    this.#heldBack = Math.max(0, credit - room);
    this.drain = drain;
    consumer.setCredit(credit - this.#heldBack);
    if (drain) consumer.drain();
  }

  settlesOnSend(): boolean {
    return this.#settled;
  }

  deliver(
    consumer: Consumer,
    message: Message,
    _target: Target | null,
    entry: QueueEntry | null,
    redelivered: boolean,
  ): void {
    if (message.format !== FORMAT_IDS.amqp && !this.#convert(message, entry)) return;
    this.deliveryCount = increment(this.deliveryCount);
    if (entry === null) consumer.credit--;
    this.session.deliver(this, message, entry, redelivered);
  }

  consumerClosed(_consumer: Consumer, error: BrokerError): void {
    this.session.detach(this, errorInfoOf(error));
  }

  /** Part 2.6.7: with nothing more to send, the credit is used up. */
  consumerDrained(): void {
    // There may be more, for credit that is held back.
    if (!this.drain || (this.#heldBack > 0 && this.consumer.credit === 0)) return;
    this.deliveryCount = (this.deliveryCount + this.credit) >>> 0;
    this.#heldBack = 0;
    this.consumer.setCredit(0);
    this.session.sendFlow(this);
  }

  /** A delivery was settled: credit that was held back may be used. */
  settled(): void {
    if (this.#heldBack === 0) return;
    this.#heldBack--;
    this.consumer.grant(1);
    if (this.drain) this.consumer.drain();
  }

  /** @returns false when no one here can read the message: it becomes a dead letter */
  #convert(message: Message, entry: QueueEntry | null): boolean {
    const { broker } = this.session.client;
    try {
      broker.formats.convert(message, FORMAT_IDS.amqp);
      return true;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      const { id, format } = message;
      broker.log.error('message-not-convertible', { id, format, reason: error.message });
      if (entry !== null) {
        broker.settle(entry, 'rejected', { reason: error.message });
        this.consumer.grant(1);
      }
      return false;
    }
  }

  /** The link is over; what it held has been given back. */
  closed(): void {
    this.#onClose?.();
  }
}
