import type { BrokerApi } from './broker-api.js';
import type { Consumer } from './consumer.js';
import { BrokerError } from './errors.js';
import type { Message } from './message.js';
import type { Outcome, QueueEntry, SettleDetails } from './queue-entry.js';

/** The protocol that opened a transaction, and hears what becomes of it without its doing. */
export interface TransactionOwner {
  /**
   * The settlement of a delivery did not happen: it is its consumer's again, unsettled.
   * @param tag what was given to `addSettlement`
   */
  deliveryRestored(entry: QueueEntry, tag: number): void;
  /** The transaction was open for too long and is rolled back; it waits to be ended. */
  transactionTimedOut(transaction: Transaction): void;
}

/** What the transactions of a connection share. */
export interface TransactionRoom {
  readonly broker: BrokerApi;
  readonly owner: TransactionOwner;
  /** Bytes of the messages of all of them. */
  bytes: number;
  ended(transaction: Transaction): void;
}

interface PlannedSettlement {
  /** Who held the delivery when it was added. */
  readonly consumer: Consumer | null;
  readonly outcome: Outcome;
  readonly details: SettleDetails | undefined;
  readonly tag: number;
}

/**
 * Messages and settlements that happen together or not at all. Nothing of it happens before
 * `commit`; `commit` and `rollback` end it, each is called once.
 */
export class Transaction {
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly #room: TransactionRoom;
  #messages: Message[] = [];
  #settlements = new Map<QueueEntry, PlannedSettlement>();
  #bytes = 0;
  /** Why it cannot be committed any more. */
  #failure: BrokerError | null = null;
  #abandoned = false;

  constructor(room: TransactionRoom) {
    this.#room = room;
    this.startedAt = room.broker.clock.monotonicMs();
  }

  /** Messages and settlements so far. */
  get operations(): number {
    return this.#messages.length + this.#settlements.size;
  }

  /** Why it cannot be committed any more; null while it can. */
  get failure(): BrokerError | null {
    return this.#failure;
  }

  /**
   * The message is published at the commit. The caller has checked address and permission.
   * @throws BrokerError `quota-exceeded`; what made the transaction fail
   */
  addMessage(message: Message): void {
    this.#checkRoom();
    const { broker } = this.#room;
    if (this.#room.bytes + message.size > broker.limits.transactionBytesMax) {
      throw this.fail(
        new BrokerError('quota-exceeded', 'the open transactions hold too many bytes'),
      );
    }
    message.keep();
    this.#messages.push(message);
    this.#bytes += message.size;
    this.#room.bytes += message.size;
  }

  /**
   * The delivery is settled at the commit; of several outcomes for it, the last one counts.
   * @param tag a number of the protocol's, for `deliveryRestored`
   * @throws BrokerError `quota-exceeded`; what made the transaction fail
   */
  addSettlement(
    entry: QueueEntry,
    outcome: Outcome,
    details: SettleDetails | undefined,
    tag: number,
  ): void {
    if (!this.#settlements.has(entry) || this.#failure !== null) this.#checkRoom();
    this.#settlements.set(entry, { consumer: entry.consumer, outcome, details, tag });
  }

  /** Part of it was refused, so that it can only be rolled back. @returns the first such error */
  fail(error: BrokerError): BrokerError {
    this.#failure ??= error;
    return this.#failure;
  }

  /** Gives up what it holds, and stays to say so. @returns whether it had not done so already */
  abandon(error: BrokerError): boolean {
    if (this.#abandoned) return false;
    this.#abandoned = true;
    this.fail(error);
    this.#restore();
    return true;
  }

  /**
   * Does everything in one call, which the broker makes durable together. What can be refused is
   * looked at first: when it throws, nothing has happened, and the transaction is rolled back.
   * @throws BrokerError `unknown-delivery` for a delivery that its consumer holds no more,
   *   `address-not-found`, `quota-exceeded`, `timed-out`; what made the transaction fail
   */
  commit(): void {
    const { broker } = this.#room;
    try {
      if (this.#failure !== null) throw this.#failure;
      this.#checkDeliveries();
      broker.admit(this.#messages);
    } catch (error) {
      this.rollback();
      throw error;
    }
    for (const message of this.#messages) broker.publish(message);
    for (const [entry, { outcome, details }] of this.#settlements) {
      broker.settle(entry, outcome, details);
    }
    this.#clear();
    this.#room.ended(this);
  }

  /** Nothing of it happens; deliveries are their consumers' again. */
  rollback(): void {
    this.#restore();
    this.#room.ended(this);
  }

  #checkRoom(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.operations < this.#room.broker.limits.transactionOperationsMax) return;
    throw this.fail(new BrokerError('quota-exceeded', 'the transaction holds too many operations'));
  }

  #checkDeliveries(): void {
    for (const [entry, { consumer }] of this.#settlements) {
      if (isHeld(entry, consumer)) continue;
      throw new BrokerError(
        'unknown-delivery',
        'a delivery of the transaction went back to its queue; nothing of it was committed',
      );
    }
  }

  #restore(): void {
    const settlements = this.#settlements;
    this.#clear();
    for (const [entry, { consumer, tag }] of settlements) {
      if (isHeld(entry, consumer)) this.#room.owner.deliveryRestored(entry, tag);
    }
  }

  #clear(): void {
    this.#messages = [];
    this.#settlements = new Map();
    this.#room.bytes -= this.#bytes;
    this.#bytes = 0;
  }
}

function isHeld(entry: QueueEntry, consumer: Consumer | null): boolean {
  return entry.state === 'acquired' && entry.consumer === consumer;
}
