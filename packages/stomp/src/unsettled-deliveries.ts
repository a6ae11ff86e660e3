import type { QueueEntry } from '@causeway/core';
import { SlidingMap } from '@causeway/wire';

type Visitor = (entry: QueueEntry, number: number) => void;

/** What one subscription holds unsettled, by delivery number: 1, 2, 3... in the order of sending. */
export class UnsettledDeliveries {
  readonly #entries = new SlidingMap<QueueEntry>();
  /** Number by message id, for the versions that acknowledge by it; null in the others. */
  readonly #numbers: Map<number, number> | null;

  /** @param byMessage whether deliveries are also found by the id of their message */
  constructor(byMessage: boolean) {
    this.#numbers = byMessage ? new Map() : null;
  }

  /** How many there are. */
  get count(): number {
    return this.#entries.size;
  }

  /** The next delivery gets this number. */
  get next(): number {
    return this.#entries.next;
  }

  /** Numbers begin here; called once, before any delivery. */
  startAt(number: number): void {
    this.#entries.startAt(number);
  }

  /** @returns the delivery's number */
  add(entry: QueueEntry): number {
    const number = this.#entries.add(entry);
    this.#numbers?.set(entry.message.id, number);
    return number;
  }

  /** Removes one delivery; undefined when there is none of that number. */
  take(number: number): QueueEntry | undefined {
    const entry = this.#entries.take(number);
    if (entry !== undefined) this.#numbers?.delete(entry.message.id);
    return entry;
  }

  /**
   * Removes the delivery and all that were sent before it, and calls `visit` with each, in order.
   * @returns how many there were; 0 when there is none of that number
   */
  takeUpTo(number: number, visit: Visitor): number {
    if (this.#entries.get(number) === undefined) return 0;
    const numbers = this.#numbers;
    if (numbers === null) return this.#entries.takeRange(1, number, visit);
    return this.#entries.takeRange(1, number, (entry, each) => {
      numbers.delete(entry.message.id);
      visit(entry, each);
    });
  }

  /** Puts back what `take` removed. */
  restore(number: number, entry: QueueEntry): void {
    this.#entries.restore(number, entry);
    this.#numbers?.set(entry.message.id, number);
  }

  /** The number of the delivery of a message, or 0. */
  numberOf(messageId: number): number {
    return this.#numbers?.get(messageId) ?? 0;
  }
}
