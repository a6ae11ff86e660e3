/** Progress stops for this long: whatever is missing then is lost. */
const QUIET_MS = 10_000;
const POLL_MS = 20;

/** What one producer was promised and one consumer saw, by message number. */
export class Account {
  readonly name: string;
  readonly #confirmed = new Set<number>();
  readonly #received = new Map<number, number>();
  #lastProgress = Date.now();
  /** Numbers that arrived for the first time after a higher one had. */
  readonly outOfOrder: number[] = [];
  #highest = -1;

  constructor(name: string) {
    this.name = name;
  }

  confirmed(number: number): void {
    this.#confirmed.add(number);
    this.#lastProgress = Date.now();
  }

  received(number: number): void {
    const times = this.#received.get(number) ?? 0;
    this.#received.set(number, times + 1);
    this.#lastProgress = Date.now();
    if (times > 0) return;
    if (number < this.#highest) this.outOfOrder.push(number);
    this.#highest = Math.max(this.#highest, number);
  }

  get confirmedCount(): number {
    return this.#confirmed.size;
  }

  /** Confirmed to the producer, and never seen by the consumer. */
  get lost(): number[] {
    return [...this.#confirmed].filter((number) => !this.#received.has(number));
  }

  get duplicates(): number[] {
    return [...this.#received].filter(([, times]) => times > 1).map(([number]) => number);
  }

  /** Waits until nothing is missing, or nothing has moved for a long time. */
  async settled(producerDone: () => boolean): Promise<void> {
    while (!(producerDone() && this.lost.length === 0)) {
      if (Date.now() - this.#lastProgress > QUIET_MS) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
