import { invariant } from './errors.js';

/**
 * A growing set of settled sequences: everything below the watermark, and ranges above it. The
 * number of ranges is bounded by the gaps: what is still in flight.
 */
export class SequenceRanges {
  #watermark: number;
  /** Sorted, disjoint, not adjacent: [first, last, first, last...], all above the watermark. */
  readonly #ranges: number[];
  #countAbove = 0;

  /** @param ranges what `ranges` returned together with the watermark */
  constructor(watermark = 1, ranges: readonly number[] = []) {
    this.#watermark = watermark;
    this.#ranges = [...ranges];
    let end = watermark - 1;
    for (let index = 0; index < ranges.length; index += 2) {
      const first = ranges[index]!;
      const last = ranges[index + 1]!;
      invariant(first > end + 1 && last >= first, 'settled ranges are sorted and apart');
      this.#countAbove += last - first + 1;
      end = last;
    }
  }

  /** The lowest sequence that is not in the set. */
  get watermark(): number {
    return this.#watermark;
  }

  /** Sequences in the set that are above the watermark. */
  get countAbove(): number {
    return this.#countAbove;
  }

  get ranges(): readonly number[] {
    return this.#ranges;
  }

  has(sequence: number): boolean {
    if (sequence < this.#watermark) return true;
    const index = this.#rangeAtOrAfter(sequence);
    return index < this.#ranges.length && this.#ranges[index]! <= sequence;
  }

  /** The first sequence at or after the given one that is not in the set. */
  nextMissing(sequence: number): number {
    if (sequence < this.#watermark) return this.#watermark;
    const index = this.#rangeAtOrAfter(sequence);
    const inside = index < this.#ranges.length && this.#ranges[index]! <= sequence;
    return inside ? this.#ranges[index + 1]! + 1 : sequence;
  }

  add(sequence: number): void {
    if (sequence === this.#watermark) {
      this.#watermark++;
      if (this.#ranges.length > 0 && this.#ranges[0] === this.#watermark) {
        this.#countAbove -= this.#ranges[1]! - this.#ranges[0]! + 1;
        this.#watermark = this.#ranges[1]! + 1;
        this.#ranges.splice(0, 2);
      }
      return;
    }
    if (this.has(sequence)) return;
    this.#countAbove++;
    this.#insert(sequence);
  }

  #insert(sequence: number): void {
    const ranges = this.#ranges;
    const index = this.#rangeAtOrAfter(sequence);
    const joinsBefore = index > 0 && ranges[index - 1] === sequence - 1;
    const joinsAfter = index < ranges.length && ranges[index] === sequence + 1;
    if (joinsBefore && joinsAfter) {
      ranges[index - 1] = ranges[index + 1]!;
      ranges.splice(index, 2);
    } else if (joinsBefore) {
      ranges[index - 1] = sequence;
    } else if (joinsAfter) {
      ranges[index] = sequence;
    } else {
      ranges.splice(index, 0, sequence, sequence);
    }
  }

  /** Index of the first range whose last sequence is at or after the given one. */
  #rangeAtOrAfter(sequence: number): number {
    const ranges = this.#ranges;
    if (ranges.length > 0 && ranges[ranges.length - 1]! < sequence) return ranges.length;
    let low = 0;
    let high = ranges.length / 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ranges[middle * 2 + 1]! < sequence) low = middle + 1;
      else high = middle;
    }
    return low * 2;
  }
}
