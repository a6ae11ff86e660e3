export interface AdmissionOptions<T> {
  /** How long somebody waits while it is closed. */
  readonly waitMs: number;
  /** How many are admitted in a second, at most. */
  readonly perSecond: number;
  admit(item: T): void;
  /** It has waited for too long. */
  expire(item: T): void;
}

interface Waiting<T> {
  readonly item: T;
  readonly sinceMs: number;
}

const TICK_MS = 10;

/**
 * A door with a queue before it. While it is open, those who wait are let in, in order, at a bounded
 * rate; while it is closed, each waits for so long and no longer.
 */
export class Admission<T> {
  readonly #options: AdmissionOptions<T>;
  /** How many may be admitted at once after a quiet time. */
  readonly #burst: number;
  #queue: Waiting<T>[] = [];
  /** Place of the first one who waits. */
  #head = 0;
  #open = false;
  /** Since when it has been closed: time before the door shut counts as service, not as waiting. */
  #closedMs = performance.now();
  #tokens: number;
  #filledMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AdmissionOptions<T>) {
    this.#options = options;
    this.#burst = Math.max(1, options.perSecond / 10);
    this.#tokens = this.#burst;
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  add(item: T): void {
    this.#queue.push({ item, sinceMs: performance.now() });
    this.#step();
  }

  /** Opens the door, or closes it. */
  turn(open: boolean): void {
    if (open === this.#open) return;
    this.#open = open;
    if (!open) this.#closedMs = performance.now();
    this.#step();
  }

  /** Expires everybody. */
  close(): void {
    clearTimeout(this.#timer);
    while (this.waiting > 0) this.#options.expire(this.#take());
  }

  #step(): void {
    if (this.#open) this.#admit();
    else this.#expire();
    if (this.waiting === 0) {
      this.#queue = [];
      this.#head = 0;
      clearTimeout(this.#timer);
    } else {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#step(), TICK_MS);
    }
  }

  #admit(): void {
    const nowMs = performance.now();
    const earned = ((nowMs - this.#filledMs) * this.#options.perSecond) / 1000;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#filledMs = nowMs;
    // Who is admitted may come back at once, and the door may have closed by then.
    while (this.waiting > 0 && this.#open && this.#tokens >= 1) {
      this.#tokens--;
      this.#options.admit(this.#take());
    }
  }

  #expire(): void {
    const overMs = performance.now() - this.#options.waitMs;
    while (this.waiting > 0 && !this.#open) {
      const { sinceMs } = this.#queue[this.#head]!;
      if (Math.max(sinceMs, this.#closedMs) > overMs) return;
      this.#options.expire(this.#take());
    }
  }

  #take(): T {
    return this.#queue[this.#head++]!.item;
  }
}
