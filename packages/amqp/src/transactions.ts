import {
  BrokerError,
  type Message,
  type QueueEntry,
  type Transaction,
  type TransactionOwner,
  Transactions,
} from '@causeway/core';
import type { AmqpClient } from './client.js';
import { encodeState } from './codec/encode-state.js';
import type { DeliveryState } from './codec/types.js';
import { outcomeDetails, settleEntry } from './outcomes.js';
import type { IncomingDelivery, ReceivingLink } from './receiving-link.js';
import type { Session } from './session.js';

type TransactionalState = DeliveryState & { readonly kind: 'transactional' };

/** A delivery to the client whose outcome depends on a transaction. */
interface Provisional {
  readonly session: Session;
  readonly number: number;
  /** The client has settled it; else it is told when we do. */
  readonly settled: boolean;
  readonly state: TransactionalState;
}

interface OpenTransaction {
  readonly transaction: Transaction;
  readonly coordinator: ReceivingLink;
  /** Keys of its provisional deliveries. */
  readonly provisional: number[];
}

const ID_BYTES = 8;

/** The transactions of one connection, by id (part 4). */
export class ClientTransactions implements TransactionOwner {
  readonly #client: AmqpClient;
  readonly #room: Transactions;
  readonly #byId = new Map<string, OpenTransaction>();
  readonly #provisional = new Map<number, Provisional>();
  #nextId = 1;
  #nextKey = 1;

  constructor(client: AmqpClient) {
    this.#client = client;
    this.#room = new Transactions(client.broker, this);
  }

  /** Part 4.2. @throws BrokerError `quota-exceeded` */
  declare(coordinator: ReceivingLink): Buffer {
    const transaction = this.#room.begin();
    const id = Buffer.alloc(ID_BYTES);
    id.writeDoubleBE(this.#nextId++);
    this.#byId.set(keyOf(id), { transaction, coordinator, provisional: [] });
    return id;
  }

  /**
   * Part 4.3: what it holds happens now, in one commit, or not at all.
   * @throws BrokerError `transaction-unknown`, and why it could not be committed
   */
  discharge(id: Buffer, fail: boolean): void {
    const open = this.#find(id);
    this.#byId.delete(keyOf(id));
    try {
      if (fail) open.transaction.rollback();
      else this.#commit(open);
    } finally {
      this.#forget(open);
    }
  }

  #commit({ transaction, provisional }: OpenTransaction): void {
    transaction.commit();
    for (const key of provisional) {
      const { session, number, settled, state } = this.#provisional.get(key)!;
      if (!settled) session.settleLater(number, state);
    }
  }

  #forget({ provisional }: OpenTransaction): void {
    for (const key of provisional) this.#provisional.delete(key);
  }

  /** Part 4.4.2: the message is published when the transaction is discharged. */
  send(
    session: Session,
    link: ReceivingLink,
    delivery: IncomingDelivery,
    message: Message,
    transactionId: Buffer,
  ): void {
    this.#find(transactionId).transaction.addMessage(message);
    link.answered();
    if (delivery.settled) return;
    // It promises nothing yet: the outcome counts when the transaction is discharged.
    const state: TransactionalState = {
      kind: 'transactional',
      transactionId,
      outcome: { kind: 'accepted' },
    };
    session.dispositions.write(true, delivery.deliveryId, true, encodeState(state));
  }

  /** Part 4.4.1: the outcome of deliveries to the client counts when it is discharged. */
  settle(
    session: Session,
    first: number,
    last: number,
    settled: boolean,
    state: TransactionalState,
  ): void {
    const open = this.#find(state.transactionId);
    const outcome = state.outcome ?? { kind: 'released' };
    session.unsettled.takeRange(first, last, (entry, number) => {
      const { name, details } = outcomeDetails(this.#client.broker, entry, outcome);
      const key = this.#nextKey++;
      this.#provisional.set(key, { session, number, settled, state });
      open.provisional.push(key);
      open.transaction.addSettlement(entry, name, details, key);
    });
  }

  deliveryRestored(entry: QueueEntry, key: number): void {
    const { session, number, settled } = this.#provisional.get(key)!;
    this.#provisional.delete(key);
    // A delivery that its client has settled can only come back by being delivered again.
    if (settled) settleEntry(this.#client.broker, entry, { kind: 'modified', ...MODIFIED });
    else session.unsettled.restore(number, entry);
  }

  /** It answers its discharge with what made it fail. */
  transactionTimedOut(): void {
    this.#client.broker.requestTurn();
  }

  /** Part 4.1: the coordinator link is gone, and with it what was declared on it. */
  abandon(coordinator: ReceivingLink): void {
    for (const [key, open] of this.#byId) {
      if (open.coordinator !== coordinator) continue;
      this.#byId.delete(key);
      open.transaction.rollback();
      this.#forget(open);
    }
  }

  close(): void {
    this.#byId.clear();
    this.#provisional.clear();
    this.#room.close();
  }

  #find(id: Buffer): OpenTransaction {
    const open = this.#byId.get(keyOf(id));
    if (open !== undefined) return open;
    throw new BrokerError('transaction-unknown', 'no transaction of that id is open');
  }
}

const MODIFIED = { deliveryFailed: true, undeliverableHere: false, annotations: null } as const;

function keyOf(id: Buffer): string {
  return id.toString('latin1');
}
