import type { BrokerApi } from './broker-api.js';
import { BrokerError } from './errors.js';
import { Transaction, type TransactionOwner, type TransactionRoom } from './transaction.js';

/** The open transactions of one connection, within its limits of number, size and time. */
export class Transactions implements TransactionRoom {
  readonly broker: BrokerApi;
  readonly owner: TransactionOwner;
  bytes = 0;
  /** In the order in which they began. */
  readonly #open = new Set<Transaction>();
  #cancelDeadline: (() => void) | null = null;

  constructor(broker: BrokerApi, owner: TransactionOwner) {
    this.broker = broker;
    this.owner = owner;
  }

  /** How many wait to be committed or rolled back. */
  get size(): number {
    return this.#open.size;
  }

  /** @throws BrokerError `quota-exceeded` */
  begin(): Transaction {
    const { transactionsPerConnectionMax, transactionTimeoutMs } = this.broker.limits;
    if (this.#open.size >= transactionsPerConnectionMax) {
      throw new BrokerError('quota-exceeded', 'too many open transactions');
    }
    const transaction = new Transaction(this);
    this.#open.add(transaction);
    if (this.#cancelDeadline === null) this.#watch(transactionTimeoutMs);
    return transaction;
  }

  ended(transaction: Transaction): void {
    this.#open.delete(transaction);
  }

  /** The connection is gone: nothing of what is open happens, and nobody is told. */
  close(): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = null;
    this.#open.clear();
    this.bytes = 0;
  }

  /** One deadline for all of them; it may find that what it was set for has ended. */
  #watch(delayMs: number): void {
    this.#cancelDeadline = this.broker.schedule(delayMs, () => {
      this.#cancelDeadline = null;
      this.#endOverdue();
    });
  }

  #endOverdue(): void {
    const { transactionTimeoutMs } = this.broker.limits;
    const nowMs = this.broker.clock.monotonicMs();
    for (const transaction of [...this.#open]) {
      const leftMs = transaction.startedAt + transactionTimeoutMs - nowMs;
      if (leftMs > 0) {
        this.#watch(leftMs);
        return;
      }
      // Whoever hears of one may end others.
      if (!this.#open.has(transaction)) continue;
      const error = new BrokerError('timed-out', 'the transaction was open for too long');
      if (transaction.abandon(error)) this.owner.transactionTimedOut(transaction);
    }
  }
}
