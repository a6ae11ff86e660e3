import type { RecoveredQueue } from '@causeway/core';
import type { QueueCheckpoint, QueueDelta, SessionDelta } from './fact-records.js';
import { mergeRanges } from './ranges.js';

/** What is known of a queue: its latest checkpoint, then the deltas after it, in order. */
export class QueueFacts {
  checkpointCommit = 0;
  /** The first delta after the checkpoint; 0 when there is none. */
  touchedCommit = 0;
  tail = 1;
  #watermark = 1;
  #dispatchedBelow = 0;
  #settled: number[] = [];
  #deliveryCounts: Map<number, number> | null = null;
  #recovered: RecoveredQueue | undefined;

  restore(checkpoint: QueueCheckpoint, commit: number): void {
    this.checkpointCommit = commit;
    this.tail = checkpoint.tail;
    this.#watermark = checkpoint.watermark;
    this.#dispatchedBelow = checkpoint.dispatchedBelow;
    this.#settled = [...checkpoint.settledRanges];
    this.#deliveryCounts = null;
    this.#count(checkpoint.deliveryCounts);
  }

  apply(delta: QueueDelta, commit: number): void {
    if (commit <= this.checkpointCommit) return;
    if (this.touchedCommit === 0) this.touchedCommit = commit;
    this.tail = Math.max(this.tail, delta.tail);
    this.#dispatchedBelow = Math.max(this.#dispatchedBelow, delta.dispatchedBelow);
    for (const sequence of delta.settled) this.#settled.push(sequence);
    this.#count(delta.deliveryCounts);
  }

  /** All of it put together, once everything was applied. */
  get recovered(): RecoveredQueue {
    this.#recovered ??= this.#settle();
    return this.#recovered;
  }

  #settle(): RecoveredQueue {
    const ranges = mergeRanges([...this.#settled, 0, this.#watermark - 1]);
    const watermark = ranges[1]! + 1;
    const settledRanges = ranges.slice(2);
    const settledEnd = (settledRanges.at(-1) ?? 0) + 1;
    const deliveryCounts = [...(this.#deliveryCounts ?? [])]
      .filter(([sequence]) => !contains(ranges, sequence))
      .flat();
    const tail = Math.max(this.tail, watermark, settledEnd);
    return {
      tail,
      watermark,
      settledRanges,
      deliveryCounts,
      dispatchedBelow: this.#dispatchedBelow,
    };
  }

  #count(pairs: readonly number[]): void {
    if (pairs.length === 0) return;
    this.#deliveryCounts ??= new Map();
    for (let index = 0; index < pairs.length; index += 2) {
      this.#deliveryCounts.set(pairs[index]!, pairs[index + 1]!);
    }
  }
}

/** What is known of a session: the slots of its latest checkpoint, then the deltas after it. */
export class SessionFacts {
  checkpointCommit = 0;
  touchedCommit = 0;
  readonly slots = new Map<number, Buffer>();

  restore(slots: ReadonlyMap<number, Buffer | null>, commit: number): void {
    this.checkpointCommit = commit;
    this.slots.clear();
    this.#change(slots);
  }

  apply(delta: SessionDelta, commit: number): void {
    if (commit <= this.checkpointCommit) return;
    if (this.touchedCommit === 0) this.touchedCommit = commit;
    this.#change(delta.slots);
  }

  #change(slots: ReadonlyMap<number, Buffer | null>): void {
    for (const [slot, value] of slots) {
      if (value === null) this.slots.delete(slot);
      else this.slots.set(slot, value);
    }
  }
}

/** Whether one of the sorted ranges holds the number. */
function contains(ranges: readonly number[], number: number): boolean {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle * 2 + 1]! < number) low = middle + 1;
    else high = middle;
  }
  return low * 2 < ranges.length && ranges[low * 2]! <= number;
}
