import type { FactsKind } from './keys.js';
import { mergeRanges } from './ranges.js';

/** Something whose facts are written as deltas and, now and then, as a whole. */
abstract class Changes {
  abstract readonly kind: FactsKind;
  readonly id: number;
  /** It is among what the open commit changes. */
  dirty = false;
  /** Commit of its latest checkpoint; 0 when it has none. */
  checkpointCommit = 0;
  /** The first commit that changed it since its latest checkpoint; 0 when none did. */
  touchedCommit = 0;

  constructor(id: number) {
    this.id = id;
  }

  /** Forgets the changes of the commit that was sealed. */
  abstract clear(): void;
}

/** What the open commit changes of one queue. Kept between commits, so that nothing is allocated. */
export class QueueChanges extends Changes {
  readonly kind = 'queue';
  /** The lowest sequence never used, over all commits. */
  tail = 0;
  tailChanged = false;
  /** 0 for no change. */
  dispatchedBelow = 0;
  /** Failed deliveries by sequence; most queues never need it. */
  #deliveryCounts: Map<number, number> | null = null;
  /** Settled sequences as flat [first, last] pairs. */
  #settled: number[] = [];
  #ascending = true;

  put(sequence: number): void {
    if (sequence < this.tail) return;
    this.tail = sequence + 1;
    this.tailChanged = true;
  }

  settle(sequence: number): void {
    const settled = this.#settled;
    const end = settled.length - 1;
    if (end < 0) {
      settled.push(sequence, sequence);
      return;
    }
    const last = settled[end]!;
    if (sequence === last + 1) {
      settled[end] = sequence;
      return;
    }
    if (sequence < last) this.#ascending = false;
    settled.push(sequence, sequence);
  }

  deliveryFailed(sequence: number, count: number): void {
    this.#deliveryCounts ??= new Map();
    this.#deliveryCounts.set(sequence, count);
  }

  /** Flat [sequence, count] pairs. */
  get deliveryCounts(): readonly number[] {
    return this.#deliveryCounts === null ? [] : [...this.#deliveryCounts].flat();
  }

  /** Sorted, disjoint and apart. */
  get settled(): readonly number[] {
    return this.#ascending ? this.#settled : mergeRanges(this.#settled);
  }

  override clear(): void {
    this.dirty = false;
    this.tailChanged = false;
    this.dispatchedBelow = 0;
    this.#deliveryCounts = null;
    this.#settled.length = 0;
    this.#ascending = true;
  }
}

/** What the open commit changes of one session. */
export class SessionChanges extends Changes {
  readonly kind = 'session';
  /** Slots by number; null for one that is deleted. */
  readonly slots = new Map<number, Buffer | null>();

  override clear(): void {
    this.dirty = false;
    this.slots.clear();
  }
}
