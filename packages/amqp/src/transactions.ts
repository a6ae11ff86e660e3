import {
  BrokerError,
  type Message,
  type QueueEntry,
  type Transaction,
  type TransactionOwner,
  Transactions,
} from '@causeway/core';
import type { AmqpClient } from './client.js';
import { AmqpError, CONDITION, errorInfo, isAnswer } from './errors.js';
import { ProvisionalOutcomes, type TransactionalState } from './provisional-outcomes.js';
import type { IncomingDelivery, ReceivingLink } from './receiving-link.js';
import type { Session } from './session.js';

/** A transaction that its controller has not discharged. */
export interface OpenTransaction {
  readonly transaction: Transaction;
  readonly coordinator: ReceivingLink;
  /** Deliveries to the client that it settles. */
  readonly deliveries: Set<QueueEntry>;
  /** What was posted on links whose client settles second. */
  readonly posted: { readonly session: Session; readonly deliveryId: number }[];
}

const ID_BYTES = 8;

/** The transactions of one connection, by id (part 4). */
export class ClientTransactions implements TransactionOwner {
  readonly #client: AmqpClient;
  readonly #room: Transactions;
  readonly #outcomes: ProvisionalOutcomes;
  readonly #byId = new Map<string, OpenTransaction>();
  #nextId = 1;

  constructor(client: AmqpClient) {
    this.#client = client;
    this.#room = new Transactions(client.broker, this);
    this.#outcomes = new ProvisionalOutcomes(client.broker);
  }

  /** Part 4.2. @throws BrokerError `quota-exceeded` */
  declare(coordinator: ReceivingLink): Buffer {
    const transaction = this.#room.begin();
    const id = Buffer.alloc(ID_BYTES);
    id.writeDoubleBE(this.#nextId++);
    this.#byId.set(keyOf(id), { transaction, coordinator, deliveries: new Set(), posted: [] });
    return id;
  }

  /**
   * Part 4.3: what it holds happens now, in one commit, or not at all.
   * @throws BrokerError `transaction-unknown`
   * @throws AmqpError why it could not be committed, in the words of part 4.5.8
   */
  discharge(id: Buffer, fail: boolean): void {
    const open = this.#byId.get(keyOf(id));
    if (open === undefined) throw unknown();
    if (!fail && this.#hasPartOfMessage(id)) {
      const message = 'a message of the transaction has arrived only in part';
      this.#terminate(open, message);
      throw new AmqpError('link', CONDITION.transactionRollback, message);
    }
    this.#byId.delete(keyOf(id));
    try {
      if (fail) open.transaction.rollback();
      else this.#commit(open);
    } finally {
      this.#outcomes.forget(open);
    }
  }

  /** Whether a transaction of that id can be worked in. */
  has(id: Buffer): boolean {
    return this.#byId.has(keyOf(id));
  }

  /** Part 4.4.4.1: something of it cannot happen, so that it can only be rolled back. */
  fail(id: Buffer, reason: string): void {
    this.#byId.get(keyOf(id))?.transaction.fail(new BrokerError('malformed', reason));
  }

  /**
   * Part 4.4.1: the message is published when the transaction is discharged.
   * @throws BrokerError `transaction-unknown`, `quota-exceeded`; what made the transaction fail
   */
  send(session: Session, link: ReceivingLink, delivery: IncomingDelivery, message: Message): void {
    const { transactionId } = delivery.state as TransactionalState;
    const open = this.#byId.get(keyOf(transactionId));
    if (open === undefined) throw unknown();
    open.transaction.addMessage(message);
    if (delivery.settled) return;
    // It promises nothing yet: the outcome counts when the transaction is discharged.
    const outcome = { kind: 'accepted' } as const;
    session.incoming.answer(link, delivery, { kind: 'transactional', transactionId, outcome });
    if (delivery.settlesSecond) open.posted.push({ session, deliveryId: delivery.deliveryId });
  }

  /** Part 4.4.2: the outcome of deliveries to the client counts when it is discharged. */
  settle(
    session: Session,
    first: number,
    last: number,
    settled: boolean,
    state: TransactionalState,
  ): void {
    const open = this.#byId.get(keyOf(state.transactionId));
    if (open === undefined) this.#outcomes.refuse(session, first, last, settled, unknown());
    else if (!this.#outcomes.give(session, first, last, settled, state, open)) {
      this.#terminate(open, 'the outcome of a delivery is a matter of another transaction');
    }
  }

  /** The client settles deliveries; what they come to stays a matter of their transactions. */
  settleProvisional(session: Session, first: number, last: number): void {
    for (const delivery of this.#outcomes.within(session, first, last)) delivery.settled = true;
  }

  deliveryRestored(entry: QueueEntry): void {
    this.#outcomes.revert(entry);
  }

  /** It answers its discharge with what made it fail. */
  transactionTimedOut(): void {
    this.#client.broker.requestTurn();
  }

  /** Part 4.1: the coordinator link is gone, and with it what was declared on it. */
  abandon(coordinator: ReceivingLink): void {
    for (const [key, open] of this.#byId) {
      if (open.coordinator === coordinator) this.#rollback(key, open);
    }
  }

  /** The connection is gone; its links may be resumed on another, with what they held. */
  close(): void {
    for (const [key, open] of this.#byId) this.#rollback(key, open);
    this.#room.close();
  }

  #commit(open: OpenTransaction): void {
    try {
      open.transaction.commit();
    } catch (error) {
      if (!isAnswer(error)) throw error;
      const late = error instanceof BrokerError && error.code === 'timed-out';
      const condition = late ? CONDITION.transactionTimeout : CONDITION.transactionRollback;
      throw new AmqpError('link', condition, error.message);
    }
    this.#outcomes.applied(open);
    for (const { session, deliveryId } of open.posted) session.incoming.committed(deliveryId);
  }

  #rollback(key: string, open: OpenTransaction): void {
    this.#byId.delete(key);
    open.transaction.rollback();
    this.#outcomes.forget(open);
  }

  /** Part 4.4.1 and 4.4.2: an error that ends the control link. */
  #terminate({ coordinator }: OpenTransaction, message: string): void {
    const error = errorInfo(CONDITION.transactionRollback, message);
    coordinator.session.detach(coordinator, error);
  }

  #hasPartOfMessage(id: Buffer): boolean {
    for (const session of this.#client.sessions) {
      for (const link of session?.links ?? []) {
        const state = link?.role === 'receiving' ? link.partial?.delivery.state : null;
        if (state?.kind === 'transactional' && state.transactionId.equals(id)) return true;
      }
    }
    return false;
  }
}

function unknown(): BrokerError {
  return new BrokerError('transaction-unknown', 'no transaction of that id is open');
}

function keyOf(id: Buffer): string {
  return id.toString('latin1');
}
