import type { QueueEntry } from './queue-entry.js';

/** The entries of a queue that are in memory, by position: the order in which they are offered. */
export class QueueRing {
  #slots: (QueueEntry | undefined)[] = [];
  /** Position of the oldest entry that is not settled. */
  head = 0;
  /** Position that the next entry will get. */
  tail = 0;

  push(entry: QueueEntry): void {
    if (this.tail - this.head === this.#slots.length) this.#grow();
    entry.position = this.tail;
    this.#slots[this.tail & (this.#slots.length - 1)] = entry;
    this.tail++;
  }

  /** Undefined for a position whose entry is settled and gone. */
  at(position: number): QueueEntry | undefined {
    if (position < this.head || position >= this.tail) return undefined;
    return this.#slots[position & (this.#slots.length - 1)];
  }

  /** Forgets a settled entry, and moves the head past everything settled. */
  remove(entry: QueueEntry): void {
    const mask = this.#slots.length - 1;
    this.#slots[entry.position & mask] = undefined;
    while (this.head < this.tail && this.#slots[this.head & mask] === undefined) this.head++;
    if (this.head === this.tail && this.#slots.length > 1024) this.#slots = [];
  }

  /** The entries from `from` on, in order. */
  *from(from: number): Generator<QueueEntry> {
    for (let position = Math.max(from, this.head); position < this.tail; position++) {
      const entry = this.at(position);
      if (entry !== undefined) yield entry;
    }
  }

  #grow(): void {
    const grown = new Array<QueueEntry | undefined>(Math.max(8, this.#slots.length * 2));
    grown.fill(undefined);
    for (let position = this.head; position < this.tail; position++) {
      grown[position & (grown.length - 1)] = this.#slots[position & (this.#slots.length - 1)];
    }
    this.#slots = grown;
  }
}
