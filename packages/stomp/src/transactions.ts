import { BrokerError, type Limits, type Message } from '@causeway/core';
import { type Settlement, Transaction } from './transaction.js';

/** The open transactions of one connection, within its limits. */
export class Transactions {
  readonly #limits: Limits;
  readonly #byName = new Map<string, Transaction>();
  /** Bytes of the messages of all of them. */
  #bytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  begin(name: string): void {
    if (this.#byName.has(name)) {
      throw new BrokerError('protocol-violation', 'the transaction has begun already');
    }
    if (this.#byName.size >= this.#limits.transactionsPerConnectionMax) {
      throw new BrokerError('quota-exceeded', 'too many open transactions');
    }
    this.#byName.set(name, new Transaction());
  }

  /** @throws BrokerError `transaction-unknown` */
  get(name: string): Transaction {
    const transaction = this.#byName.get(name);
    if (transaction === undefined) {
      throw new BrokerError('transaction-unknown', 'no transaction of that name has begun');
    }
    return transaction;
  }

  /** Takes a transaction out, to commit or abort it. */
  end(name: string): Transaction {
    const transaction = this.get(name);
    this.#byName.delete(name);
    this.#bytes -= transaction.bytes;
    return transaction;
  }

  addMessage(transaction: Transaction, message: Message): void {
    this.checkRoom(transaction);
    if (this.#bytes + message.size > this.#limits.transactionBytesMax) {
      throw new BrokerError('quota-exceeded', 'the open transactions hold too many bytes');
    }
    transaction.messages.push(message);
    transaction.bytes += message.size;
    this.#bytes += message.size;
  }

  addSettlement(transaction: Transaction, settlement: Settlement): void {
    transaction.settlements.push(settlement);
  }

  /** @throws BrokerError `quota-exceeded` when the transaction takes no more operations */
  checkRoom(transaction: Transaction): void {
    if (transaction.operations >= this.#limits.transactionOperationsMax) {
      throw new BrokerError('quota-exceeded', 'the transaction holds too many operations');
    }
  }

  clear(): void {
    this.#byName.clear();
    this.#bytes = 0;
  }
}
