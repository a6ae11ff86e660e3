const BYTES_MAX = 4 * 1024 * 1024;
const COUNT_MAX = 1024;

/** The newest records of a log, for those who follow it: they are not read back from the disk. */
export class RecentRecords {
  readonly #values: Buffer[] = [];
  #first = 1;
  #bytes = 0;

  /** Adds the record after the last one. */
  add(sequence: number, value: Buffer): void {
    if (this.#values.length === 0) this.#first = sequence;
    this.#values.push(value);
    this.#bytes += value.length;
    let dropped = 0;
    while (this.#isFull(dropped)) this.#bytes -= this.#values[dropped++]!.length;
    if (dropped === 0) return;
    this.#values.splice(0, dropped);
    this.#first += dropped;
  }

  get(sequence: number): Buffer | null {
    return this.#values[sequence - this.#first] ?? null;
  }

  /** Whether it is without the first `dropped` values; the newest one always stays. */
  #isFull(dropped: number): boolean {
    const count = this.#values.length - dropped;
    return count > 1 && (count > COUNT_MAX || this.#bytes > BYTES_MAX);
  }
}
