import type { BenchProducer } from './bench-driver.js';
import type { Histogram } from './histogram.js';

export interface PumpOptions {
  readonly count: number;
  readonly size: number;
  /** Messages per second; 0 for as many as go. */
  readonly rate: number;
  readonly window: number;
  readonly confirmed: boolean;
  readonly latency: Histogram;
  readonly mayRun: () => boolean;
  readonly onConfirmed: () => void;
}

/** Messages sent in one go before others get their turn. */
const BURST = 256;
const RATE_TICK_MS = 1;

/** Keeps one producer busy: with as many unconfirmed messages as its window, or at its rate. */
export class Pump {
  readonly #options: PumpOptions;
  readonly #body: Buffer;
  /** When the unconfirmed messages were sent, as a ring. */
  readonly #sentAt: Float64Array;
  #producer: BenchProducer | null = null;
  #startMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #again: NodeJS.Immediate | undefined;
  #running = false;
  sent = 0;
  confirmed = 0;
  lastSentMs = 0;

  constructor(options: PumpOptions) {
    this.#options = options;
    this.#body = Buffer.alloc(options.size, 'causeway ');
    this.#sentAt = new Float64Array(options.window);
  }

  attach(producer: BenchProducer): void {
    this.#producer = producer;
  }

  start(startMs: number): void {
    this.#startMs = startMs;
    this.#running = true;
    if (this.#options.rate > 0) this.#timer = setInterval(() => this.run(), RATE_TICK_MS);
    this.run();
  }

  stop(): void {
    this.#running = false;
    clearInterval(this.#timer);
    clearImmediate(this.#again);
  }

  async close(): Promise<void> {
    await this.#producer?.close();
  }

  confirm(count: number): void {
    const now = performance.now();
    const { window, latency, onConfirmed } = this.#options;
    for (let index = 0; index < count; index++) {
      latency.record(now - this.#sentAt[this.confirmed++ % window]!);
    }
    onConfirmed();
    this.run();
  }

  /** Sends what may be sent now. */
  run(): void {
    if (!this.#running || this.#producer === null) return;
    const producer = this.#producer;
    let burst = 0;
    while (burst < BURST && this.#maySend(producer)) {
      this.#send(producer);
      burst++;
    }
    if (burst === 0) return;
    producer.flush();
    this.lastSentMs = performance.now();
    if (burst === BURST) this.#continueSoon();
  }

  #continueSoon(): void {
    this.#again ??= setImmediate(() => {
      this.#again = undefined;
      this.run();
    });
  }

  #maySend(producer: BenchProducer): boolean {
    const { count, window, confirmed, rate, mayRun } = this.#options;
    if (this.sent >= count || !producer.writable) return false;
    if (confirmed && this.sent - this.confirmed >= window) return false;
    if (rate > 0 && this.#startMs + (this.sent / rate) * 1000 > performance.now()) return false;
    return mayRun();
  }

  /** At a rate, time counts from when the message should have been sent, so that no wait is lost. */
  #send(producer: BenchProducer): void {
    const { rate, window, size, confirmed } = this.#options;
    const stamp = rate > 0 ? this.#startMs + (this.sent / rate) * 1000 : performance.now();
    if (size >= 8) this.#body.writeDoubleLE(stamp, 0);
    if (confirmed) this.#sentAt[this.sent % window] = stamp;
    this.sent++;
    producer.send(this.#body);
  }
}
