import { CommittedMark } from './committed-mark.js';
import type { QueueState, RecoveredQueue, Store, StoredEntry } from './ports.js';
import type { QueueEntry } from './queue-entry.js';
import { SequenceRanges } from './sequence-ranges.js';

/** How far ahead of need a queue with consumers declares that messages may be handed out. */
const DISPATCH_LOOKAHEAD = 1024;
/** Messages read from the store at a time. */
const LOAD_MESSAGES = 256;
/** Returned entries that are remembered one by one; beyond, all up to the last count as returned. */
const RETURNED_MAX = 10_000;

/**
 * The stored side of a queue: which sequences are used, settled, in memory, and which may have
 * been handed out. Sequences start at 1 and are never used again.
 */
export class QueueLog {
  readonly #queueId: number;
  readonly #store: Store;
  readonly #settled: SequenceRanges;
  readonly #deliveryCounts = new Map<number, number>();
  /** The next sequence to use; its durable value bounds what can be read back. */
  readonly #tail: CommittedMark;
  /** Stored entries below it are in memory or settled. */
  #loadedBelow: number;
  #loading = false;
  readonly #dispatchedBelow: CommittedMark;
  /** Below it an entry that is read back may have been delivered before. */
  #redeliveredBelow: number;
  /** Entries that came back and left the memory: whether a delivery of them was interrupted. */
  readonly #returned = new Map<number, boolean>();

  constructor(queueId: number, store: Store, recovered?: RecoveredQueue) {
    this.#queueId = queueId;
    this.#store = store;
    this.#settled = new SequenceRanges(recovered?.watermark ?? 1, recovered?.settledRanges);
    this.#tail = new CommittedMark(recovered?.tail ?? 1);
    this.#loadedBelow = this.#settled.watermark;
    this.#dispatchedBelow = new CommittedMark(recovered?.dispatchedBelow ?? 0);
    this.#redeliveredBelow = Math.min(recovered?.dispatchedBelow ?? 0, this.#tail.staged);
    const counts = recovered?.deliveryCounts ?? [];
    for (let index = 0; index < counts.length; index += 2) {
      this.#deliveryCounts.set(counts[index]!, counts[index + 1]!);
    }
  }

  /** Stored messages that are not settled. */
  get length(): number {
    return this.#tail.staged - this.#settled.watermark - this.#settled.countAbove;
  }

  /** Whether messages wait in the store only. */
  get backlog(): boolean {
    return this.#loadedBelow < this.#tail.staged;
  }

  /** Stored entries below it are in memory or settled. */
  get loadedBelow(): number {
    return this.#loadedBelow;
  }

  /** The next sequence to use. */
  get end(): number {
    return this.#tail.staged;
  }

