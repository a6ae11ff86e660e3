import { MinHeap } from './min-heap.js';

interface Deadline {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | null;
}

/** Below this number of cancelled deadlines it is not worth while to look for them. */
const CANCELLED_MIN = 256;

/**
 * Everything that happens later, in one heap: running is in time order. What was cancelled stays
 * in the heap until it is the larger part of it, so that cancelling costs next to nothing.
 */
export class Deadlines {
  readonly #heap = new MinHeap<Deadline>((left, right) =>
    left.at === right.at ? left.order < right.order : left.at < right.at,
  );
  #order = 0;
  #cancelled = 0;

  /** Deadlines in memory, some of them cancelled. */
  get length(): number {
    return this.#heap.length;
  }

  /** Runs `callback` when `advance` reaches `at` (monotonic milliseconds). */
  add(at: number, callback: () => void): () => void {
    const deadline: Deadline = { at, order: this.#order++, callback };
    this.#heap.push(deadline);
    return () => {
      if (deadline.callback === null) return;
      deadline.callback = null;
      this.#cancelled++;
      this.#forgetCancelled();
    };
  }

  /** When the next deadline is due; Infinity without one. */
  get next(): number {
    return this.#heap.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  advance(nowMs: number): void {
    while (this.next <= nowMs) this.#run(this.#heap.pop()!);
  }

  #run(deadline: Deadline): void {
    const { callback } = deadline;
    if (callback === null) {
      this.#cancelled--;
      return;
    }
    deadline.callback = null;
    callback();
  }

  #forgetCancelled(): void {
    if (this.#cancelled < CANCELLED_MIN || this.#cancelled * 2 < this.#heap.length) return;
    this.#heap.retain((deadline) => deadline.callback !== null);
    this.#cancelled = 0;
  }
}
