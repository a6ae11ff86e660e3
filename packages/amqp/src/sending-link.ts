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
import type { DynamicNode } from './dynamic-node.js';
import { CONDITION, errorInfo, errorInfoOf } from './errors.js';
import { failuresOf, OutgoingMessage } from './outgoing-message.js';
import { distance, increment } from './serial.js';
import type { Session } from './session.js';
import type { LinkEvent, SuspendedLink } from './suspended-link.js';
import type { TerminusResource } from './terminus.js';

/** As many as a header can say (part 3.2.1, delivery-count). */
const FAILURES_MAX = 0xffff_ffff;
/** Filled again by each message. */
const outgoing = new OutgoingMessage();

export interface SendingLinkParts {
  readonly session: Session;
  /** Ours. */
  readonly handle: number;
  /** The client's. */
  readonly remoteHandle: number;
  readonly name: string;
  /** Nobody settles what is sent (part 2.8.2). */
  readonly settled: boolean;
  /** As the client asked for it; null when it asked for what the link had. */
  readonly requested: Source | null;
  /** As agreed. */
  readonly source: Source;
  /** Bytes of the largest message that the client takes; 0 for any (part 2.7.3). */
  readonly messageBytesMax: number;
  /** The dynamic node that is its source, whoever created it. */
  readonly node: DynamicNode | null;
  /** What its terminus needs: a subscription, a node that it has created. */
  readonly resource: TerminusResource | null;
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
  readonly requested: Source | null;
  readonly source: Source;
  readonly defaultOutcome: DeliveryState | null;
  readonly node: DynamicNode | null;
  readonly resource: TerminusResource | null;
  /** What the broker gives; set by whoever attaches it. */
  consumer!: Consumer;
  /** We have detached; the client's answer is awaited. */
  detached = false;
  /** What is kept of the link after it was detached. */
  suspended: SuspendedLink | null = null;
  /** Deliveries of which the client, which resumes the link, has not said whether it has them. */
  readonly unresumed = new Map<string, QueueEntry>();
  /** Either side could not name all of its deliveries: there are no new ones (part 2.7.3). */
  resumesOnly = false;
  /** Deliveries begun on the link; wraps around. */
  deliveryCount = 0;
  readonly #settled: boolean;
  readonly #messageBytesMax: number;
  /** Credit beyond what the broker lets one consumer hold: given as deliveries are settled. */
  #heldBack = 0;
  /** Bytes of the messages that the client holds unsettled. */
  #heldBytes = 0;
  /** Credit is used up by what there is, or given back; until the client says otherwise. */
  drain = false;

  constructor(parts: SendingLinkParts) {
    this.session = parts.session;
    this.handle = parts.handle;
    this.remoteHandle = parts.remoteHandle;
    this.name = parts.name;
    this.requested = parts.requested;
    this.source = parts.source;
    this.#messageBytesMax = parts.messageBytesMax;
    this.defaultOutcome = parts.source.defaultOutcome;
    this.#settled = parts.settled;
    this.node = parts.node;
    this.resource = parts.resource;
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
    const credit = this.resumesOnly ? 0 : Math.max(0, linkCredit - ahead);
    const { consumer } = this;
    // What is settled when it is sent is held by nobody.
    const room = this.#settled ? credit : this.#room;
    this.#heldBack = Math.max(0, credit - room);
    this.drain = drain;
    consumer.setCredit(credit - this.#heldBack);
    if (drain) consumer.drain();
  }

  /** What is too large for the client is never settled by sending it. */
  settlesOnSend(_consumer: Consumer, message: Message): boolean {
    if (!this.#settled || this.#messageBytesMax === 0) return this.#settled;
    try {
      return !this.#exceeds(message, null, false);
    } catch (error) {
      // It cannot be converted: `deliver` says so.
      if (error instanceof BrokerError) return true;
      throw error;
    }
  }

  deliver(
    consumer: Consumer,
    message: Message,
    _target: Target | null,
    entry: QueueEntry | null,
    redelivered: boolean,
  ): void {
    if (message.format !== FORMAT_IDS.amqp && !this.#convert(message, entry)) return;
    if (this.#exceeds(message, entry, redelivered)) {
      this.#refuse(message, entry);
      return;
    }
    this.deliveryCount = increment(this.deliveryCount);
    if (entry === null) consumer.credit--;
    this.session.deliver(this, message, entry, redelivered);
    if (entry !== null) this.hold(entry);
  }

  /** The client holds a delivery: with as many bytes as it may, its credit has to wait. */
  hold(entry: QueueEntry): void {
    const { consumer } = this;
    this.#heldBytes += bytesOf(entry);
    if (this.#heldBytes < this.session.client.broker.limits.prefetchBytes) return;
    this.#heldBack += consumer.credit;
    consumer.credit = 0;
  }

  /** Deliveries that the client may hold beside those that it has. */
  get #room(): number {
    const { prefetchMax, prefetchBytes } = this.session.client.broker.limits;
    const { unsettled } = this.consumer;
    // Some may have been taken away from it, without a word of the client.
    if (unsettled === 0) this.#heldBytes = 0;
    return this.#heldBytes < prefetchBytes ? Math.max(0, prefetchMax - unsettled) : 0;
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
  settled(entry: QueueEntry): void {
    this.#heldBytes = Math.max(0, this.#heldBytes - bytesOf(entry));
    if (this.detached || this.#heldBack === 0) return;
    const { consumer } = this;
    const granted = Math.min(this.#heldBack, Math.max(0, this.#room - consumer.credit));
    if (granted === 0) return;
    this.#heldBack -= granted;
    consumer.grant(granted);
    if (this.drain) consumer.drain();
  }

  /** Whether a message is larger than its client takes (part 2.7.3, max-message-size). */
  #exceeds(message: Message, entry: QueueEntry | null, redelivered: boolean): boolean {
    if (this.#messageBytesMax === 0) return false;
    // What is settled by sending it must be judged before there is an entry.
    const failures = this.#settled || entry === null ? FAILURES_MAX : failuresOf(entry);
    outgoing.fill(this.session.client, message, failures, redelivered);
    return outgoing.length > this.#messageBytesMax;
  }

  /**
   * A link on which a message cannot be sent ends, so that its user sees why; the message stays for
   * others, counted, so that it becomes a dead letter when nobody takes it.
   */
  #refuse({ id }: Message, entry: QueueEntry | null): void {
    const reason = `message ${id} is larger than the max-message-size of its receiver`;
    const { broker } = this.session.client;
    if (entry !== null) broker.settle(entry, 'modified', { deliveryFailed: true, reason });
    this.session.detach(this, errorInfo(CONDITION.messageSize, reason));
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

  /** The link is over; what it held has been given back. @param event null when it is closed */
  closed(event: LinkEvent | null): void {
    this.session.client.termini.detached(this, event);
  }
}

function bytesOf({ message }: QueueEntry): number {
  return message.end - message.start;
}
