import type { Consumer } from './consumer.js';
import type { Message } from './message.js';
import type { Queue } from './queue.js';
import type { Target } from './router.js';

export type EntryState = 'available' | 'acquired' | 'settled';

/**
 * A message in one queue, from enqueue to settlement. While a consumer holds it, it is what the
 * consumer settles: the delivery.
 */
export class QueueEntry {
  readonly queue: Queue;
  readonly message: Message;
  /** What its consumers get: the message, or a copy with what they have added. */
  shown: Message;
  /** Place in the queue's memory order. */
  position = 0;
  /** Owned by the ring: it is among what came back. */
  returned = false;
  /** Stored under this number; 0 when the entry exists in memory only. */
  readonly sequence: number;
  /** The commit that must be durable before the entry is shown; 0 for none. */
  readonly commit: number;
  /** How the message found this queue; null for a queue that was addressed itself. */
  target: Target | null;
  state: EntryState = 'available';
  /** Failed deliveries so far. */
  deliveryCount = 0;
  /** It may have been handed to a consumer before. */
  redelivered = false;
  /** A delivery of it ended without an outcome: its consumer went away, or the broker did. */
  interrupted = false;
  /** Its body is stored apart, for several queues. */
  shared = false;
  /** Who holds it while acquired. */
  consumer: Consumer | null = null;
  /**
   * Owned by the protocol that the entry is delivered through: a packet id or delivery tag. It is
   * kept when the entry returns to its queue, so that a session can deliver it under the same tag.
   */
  tag = 0;

  constructor(
    queue: Queue,
    message: Message,
    sequence: number,
    commit: number,
    target: Target | null,
  ) {
    this.queue = queue;
    this.message = message;
    this.shown = message;
    this.sequence = sequence;
    this.commit = commit;
    this.target = target;
  }

  /** The consumer holds it from now on. */
  acquire(consumer: Consumer): void {
    this.state = 'acquired';
    this.consumer = consumer;
    consumer.credit--;
    consumer.unsettled++;
  }

  /** Nobody holds it any more. */
  release(): void {
    if (this.consumer !== null) this.consumer.unsettled--;
    this.consumer = null;
  }
}

/** How a delivery ends; AMQP 1.0's words (3.4). */
export type Outcome = 'accepted' | 'rejected' | 'released' | 'modified';

export interface SettleDetails {
  /** For `modified`: the attempt counts as failed. */
  readonly deliveryFailed?: boolean;
  /** For `modified`: do not offer it to this consumer's queue again; it becomes a dead letter. */
  readonly undeliverableHere?: boolean;
  /** For `rejected` and `modified`: why, for the dead letter. */
  readonly reason?: string;
  /** For `modified`: what the message says in addition from now on, see `Message.amendments`. */
  readonly amendments?: Buffer;
}
