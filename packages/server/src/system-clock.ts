import { performance } from 'node:perf_hooks';
import type { RefreshableClock } from '@causeway/transport';

/**
 * The system's clocks, asked once per chunk of input and once per turn: the messages in between see
 * the same time.
 */
export class SystemClock implements RefreshableClock {
  #monotonicMs = performance.now();
  #wallMs = Date.now();
  #aheadMs = 0;

  refresh(): void {
    this.#monotonicMs = performance.now();
    this.#wallMs = Date.now() + this.#aheadMs;
  }

  /**
   * Another broker's clock has shown this time, and what it wrote down counts on it: from here on
   * the wall clock is not behind it.
   */
  catchUp(wallMs: number): void {
    this.#aheadMs = Math.max(this.#aheadMs, wallMs - Date.now());
    this.refresh();
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }
}
