const CAPACITY_MIN = 64;

/**
 * Numbers by the time at which they are due, earliest first; among equals the lower number, which
 * is the older one. A heap in two arrays of plain numbers: 16 bytes for each.
 */
export class DueIndex {
  #dueAt = new Float64Array(CAPACITY_MIN);
  #numbers = new Float64Array(CAPACITY_MIN);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** When the first one is due; Infinity without one. */
  get nextDueAt(): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : this.#dueAt[0]!;
  }

  /** The first one; 0 without one. */
  get next(): number {
    return this.#length === 0 ? 0 : this.#numbers[0]!;
  }

  add(dueAt: number, number: number): void {
    if (this.#length === this.#dueAt.length) this.#resize(this.#length * 2);
    let index = this.#length++;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (!this.#isBefore(dueAt, number, parent)) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#put(index, dueAt, number);
  }

  /** Takes the first one out. */
  shift(): void {
    if (this.#length === 0) return;
    this.#length--;
    this.#sink(this.#dueAt[this.#length]!, this.#numbers[this.#length]!);
    const { length } = this.#dueAt;
    if (length > CAPACITY_MIN && this.#length <= length / 4) this.#resize(length / 2);
  }

  /** Puts what was last in the place of the first, and brings it down to its own. */
  #sink(dueAt: number, number: number): void {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.#length) break;
      const right = child + 1;
      if (right < this.#length) {
        if (this.#isBefore(this.#dueAt[right]!, this.#numbers[right]!, child)) child = right;
      }
      if (this.#isBefore(dueAt, number, child)) break;
      this.#move(child, index);
      index = child;
    }
    this.#put(index, dueAt, number);
  }

  #isBefore(dueAt: number, number: number, index: number): boolean {
    const other = this.#dueAt[index]!;
    return dueAt < other || (dueAt === other && number < this.#numbers[index]!);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#dueAt[from]!, this.#numbers[from]!);
  }

  #put(index: number, dueAt: number, number: number): void {
    this.#dueAt[index] = dueAt;
    this.#numbers[index] = number;
  }

  #resize(capacity: number): void {
    const [dueAt, numbers] = [this.#dueAt, this.#numbers];
    this.#dueAt = new Float64Array(capacity);
    this.#numbers = new Float64Array(capacity);
    this.#dueAt.set(dueAt.subarray(0, this.#length));
    this.#numbers.set(numbers.subarray(0, this.#length));
  }
}
