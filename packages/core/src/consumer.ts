import type { BrokerError } from './errors.js';
import type { Message } from './message.js';
import type { Queue } from './queue.js';
import type { QueueEntry } from './queue-entry.js';
import type { Target } from './router.js';
import type { Selector } from './selector/selector.js';

/** The receiving side of a consumer; implemented by protocol engines. */
export interface ConsumerSink {
  /**
   * Whether a delivery of this message is done when it is sent, so that nobody will settle it.
   * Asked before each delivery.
   */
  settlesOnSend(consumer: Consumer, message: Message, target: Target | null): boolean;
  /**
   * Writes the message to the client's output. Called only while the consumer has credit and is
   * not paused.
   * @param entry what to settle later; null when `settlesOnSend` said that nobody will
   * @param redelivered it may have been handed to a consumer before
   */
  deliver(
    consumer: Consumer,
    message: Message,
    target: Target | null,
    entry: QueueEntry | null,
    redelivered: boolean,
  ): void;
  /** The queue went away, or an administrator ended the consumer. It is closed already. */
  consumerClosed(consumer: Consumer, error: BrokerError): void;
  /**
   * Answers `Consumer.drain`, once: its credit is used up, or the queue has nothing more for it now.
   * What credit is left is the sink's to take back.
   */
  consumerDrained?(consumer: Consumer): void;
}

export interface ConsumerOptions {
  readonly sink: ConsumerSink;
  /** Unsettled deliveries it may hold at first. */
  readonly credit: number;
  /** Free for the protocol: which subscription the consumer belongs to. */
  readonly context?: unknown;
  /** It gets only what matches; null for everything. */
  readonly selector?: Selector | null;
  /**
   * It gets a copy of every message, held by another consumer or not, once and in order: `deliver`
   * is called without an entry, and nothing about the message changes. As always when nothing is
   * to be settled, no credit is used; the sink takes back what credit it counts.
   */
  readonly browse?: boolean;
}

/**
 * One receiver on a queue. Credit is the number of further deliveries it takes: an unsettled
 * delivery uses one, settling does not give it back by itself; the protocol grants it.
 */
export class Consumer {
  readonly id: number;
  readonly queue: Queue;
  /** Changed when a protocol resumes the consumer on another connection. */
  sink: ConsumerSink;
  readonly context: unknown;
  readonly selector: Selector | null;
  readonly browses: boolean;
  credit: number;
  /** Deliveries it holds unsettled. */
  unsettled = 0;
  /** Its socket takes no more for now. */
  paused = false;
  /** It asked to be told when there is nothing more for it. */
  draining = false;
  closed = false;
  deliveries = 0;

  constructor(id: number, queue: Queue, options: ConsumerOptions) {
    this.id = id;
    this.queue = queue;
    this.sink = options.sink;
    this.context = options.context;
    this.selector = options.selector ?? null;
    this.browses = options.browse ?? false;
    this.credit = options.credit;
  }

  get ready(): boolean {
    return this.credit > 0 && !this.paused && !this.closed;
  }

  /** Adds credit and has the queue look for work at the end of the turn. */
  grant(count: number): void {
    this.credit += count;
    this.queue.wake();
  }

  /** Replaces its credit, ends an earlier `drain`, and has the queue look for work. */
  setCredit(credit: number): void {
    this.credit = credit;
    this.draining = false;
    this.queue.wake();
  }

  /**
   * Has the queue hand out what it can for the credit there is, and then call `consumerDrained`
   * (AMQP 1.0, 2.6.7).
   */
  drain(): void {
    this.draining = true;
    this.queue.drain(this);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.queue.wake();
  }
}
