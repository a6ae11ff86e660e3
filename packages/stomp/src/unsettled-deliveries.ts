import type { QueueEntry } from '@causeway/core';

const CAPACITY_MIN = 16;

/**
 * What one subscription holds unsettled, by delivery number: 1, 2, 3... in the order of sending. A
 * window of the newest is an array that wraps around; what lags far behind it moves to a map, so
 * that one delivery that is never settled does not keep the places of all that follow it.
 */
export class UnsettledDeliveries {
  /** How many there are. */
  count = 0;
  /** The next delivery gets this number. */
  next = 1;
  #first = 1;
  #window: (QueueEntry | undefined)[] = [];
  readonly #stragglers = new Map<number, QueueEntry>();
  /** Number by message id, for the versions that acknowledge by it; null in the others. */
  readonly #numbers: Map<number, number> | null;

  /** @param byMessage whether deliveries are also found by the id of their message */
  constructor(byMessage: boolean) {
    this.#numbers = byMessage ? new Map() : null;
  }

  /** Numbers begin here; called once, before any delivery. */
  startAt(number: number): void {
    this.next = number;
    this.#first = number;
  }

  /** @returns the delivery's number */
  add(entry: QueueEntry): number {
    const number = this.next++;
    if (number - this.#first >= this.#window.length) this.#makeRoom();
    this.#window[number & (this.#window.length - 1)] = entry;
    this.count++;
    this.#numbers?.set(entry.message.id, number);
    return number;
  }

  /** Removes one delivery; undefined when there is none of that number. */
  take(number: number): QueueEntry | undefined {
    const entry = this.#find(number);
    if (entry === undefined) return undefined;
    this.#remove(number, entry);
    return entry;
  }

  /**
   * Removes the delivery and all that were sent before it, and calls `visit` with each, in order.
   * @returns how many there were; 0 when there is none of that number
   */
  takeUpTo(number: number, visit: (entry: QueueEntry, number: number) => void): number {
    if (this.#find(number) === undefined) return 0;
    const before = this.count;
    if (this.#stragglers.size > 0) {
      for (const straggler of [...this.#stragglers.keys()].sort((left, right) => left - right)) {
        if (straggler <= number) this.#visit(straggler, visit);
      }
    }
    for (let each = this.#first; each <= number; each++) this.#visit(each, visit);
    return before - this.count;
  }

  /** Puts back what `take` removed. */
  restore(number: number, entry: QueueEntry): void {
    if (number >= this.#first) this.#window[number & (this.#window.length - 1)] = entry;
    else this.#stragglers.set(number, entry);
    this.count++;
    this.#numbers?.set(entry.message.id, number);
  }

  /** The number of the delivery of a message, or 0. */
  numberOf(messageId: number): number {
    return this.#numbers?.get(messageId) ?? 0;
  }

  #find(number: number): QueueEntry | undefined {
    if (number >= this.next) return undefined;
    if (number >= this.#first) return this.#window[number & (this.#window.length - 1)];
    return this.#stragglers.get(number);
  }

  #visit(number: number, visit: (entry: QueueEntry, number: number) => void): void {
    const entry = this.#find(number);
    if (entry === undefined) return;
    this.#remove(number, entry);
    visit(entry, number);
  }

  #remove(number: number, entry: QueueEntry): void {
    this.count--;
    this.#numbers?.delete(entry.message.id);
    if (number < this.#first) {
      this.#stragglers.delete(number);
      return;
    }
    const mask = this.#window.length - 1;
    this.#window[number & mask] = undefined;
    if (number !== this.#first) return;
    let first = number + 1;
    while (first < this.next && this.#window[first & mask] === undefined) first++;
    this.#first = first;
  }

  /** Doubles the window, or moves its older half out when that is nearly empty. */
  #makeRoom(): void {
    const size = this.#window.length;
    if (size >= CAPACITY_MIN * 4 && this.count - this.#stragglers.size < size / 4) {
      this.#moveOut(this.#first + size / 2);
      return;
    }
    const grown = new Array<QueueEntry | undefined>(Math.max(CAPACITY_MIN, size * 2));
    grown.fill(undefined);
    for (let number = this.#first; number < this.#first + size; number++) {
      grown[number & (grown.length - 1)] = this.#window[number & (size - 1)];
    }
    this.#window = grown;
  }

  #moveOut(below: number): void {
    const mask = this.#window.length - 1;
    for (let number = this.#first; number < below; number++) {
      const entry = this.#window[number & mask];
      if (entry === undefined) continue;
      this.#stragglers.set(number, entry);
      this.#window[number & mask] = undefined;
    }
    this.#first = below;
  }
}
