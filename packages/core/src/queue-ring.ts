import type { Consumer } from './consumer.js';
import { MinHeap } from './min-heap.js';
import type { QueueEntry } from './queue-entry.js';

const SLOTS_MIN = 8;
/** From this size on, an array that is empty is given up, and one full of holes is packed. */
const SLOTS_LARGE = 1024;

/** A place in a ring, from which somebody looks through it in a way of his own. */
export class RingCursor {
  position: number;
  /** It goes back to entries that were handed out and came back. */
  readonly rewinds: boolean;

  constructor(position: number, rewinds: boolean) {
    this.position = position;
    this.rewinds = rewinds;
  }
}

/**
 * The entries of a queue that are in memory, in order, and which of them is offered next: first
 * what came back, then what was never handed out. Entries may also be handed out of turn, to whoever
 * has a cursor of its own. Settled entries leave holes; when most of the
 * ring is holes, because one entry stays unsettled while others come and go, it is packed.
 */
export class QueueRing {
  #slots: (QueueEntry | undefined)[] = [];
  /** Position of the oldest entry that is not settled. */
  #head = 0;
  /** Position that the next entry will get. */
  #tail = 0;
  /** Position of the first entry that was never handed out. */
  #cursor = 0;
  #length = 0;
  /** Positions of entries that came back; some of them may be gone since. */
  readonly #returned = new MinHeap<number>((left, right) => left < right);
  #cursors: RingCursor[] = [];

  /** Entries that are not settled. */
  get length(): number {
    return this.#length;
  }

  /** Entries that there is room for without growing. */
  get capacity(): number {
    return this.#slots.length;
  }

  /** Adds an entry that waits behind all others. */
  push(entry: QueueEntry): void {
    if (this.#tail - this.#head === this.#slots.length) this.#makeRoom();
    entry.position = this.#tail;
    this.#slots[this.#tail & (this.#slots.length - 1)] = entry;
    this.#tail++;
    this.#length++;
  }

  /** Adds an entry that is handed out already. Nothing else may wait. */
  pushTaken(entry: QueueEntry): void {
    this.push(entry);
    this.#cursor = this.#tail;
  }

  /** The entry to hand out next; `take` it when it is handed out or settled. */
  next(): QueueEntry | null {
    for (;;) {
      const returned = this.#returned.peek();
      if (returned === undefined) break;
      const entry = this.#at(returned);
      if (entry?.state === 'available') return entry;
      this.#returned.pop();
      if (entry !== undefined) entry.returned = false;
    }
    for (; this.#cursor < this.#tail; this.#cursor++) {
      const entry = this.#at(this.#cursor);
      if (entry?.state === 'available') return entry;
    }
    return null;
  }

  /** The entry that `next` returned is no longer offered. */
  take(entry: QueueEntry): void {
    if (this.#returned.peek() === entry.position) {
      this.#returned.pop();
      entry.returned = false;
    } else this.#cursor = entry.position + 1;
  }

  /** An entry that was handed out is offered again, before newer ones. */
  giveBack(entry: QueueEntry): void {
    // One that was handed out of turn may not have had its turn yet, or may be waiting already.
    if (entry.position < this.#cursor && !entry.returned) this.#return(entry);
    for (const cursor of this.#cursors) {
      if (cursor.rewinds && cursor.position > entry.position) cursor.position = entry.position;
    }
  }

  /** Somebody begins to look through the ring, from its head on. */
  openCursor(rewinds: boolean): RingCursor {
    const cursor = new RingCursor(this.#head, rewinds);
    this.#cursors.push(cursor);
    return cursor;
  }

  closeCursor(cursor: RingCursor): void {
    this.#cursors = this.#cursors.filter((candidate) => candidate !== cursor);
  }

  /** Moves a cursor to the next entry that is not settled, the one it is at included. */
  seek(cursor: RingCursor): QueueEntry | null {
    if (cursor.position < this.#head) cursor.position = this.#head;
    for (; cursor.position < this.#tail; cursor.position++) {
      const entry = this.#at(cursor.position);
      if (entry !== undefined) return entry;
    }
    return null;
  }

  /** Forgets a settled entry, and moves the head past everything settled. */
  remove(entry: QueueEntry): void {
    const mask = this.#slots.length - 1;
    this.#slots[entry.position & mask] = undefined;
    this.#length--;
    while (this.#head < this.#tail && this.#slots[this.#head & mask] === undefined) this.#head++;
    if (this.#cursor < this.#head) this.#cursor = this.#head;
    if (this.#length === 0 && this.#slots.length > SLOTS_LARGE) this.#slots = [];
  }

  /** All entries in order. Entries may be removed, but not added, while they are walked. */
  *all(): Generator<QueueEntry> {
    const end = this.#tail;
    for (let position = this.#head; position < end; position++) {
      const entry = this.#at(position);
      if (entry !== undefined) yield entry;
    }
  }

  /**
   * What a consumer holds, in order. No generator: as many may ask as there are entries.
   * @param outOfTurn whether it may have been handed what is behind the first that never was
   */
  heldBy(consumer: Consumer, outOfTurn: boolean): QueueEntry[] {
    const held: QueueEntry[] = [];
    const end = outOfTurn ? this.#tail : this.#cursor;
    const mask = this.#slots.length - 1;
    for (let position = this.#head; position < end; position++) {
      const entry = this.#slots[position & mask];
      if (entry?.consumer === consumer) held.push(entry);
    }
    return held;
  }

  #at(position: number): QueueEntry | undefined {
    if (position < this.#head || position >= this.#tail) return undefined;
    return this.#slots[position & (this.#slots.length - 1)];
  }

  #return(entry: QueueEntry): void {
    entry.returned = true;
    this.#returned.push(entry.position);
  }

  #makeRoom(): void {
    const { length } = this.#slots;
    if (length >= SLOTS_LARGE && this.#length <= length / 4) this.#pack();
    else this.#grow();
  }

  #grow(): void {
    const grown = new Array<QueueEntry | undefined>(Math.max(SLOTS_MIN, this.#slots.length * 2));
    grown.fill(undefined);
    for (let position = this.#head; position < this.#tail; position++) {
      grown[position & (grown.length - 1)] = this.#slots[position & (this.#slots.length - 1)];
    }
    this.#slots = grown;
  }

  /** Gives the entries positions without holes, from the tail on: no old position is used again. */
  #pack(): void {
    const entries = [...this.all()];
    const places = entries.map(({ position }) => position);
    this.#slots.fill(undefined);
    this.#returned.clear();
    this.#head = this.#tail;
    this.#length = 0;
    for (const entry of entries) this.push(entry);
    for (const cursor of this.#cursors) cursor.position = this.#packed(places, cursor.position);
    this.#cursor = this.#packed(places, this.#cursor);
    for (const entry of entries) {
      entry.returned = false;
      if (entry.position < this.#cursor && entry.state === 'available') this.#return(entry);
    }
  }

  /** The new position of what was at or after `position`, given the sorted old ones. */
  #packed(places: readonly number[], position: number): number {
    const index = places.findIndex((place) => place >= position);
    return this.#head + (index < 0 ? places.length : index);
  }
}
