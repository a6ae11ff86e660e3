const FIRST_MS = 20;
const LAST_MS = 1000;

/**
 * How long to wait before the next attempt to connect: any time up to a bound that doubles with
 * each, so that clients that lost their broker together do not come back together.
 */
export class Backoff {
  readonly #random: () => number;
  #attempts = 0;

  /** @param random numbers from 0 up to 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds. */
  next(): number {
    const bound = Math.min(LAST_MS, FIRST_MS * 2 ** this.#attempts++);
    return Math.ceil(this.#random() * bound);
  }

  /** It is connected. */
  reset(): void {
    this.#attempts = 0;
  }
}
