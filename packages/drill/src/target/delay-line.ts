/** Passes chunks on in their order, each when its time has come; null is the end. */
export class DelayLine {
  readonly #pass: (chunk: Buffer | null) => void;
  readonly #waiting: { readonly chunk: Buffer | null; readonly at: number }[] = [];
  #last = 0;
  #timer: NodeJS.Timeout | null = null;
  bytes = 0;

  constructor(pass: (chunk: Buffer | null) => void) {
    this.#pass = pass;
  }

  /**
   * @param travel milliseconds that it is on its way
   * @param sending milliseconds that the line is busy with it
   */
  push(chunk: Buffer | null, travel: number, sending: number): void {
    const now = performance.now();
    this.#last = Math.max(this.#last, now + travel) + sending;
    if (this.#waiting.length === 0 && this.#last <= now) {
      this.#pass(chunk);
      return;
    }
    this.#waiting.push({ chunk, at: this.#last });
    this.bytes += chunk?.length ?? 0;
    this.#wait();
  }

  #wait(): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#timer !== null) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#waiting.shift();
        this.bytes -= next.chunk?.length ?? 0;
        this.#pass(next.chunk);
        this.#wait();
      },
      Math.max(0, next.at - performance.now()),
    );
    this.#timer.unref();
  }
}
