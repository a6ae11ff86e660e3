import { Ring } from '@causeway/wire';
import { ACCEPTED } from './codec/decode-state.js';
import { ACCEPTED_BYTES, encodeState } from './codec/encode-state.js';
import type { DeliveryOutcome, DeliveryState } from './codec/types.js';
import { isOutcome } from './outcomes.js';
import type { IncomingDelivery, ReceivingLink } from './receiving-link.js';
import { distance } from './serial.js';
import type { Session } from './session.js';

/** A delivery from the client that we have answered and it has yet to settle (part 2.8.3). */
interface AnsweredDelivery {
  readonly link: ReceivingLink;
  readonly tag: string;
  /** What we said; of what depends on a transaction, the outcome once that is committed. */
  state: DeliveryState;
}

/** Deliveries from the client of one session, from when their message was taken to settlement. */
export class IncomingDeliveries {
  readonly #session: Session;
  /** By delivery-id; only those that the client settles after us. */
  readonly #answered = new Map<number, AnsweredDelivery>();
  /** Whom the accepts that wait for a commit are for, in their order. */
  readonly #accepting = new Ring<ReceivingLink>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Whether this id stands for a delivery that is not settled. */
  has(deliveryId: number): boolean {
    return this.#answered.size > 0 && this.#answered.has(deliveryId);
  }

  /** The message was taken: `accept` follows once that is durable. */
  taken(link: ReceivingLink, { settlesSecond, tag }: IncomingDelivery): void {
    if (settlesSecond) link.accepting.push(tag);
    this.#accepting.push(link);
  }

  /** What was taken, in the order of the `taken` calls, is durable. */
  accept(deliveryId: number, settlesSecond: boolean): void {
    const link = this.#accepting.shift()!;
    if (!settlesSecond) {
      if (this.#session.mute) return;
      this.#session.dispositions.accept(true, deliveryId);
      link.answered();
      return;
    }
    this.#acceptFirst(link, deliveryId, link.accepting.shift()!);
  }

  /** Says at once what became of a delivery. */
  answer(link: ReceivingLink, delivery: IncomingDelivery, state: DeliveryState): void {
    const { deliveryId, settlesSecond, tag } = delivery;
    if (settlesSecond) {
      this.#answer(link, deliveryId, tag, state);
      return;
    }
    this.#session.dispositions.write(true, deliveryId, true, encodeState(state));
    link.answered();
  }

  /** The transaction in which a delivery was accepted is committed. */
  committed(deliveryId: number): void {
    const delivery = this.#answered.get(deliveryId);
    if (delivery !== undefined) delivery.state = ACCEPTED;
  }

  /** A delivery that was taken before its link was resumed comes again (part 2.6.13). */
  repeat(link: ReceivingLink, delivery: IncomingDelivery): void {
    const { deliveryId, settled, settlesSecond, tag } = delivery;
    const state = link.resumable.get(tag);
    // Part 2.7.5, resume: one that we do not know is ignored.
    if (state === undefined) return;
    link.resumable.delete(tag);
    if (settled) return;
    link.resumed();
    if (state === null) this.#session.acceptLater(link, delivery);
    else if (settlesSecond) this.#answer(link, deliveryId, tag, state);
    else {
      this.#session.dispositions.write(true, deliveryId, true, encodeState(state));
      link.answered();
    }
  }

  /** The client has settled what we answered, after us. */
  settle(first: number, last: number): void {
    const count = distance(last, first) + 1;
    if (count < this.#answered.size) {
      for (let index = 0; index < count; index++) this.#settleOne((first + index) >>> 0);
      return;
    }
    for (const id of this.#answered.keys()) {
      const place = distance(id, first);
      if (place >= 0 && place < count) this.#settleOne(id);
    }
  }

  /**
   * Forgets the deliveries of a link; those with an outcome go by their tags from now on.
   */
  take(link: ReceivingLink, visit: (tag: string, state: DeliveryOutcome) => void): void {
    for (const [id, delivery] of this.#answered) {
      if (delivery.link !== link) continue;
      this.#answered.delete(id);
      if (isOutcome(delivery.state)) visit(delivery.tag, delivery.state);
    }
  }

  /** Accepts what the client settles after us, if it still can. */
  #acceptFirst(link: ReceivingLink, deliveryId: number, tag: string): void {
    const { released, mute, dispositions } = this.#session;
    const { suspended } = link;
    if (suspended !== null && released) suspended.answered.set(tag, ACCEPTED);
    if (mute) return;
    if (!link.detached || (suspended !== null && !released)) {
      this.#answer(link, deliveryId, tag, ACCEPTED);
    } else dispositions.write(true, deliveryId, suspended === null, ACCEPTED_BYTES);
  }

  /** Its place is free when the client has settled it, too: else there could be any number. */
  #answer(link: ReceivingLink, deliveryId: number, tag: string, state: DeliveryState): void {
    this.#answered.set(deliveryId, { link, tag, state });
    this.#session.dispositions.write(true, deliveryId, false, encodeState(state));
  }

  #settleOne(deliveryId: number): void {
    const delivery = this.#answered.get(deliveryId);
    if (delivery === undefined) return;
    this.#answered.delete(deliveryId);
    delivery.link.answered();
  }
}
