import { MinHeap } from './min-heap.js';

interface Deadline {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | null;
}

/** Everything that happens later, in one heap: cancelling is free, running is in time order. */
export class Deadlines {
  readonly #heap = new MinHeap<Deadline>((left, right) =>
    left.at === right.at ? left.order < right.order : left.at < right.at,
  );
  #order = 0;

  /** Runs `callback` when `advance` reaches `at` (monotonic milliseconds). */
  add(at: number, callback: () => void): () => void {
    const deadline: Deadline = { at, order: this.#order++, callback };
    this.#heap.push(deadline);
    return () => {
      deadline.callback = null;
    };
  }

  /** When the next deadline is due; Infinity without one. */
  get next(): number {
    return this.#heap.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  advance(nowMs: number): void {
    while (this.next <= nowMs) this.#heap.pop()?.callback?.();
  }
}
