/** Waits between attempts: random up to a cap that doubles (full jitter), as AWS recommends. */
export class Backoff {
  readonly #baseMs: number;
  readonly #capMs: number;
  #failures = 0;

  constructor(baseMs: number, capMs: number) {
    this.#baseMs = baseMs;
    this.#capMs = capMs;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Milliseconds to wait after one more failure. */
  failed(): number {
    const limitMs = Math.min(this.#capMs, this.#baseMs * 2 ** Math.min(this.#failures++, 30));
    return Math.random() * limitMs;
  }
}
