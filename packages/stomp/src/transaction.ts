import {
  type BrokerApi,
  BrokerError,
  type Message,
  type Outcome,
  type QueueEntry,
  type SettleDetails,
} from '@causeway/core';
import { isTemporaryAddress } from './naming.js';
import type { Subscription } from './subscription.js';

/** A delivery that an ACK or NACK within a transaction took out of its subscription. */
export interface Settlement {
  readonly subscription: Subscription;
  readonly number: number;
  readonly entry: QueueEntry;
  readonly outcome: Outcome;
  readonly details: SettleDetails | undefined;
}

/** What a client did since BEGIN, in order; nothing of it has happened yet. */
export class Transaction {
  readonly messages: Message[] = [];
  readonly settlements: Settlement[] = [];
  /** Bytes of the messages. */
  bytes = 0;

  get operations(): number {
    return this.messages.length + this.settlements.length;
  }

  /**
   * Does everything in one call, which the broker makes durable together. What can be refused is
   * looked at first, so that nothing has happened when it is.
   * @throws BrokerError `unknown-delivery`, `address-not-found`, `queue-full`
   */
  commit(broker: BrokerApi): void {
    for (const { entry, subscription } of this.settlements) {
      if (entry.state === 'acquired' && entry.consumer === subscription.consumer) continue;
      throw new BrokerError(
        'unknown-delivery',
        'a delivery of the transaction went back to its queue; nothing of it was committed',
      );
    }
    for (const address of new Set(this.messages.map((message) => message.address))) {
      if (address.kind === 'queue' && !isTemporaryAddress(address)) broker.queue(address, true);
    }
    for (const message of this.messages) broker.publish(message);
    for (const { entry, outcome, details } of this.settlements) {
      broker.settle(entry, outcome, details);
    }
  }

  /** Gives the deliveries back to their subscriptions, still unsettled. */
  abort(): void {
    for (const { subscription, number, entry } of this.settlements) {
      subscription.unsettled.restore(number, entry);
      subscription.owe(1);
    }
  }
}