  get state(): QueueState {
    return {
      watermark: this.#settled.watermark,
      settledRanges: this.#settled.ranges,
      deliveryCounts: [...this.#deliveryCounts].flat(),
      dispatchedBelow: this.#dispatchedBelow.staged,
    };
  }

  /** Whether something of the queue is staged in a commit after the given one. */
  waitsBeyond(commit: number): boolean {
    return this.#tail.commit > commit || this.#dispatchedBelow.commit > commit;
  }

  isSettled(sequence: number): boolean {
    return this.#settled.has(sequence);
  }

  /** The first sequence at or after the given one that is not settled; it may not be used yet. */
  nextUnsettled(sequence: number): number {
    return this.#settled.nextMissing(sequence);
  }

  /** Tells an entry that was read back what became of it before. */
  recall(entry: QueueEntry): void {
    entry.deliveryCount = this.#deliveryCounts.get(entry.sequence) ?? 0;
    const dispatched = entry.deliveryCount === 0 && entry.sequence < this.#redeliveredBelow;
    entry.interrupted = this.#returned.get(entry.sequence) ?? dispatched;
    entry.redelivered = this.wasDelivered(entry.sequence);
    this.#returned.delete(entry.sequence);
  }

  /** Remembers of an entry that leaves the memory what `recall` tells it later. */
  remember(entry: QueueEntry): void {
    this.#returned.set(entry.sequence, entry.interrupted);
    if (this.#returned.size <= RETURNED_MAX) return;
    for (const sequence of this.#returned.keys()) {
      this.#redeliveredBelow = Math.max(this.#redeliveredBelow, sequence + 1);
    }
    this.#returned.clear();
  }

  /** Whether an entry that is in the store only may have been handed to a consumer before. */
  wasDelivered(sequence: number): boolean {
    return (
      sequence < this.#redeliveredBelow ||
      this.#deliveryCounts.has(sequence) ||
      this.#returned.has(sequence)
    );
  }

  /** @param served whether somebody consumes, so that the message may be handed out soon */
  takeSequence(served: boolean): number {
    const sequence = this.#tail.staged;
    this.#tail.raise(sequence + 1, this.#store.openCommit);
    if (served && sequence >= this.#dispatchedBelow.staged) this.#declareDispatch(sequence);
    return sequence;
  }

  /** Whether the entry follows what is in memory, so that it may be kept there too. */
  followsMemory(sequence: number): boolean {
    return this.#loadedBelow === sequence;
  }

  enteredMemory(sequence: number): void {
    this.#loadedBelow = sequence + 1;
  }

  settle(sequence: number): void {
    this.#settled.add(sequence);
    if (this.#deliveryCounts.size > 0) this.#deliveryCounts.delete(sequence);
    if (this.#returned.size > 0) this.#returned.delete(sequence);
    this.#store.settle(this.#queueId, sequence);
  }

  countFailure(sequence: number, count: number): void {
    this.#deliveryCounts.set(sequence, count);
    this.#store.deliveryFailed(this.#queueId, sequence, count);
  }

  /**
   * Whether a stored entry may be handed out: it, and the note that it may be, are durable. When
   * the note is missing it is made.
   */
  mayShow(sequence: number, commit: number): boolean {
    const durable = this.#store.durableCommit;
    if (commit > durable) return false;
    if (sequence < this.#dispatchedBelow.durable(durable)) return true;
    if (sequence >= this.#dispatchedBelow.staged) this.#declareDispatch(sequence);
    return false;
  }

  /** Whether the entry can be read back. */
  isDurable(sequence: number): boolean {
    return sequence < this.#tail.durable(this.#store.durableCommit);
  }

  /**
   * Reads the next part of what waits in the store only.
   * @returns whether something is being read; if not, what comes next is not durable yet
   */
  load(take: (entries: StoredEntry[]) => void): boolean {
    if (this.#loading) return true;
    const first = this.#settled.nextMissing(this.#loadedBelow);
    const below = this.#tail.durable(this.#store.durableCommit);
    if (first >= below) {
      if (first >= this.#tail.staged) this.#loadedBelow = first;
      return false;
    }
    this.#loading = true;
    this.#read(first, below, (entries, end) => {
      this.#loading = false;
      this.#loadedBelow = end;
      take(entries);
    });
    return true;
  }

  /**
   * Reads a part of what waits in the store from `first` on, for whoever looks ahead: all that is
   * not settled, up to `end`.
   * @returns whether something is being read; if not, nothing from there on is durable yet
   */
  scan(first: number, take: (entries: StoredEntry[], end: number) => void): boolean {
    const below = this.#tail.durable(this.#store.durableCommit);
    if (first >= below) return false;
    this.#read(first, below, take);
    return true;
  }

  #read(first: number, below: number, take: (entries: StoredEntry[], end: number) => void): void {
    const next = (sequence: number): number => this.#settled.nextMissing(sequence);
    const range = { first, below, count: LOAD_MESSAGES, next };
    this.#store.readEntries(this.#queueId, range, (entries) => {
      take(entries, entries.length === 0 ? below : entries.at(-1)!.sequence + 1);
    });
  }

  #declareDispatch(sequence: number): void {
    const below = sequence + DISPATCH_LOOKAHEAD;
    this.#dispatchedBelow.raise(below, this.#store.openCommit);
    this.#store.dispatched(this.#queueId, below);
  }
}
