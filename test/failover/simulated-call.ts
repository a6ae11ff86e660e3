/** A question to the log, or the wish to trim it, that waits for its answer. */
export class SimulatedCall {
  readonly promise: Promise<number>;
  readonly #ask: () => number;
  #resolve!: (value: number) => void;
  #reject!: (cause: Error) => void;
  #answered = false;

  /** @param ask does at the log what is asked for, when the answer is made */
  constructor(ask: () => number) {
    this.#ask = ask;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get answered(): boolean {
    return this.#answered;
  }

  answer(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#resolve(this.#ask());
  }

  fail(cause = new Error('no answer in time')): void {
    this.#answered = true;
    this.#reject(cause);
  }
}
