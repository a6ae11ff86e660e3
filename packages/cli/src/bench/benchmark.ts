import { CommandError } from '../exit-code.js';
import type { BenchConsumer, BenchDriver } from './bench-driver.js';
import { Histogram } from './histogram.js';
import { Pump } from './pump.js';

export interface BenchmarkOptions {
  readonly producers: number;
  readonly consumers: number;
  /** Messages in all, over all producers. */
  readonly count: number;
  /** Bytes of a body. */
  readonly size: number;
  /** Messages per second in all; 0 for as many as go. */
  readonly rate: number;
  /** Messages of one producer on their way at a time. */
  readonly window: number;
  /** Whether somebody confirms: QoS 1 and 2, receipts. */
  readonly confirmed: boolean;
  /** Each consumer gets every message, instead of its share. */
  readonly fanOut: boolean;
  /** Give up when nothing moves for so long. */
  readonly idleMs: number;
  readonly onProgress: (done: number) => void;
}

export interface BenchmarkResult {
  readonly sent: number;
  readonly confirmed: number;
  readonly received: number;
  /** What consumers should have received of what was sent. */
  readonly expected: number;
  readonly sendSeconds: number;
  readonly receiveSeconds: number;
  /** From sending to receiving. */
  readonly latency: Histogram;
  /** From sending to the confirm. */
  readonly confirmLatency: Histogram;
}

const CHECK_MS = 200;

/** Sends and receives, and keeps count. Nothing in it depends on a protocol. */
export class Benchmark {
  readonly #driver: BenchDriver;
  readonly #options: BenchmarkOptions;
  readonly #pumps: Pump[] = [];
  readonly #consumers: BenchConsumer[] = [];
  readonly #latency = new Histogram();
  readonly #confirmLatency = new Histogram();
  #received = 0;
  #startMs = 0;
  #lastConfirmMs = 0;
  #lastReceiveMs = 0;
  #failure: Error | null = null;
  #stopped = false;
  #pumpsDue = false;
  #wake: () => void = () => {};

  constructor(driver: BenchDriver, options: BenchmarkOptions) {
    this.#driver = driver;
    this.#options = options;
  }

  /** Ends early; the result is what there is. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  async run(): Promise<BenchmarkResult> {
    const name = `causeway-bench-${process.pid}`;
    try {
      await this.#openConsumers(name);
      await this.#openPumps(name);
      this.#startMs = performance.now();
      for (const pump of this.#pumps) pump.start(this.#startMs);
      await this.#untilDone();
    } finally {
      for (const pump of this.#pumps) pump.stop();
      await Promise.all([...this.#pumps, ...this.#consumers].map((end) => end.close()));
    }
    return this.#result();
  }

  async #openConsumers(name: string): Promise<void> {
    for (let index = 0; index < this.#options.consumers; index++) {
      const consumer = await this.#driver.openConsumer(`${name}-consumer-${index}`, {
        received: (bytes, start, end) => this.#take(bytes, start, end),
        failed: (error) => this.#fail(error),
      });
      this.#consumers.push(consumer);
    }
  }

  async #openPumps(name: string): Promise<void> {
    const { producers, count } = this.#options;
    for (let index = 0; index < producers; index++) {
      const pump = new Pump({
        ...this.#options,
        count: Math.floor(count / producers) + (index < count % producers ? 1 : 0),
        rate: this.#options.rate / producers,
        latency: this.#confirmLatency,
        mayRun: () => this.#mayRun(),
        onConfirmed: () => {
          this.#lastConfirmMs = performance.now();
          if (this.#options.consumers === 0) this.#options.onProgress(this.#sum('confirmed'));
          this.#wakeIfDone();
        },
      });
      this.#pumps.push(pump);
      const producer = await this.#driver.openProducer(`${name}-producer-${index}`, {
        confirmed: (confirms) => pump.confirm(confirms),
        writable: () => pump.run(),
        failed: (error) => this.#fail(error),
      });
      pump.attach(producer);
    }
  }

  /** Without confirms, the receivers are what holds the senders back. */
  #mayRun(): boolean {
    const { confirmed, consumers, window, producers } = this.#options;
    if (confirmed || consumers === 0) return true;
    return this.#expected() - this.#received < window * producers * this.#copies();
  }

  #take(bytes: Buffer, start: number, end: number): void {
    const now = performance.now();
    if (end - start >= 8) {
      const elapsed = now - bytes.readDoubleLE(start);
      // Messages of an earlier run carry stamps that mean nothing here.
      if (elapsed >= 0 && elapsed <= now) this.#latency.record(elapsed);
    }
    this.#lastReceiveMs = now;
    this.#received++;
    if ((this.#received & 1023) === 0) this.#options.onProgress(this.#received / this.#copies());
    if (!this.#options.confirmed) this.#runPumpsSoon();
    this.#wakeIfDone();
  }

  /** Once for all that arrived together: a write for each message would be what is measured. */
  #runPumpsSoon(): void {
    if (this.#pumpsDue) return;
    this.#pumpsDue = true;
    setImmediate(() => {
      this.#pumpsDue = false;
      for (const pump of this.#pumps) pump.run();
    });
  }

  #copies(): number {
    return this.#options.fanOut ? this.#options.consumers : 1;
  }

  #sum(what: 'sent' | 'confirmed'): number {
    return this.#pumps.reduce((sum, pump) => sum + pump[what], 0);
  }

  #expected(): number {
    return this.#options.consumers === 0 ? 0 : this.#sum('sent') * this.#copies();
  }

  #done(): boolean {
    const { producers, count, confirmed } = this.#options;
    if (producers === 0) return this.#received >= count;
    const sent = this.#sum('sent') >= count;
    const known = !confirmed || this.#sum('confirmed') >= count;
    return sent && known && this.#received >= this.#expected();
  }

  #wakeIfDone(): void {
    if (this.#done()) this.#wake();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  async #untilDone(): Promise<void> {
    let last = -1;
    let movedMs = performance.now();
    while (!this.#done() && !this.#stopped && this.#failure === null) {
      await this.#pause();
      const progress = this.#received + this.#sum('sent') + this.#sum('confirmed');
      if (progress !== last) {
        last = progress;
        movedMs = performance.now();
      } else if (performance.now() - movedMs > this.#options.idleMs) break;
    }
    if (this.#failure !== null) throw new CommandError(this.#failure.message);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CHECK_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #result(): BenchmarkResult {
    const { confirmed } = this.#options;
    const lastSentMs = Math.max(0, ...this.#pumps.map((pump) => pump.lastSentMs));
    const sendEndMs = confirmed ? this.#lastConfirmMs : lastSentMs;
    return {
      sent: this.#sum('sent'),
      confirmed: this.#sum('confirmed'),
      received: this.#received,
      expected: this.#options.producers === 0 ? this.#options.count : this.#expected(),
      sendSeconds: Math.max(0, sendEndMs - this.#startMs) / 1000,
      receiveSeconds: Math.max(0, this.#lastReceiveMs - this.#startMs) / 1000,
      latency: this.#latency,
      confirmLatency: this.#confirmLatency,
    };
  }
}
