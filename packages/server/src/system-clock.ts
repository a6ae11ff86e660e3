import { performance } from 'node:perf_hooks';
import type { RefreshableClock } from '@causeway/transport';

/**
 * The system's clocks, asked once per chunk of input and once per turn: the messages in between see
 * the same time.
 */
export class SystemClock implements RefreshableClock {
  #monotonicMs = performance.now();
  #wallMs = Date.now();

  refresh(): void {
    this.#monotonicMs = performance.now();
    this.#wallMs = Date.now();
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }
}
