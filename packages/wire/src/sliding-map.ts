const CAPACITY_MIN = 16;
/** Places of the array that may be scanned for each value in it. */
const SCANNED_PER_VALUE = 4;
/** An empty window of more places than this is given back. */
const CAPACITY_KEPT = 1024;

/**
 * Values by ascending numbers that the map gives out itself, of which mostly the newest are there:
 * deliveries, from sending to settlement. A window of the newest is an array that wraps around; what
 * lags far behind it moves to a map, so that one value that is never taken does not keep the places
 * of all that follow it. Memory and time follow the values that are there, not the numbers given out.
 * Numbers are integers up to 2^53; a value is never undefined.
 */
export class SlidingMap<T> {
  #next = 1;
  #size = 0;
  /** Lower numbers are stragglers. */
  #first = 1;
  #window: (T | undefined)[] = [];
  readonly #stragglers = new Map<number, T>();

  /** How many values there are. */
  get size(): number {
    return this.#size;
  }

  /** The next value gets this number. */
  get next(): number {
    return this.#next;
  }

  /** Numbers begin here, instead of at 1; called once, before any value. */
  startAt(number: number): void {
    this.#next = number;
    this.#first = number;
  }

  /** @returns the value's number */
  add(value: T): number {
    const number = this.#next++;
    while (number - this.#first >= this.#window.length) this.#makeRoom();
    this.#window[number & (this.#window.length - 1)] = value;
    this.#size++;
    return number;
  }

  /** Gives out a number without a value. */
  skip(): number {
    if (this.#size === 0) this.#first = this.#next + 1;
    return this.#next++;
  }

  get(number: number): T | undefined {
    if (number >= this.#next) return undefined;
    if (number >= this.#first) return this.#window[number & (this.#window.length - 1)];
    return this.#stragglers.get(number);
  }

  /** Removes one value; undefined when there is none of that number. */
  take(number: number): T | undefined {
    const value = this.get(number);
    if (value !== undefined) this.#remove(number);
    return value;
  }

  /**
   * Removes the values numbered `first` to `last`, both included, and calls `visit` with each, in
   * order; what it adds meanwhile stays. Costs as much as there are values, or numbers in the range,
   * whichever are fewer.
   * @returns how many there were
   */
  takeRange(first: number, last: number, visit: (value: T, number: number) => void): number {
    const end = Math.min(last, this.#next - 1);
    if (Math.min(end - Math.max(first, this.#first) + 1, this.#span) > this.#scannedMax) {
      this.#moveOut(this.#next);
    }
    let taken = 0;
    for (const number of this.#stragglersWithin(first, end)) taken += this.#visit(number, visit);
    for (let number = Math.max(first, this.#first); number <= end; number++) {
      taken += this.#visit(number, visit);
    }
    return taken;
  }

  /** Removes the values for which `wanted` says so; returns them by ascending number. */
  takeWhere(wanted: (value: T) => boolean): T[] {
    const taken: T[] = [];
    for (const number of this.#stragglersWithin(Number.NEGATIVE_INFINITY, this.#first)) {
      if (wanted(this.#stragglers.get(number)!)) taken.push(this.take(number)!);
    }
    // No generator: there may be many values, and as many who look for theirs.
    const end = this.#next;
    for (let number = this.#first; number < end; number++) {
      const value = this.get(number);
      if (value !== undefined && wanted(value)) taken.push(this.take(number)!);
    }
    return taken;
  }

  /** Puts back what was taken. */
  restore(number: number, value: T): void {
    if (number >= this.#first) this.#window[number & (this.#window.length - 1)] = value;
    else this.#stragglers.set(number, value);
    this.#size++;
  }

  /** The values by ascending number; they may not change meanwhile. */
  *values(): IterableIterator<T> {
    for (const [, value] of this.entries()) yield value;
  }

  /** Numbers and values by ascending number; they may not change meanwhile. */
  *entries(): IterableIterator<[number: number, value: T]> {
    for (const number of this.#stragglersWithin(Number.NEGATIVE_INFINITY, this.#first)) {
      yield [number, this.#stragglers.get(number)!];
    }
    for (let number = this.#first; number < this.#next; number++) {
      const value = this.#window[number & (this.#window.length - 1)];
      if (value !== undefined) yield [number, value];
    }
  }

  /** Forgets all values; numbers go on. */
  clear(): void {
    this.#window = [];
    this.#stragglers.clear();
    this.#size = 0;
    this.#first = this.#next;
  }

  /** Numbers that the window covers. */
  get #span(): number {
    return this.#next - this.#first;
  }

  get #scannedMax(): number {
    return CAPACITY_MIN + SCANNED_PER_VALUE * (this.#size - this.#stragglers.size);
  }

  #stragglersWithin(first: number, last: number): number[] {
    const found: number[] = [];
    if (last - first < this.#stragglers.size) {
      const end = Math.min(last, this.#first - 1);
      for (let number = first; number <= end; number++) {
        if (this.#stragglers.has(number)) found.push(number);
      }
      return found;
    }
    for (const number of this.#stragglers.keys()) {
      if (number >= first && number <= last) found.push(number);
    }
    // Those that were put back stand behind their place.
    return found.sort((left, right) => left - right);
  }

  #visit(number: number, visit: (value: T, number: number) => void): number {
    const value = this.take(number);
    if (value === undefined) return 0;
    visit(value, number);
    return 1;
  }

  #remove(number: number): void {
    this.#size--;
    if (number < this.#first) {
      this.#stragglers.delete(number);
      return;
    }
    if (this.#size === 0 && this.#window.length > CAPACITY_KEPT) {
      this.#window = [];
      this.#first = this.#next;
      return;
    }
    const mask = this.#window.length - 1;
    this.#window[number & mask] = undefined;
    if (number !== this.#first) return;
    let first = number + 1;
    while (first < this.#next && this.#window[first & mask] === undefined) first++;
    this.#first = first;
  }

  /** Doubles the window, or moves its older half out when that is nearly empty. */
  #makeRoom(): void {
    const length = this.#window.length;
    if (length >= CAPACITY_MIN * 4 && this.#size - this.#stragglers.size < length / 4) {
      this.#moveOut(this.#first + length / 2);
      return;
    }
    const grown = new Array<T | undefined>(Math.max(CAPACITY_MIN, length * 2)).fill(undefined);
    for (let number = this.#first; number < this.#first + length; number++) {
      grown[number & (grown.length - 1)] = this.#window[number & (length - 1)];
    }
    this.#window = grown;
  }

  #moveOut(below: number): void {
    const mask = this.#window.length - 1;
    for (let number = this.#first; number < below; number++) {
      const value = this.#window[number & mask];
      if (value === undefined) continue;
      this.#stragglers.set(number, value);
      this.#window[number & mask] = undefined;
    }
    this.#first = below;
  }
}
