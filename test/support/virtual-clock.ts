import type { Clock } from '@causeway/core';

/** Time that moves only when a test says so. */
export class VirtualClock implements Clock {
  /** Milliseconds since 1970. */
  nowMs = Date.UTC(2026, 0, 1);
  /** By how much the wall clock was set forward since the start. */
  setForwardMs = 0;
  readonly #startedMs = this.nowMs;

  monotonicMs(): number {
    return this.nowMs - this.#startedMs;
  }

  wallMs(): number {
    return this.nowMs + this.setForwardMs;
  }
}
