import { BrokerError, type Transaction, type Transactions } from '@causeway/core';

/** The open transactions of one connection, by the names that its client gave them. */
export class TransactionNames {
  readonly #transactions: Transactions;
  readonly #byName = new Map<string, Transaction>();

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  begin(name: string): void {
    if (this.#byName.has(name)) {
      throw new BrokerError('protocol-violation', 'the transaction has begun already');
    }
    this.#byName.set(name, this.#transactions.begin());
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
    return transaction;
  }

  /** The connection is gone. */
  close(): void {
    this.#byName.clear();
    this.#transactions.close();
  }
}
