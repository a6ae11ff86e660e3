import { type BrokerApi, BrokerError, type QueueEntry } from '@causeway/core';
import type { DeliveryOutcome, DeliveryState } from './codec/types.js';
import { errorInfoOf } from './errors.js';
import { defaultOutcome, outcomeDetails, settleEntry } from './outcomes.js';
import type { SendingLink } from './sending-link.js';
import type { Session } from './session.js';
import { tagOf } from './suspended-link.js';
import type { OpenTransaction } from './transactions.js';

export type TransactionalState = DeliveryState & { readonly kind: 'transactional' };

interface HeldDelivery {
  readonly session: Session;
  readonly link: SendingLink | undefined;
  readonly number: number;
  readonly entry: QueueEntry;
  /** The client has settled it; else it is told when we do. */
  settled: boolean;
}

/** A delivery to the client whose outcome depends on a transaction. */
export interface ProvisionalDelivery extends HeldDelivery {
  readonly open: OpenTransaction;
  state: TransactionalState;
}

/** What applies to a settled delivery without a default outcome: it was not done, and comes again. */
const FAILED: DeliveryOutcome = {
  kind: 'modified',
  deliveryFailed: true,
  undeliverableHere: false,
  annotations: null,
};

/** The outcomes that a client has given within its transactions (part 4.4.2). */
export class ProvisionalOutcomes {
  readonly #broker: BrokerApi;
  readonly #deliveries = new Map<QueueEntry, ProvisionalDelivery>();

  constructor(broker: BrokerApi) {
    this.#broker = broker;
  }

  /**
   * Takes the outcome of deliveries for the time when the transaction is discharged.
   * @returns false when one of them belongs to another transaction, which is an error
   */
  give(
    session: Session,
    first: number,
    last: number,
    settled: boolean,
    state: TransactionalState,
    open: OpenTransaction,
  ): boolean {
    const known = this.within(session, first, last);
    if (known.some((delivery) => delivery.open !== open)) return false;
    // An association with a transaction, and no outcome to be applied.
    if (state.outcome === null && !settled) return true;
    for (const delivery of known) {
      delivery.settled ||= settled;
      delivery.state = state;
      this.#plan(delivery);
    }
    session.unsettled.takeRange(first, last, (entry, number) => {
      const link = entry.consumer?.sink as SendingLink | undefined;
      const delivery = { session, link, number, entry, open, settled, state };
      // A transaction that has failed says so when it is discharged.
      if (this.#plan(delivery)) this.#add(delivery);
      else this.#giveBack(delivery);
    });
    return true;
  }

  /** Deliveries of a session that are provisional, of the given numbers. */
  within({ provisional }: Session, first: number, last: number): ProvisionalDelivery[] {
    const found: ProvisionalDelivery[] = [];
    if (last - first >= provisional.size) {
      for (const [number, delivery] of provisional) {
        if (number >= first && number <= last) found.push(delivery);
      }
      return found;
    }
    for (let number = first; number <= last; number++) {
      const delivery = provisional.get(number);
      if (delivery !== undefined) found.push(delivery);
    }
    return found;
  }

  /** The transaction is not known: links whose deliveries it was to settle end with the error. */
  refuse(
    session: Session,
    first: number,
    last: number,
    settled: boolean,
    error: BrokerError,
  ): void {
    const links = new Set<SendingLink>();
    session.unsettled.takeRange(first, last, (entry, number) => {
      const link = entry.consumer?.sink as SendingLink | undefined;
      this.#giveBack({ session, link, number, entry, settled });
      if (link !== undefined) links.add(link);
    });
    for (const link of links) session.detach(link, errorInfoOf(error));
  }

  /** The transaction was committed: outcomes were applied, and what is unsettled will be settled. */
  applied(open: OpenTransaction): void {
    for (const entry of open.deliveries) {
      const { session, link, number, settled, state } = this.#deliveries.get(entry)!;
      if (link?.detached === false) link.settled(entry);
      if (!settled) session.settleLater(number, state);
    }
  }

  /** Part 4.4.4.2: the outcome of a delivery was not applied, and will not be. */
  revert(entry: QueueEntry): void {
    const delivery = this.#deliveries.get(entry);
    if (delivery === undefined) return;
    this.#remove(delivery);
    this.#giveBack(delivery);
  }

  /** The transaction is over. */
  forget(open: OpenTransaction): void {
    for (const entry of open.deliveries) this.#remove(this.#deliveries.get(entry)!);
  }

  #add(delivery: ProvisionalDelivery): void {
    const { session, number, entry, open } = delivery;
    this.#deliveries.set(entry, delivery);
    open.deliveries.add(entry);
    session.provisional.set(number, delivery);
  }

  /** A delivery is the client's again, unless it has settled it: then the default outcome applies. */
  #giveBack({ session, link, number, entry, settled }: HeldDelivery): void {
    const suspended = link?.suspended ?? null;
    if (!settled && link?.consumer === entry.consumer && (!link.detached || suspended !== null)) {
      if (!session.released) session.unsettled.restore(number, entry);
      else suspended?.deliveries.set(tagOf(entry.message.id), entry);
      return;
    }
    settleEntry(this.#broker, entry, defaultOutcome(link, FAILED));
    if (link?.detached === false) link.settled(entry);
  }

  #remove({ session, number, entry, open }: ProvisionalDelivery): void {
    this.#deliveries.delete(entry);
    open.deliveries.delete(entry);
    session.provisional.delete(number);
  }

  /** @returns false when the transaction can only be rolled back */
  #plan({ link, number, entry, open, state }: ProvisionalDelivery): boolean {
    const outcome = state.outcome ?? defaultOutcome(link);
    const { name, details } = outcomeDetails(this.#broker, entry, outcome);
    try {
      open.transaction.addSettlement(entry, name, details, number);
      return true;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      return false;
    }
  }
}
