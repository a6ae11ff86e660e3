import type { ProducerEvents } from './bench-driver.js';

/** Counts the confirms in a chunk of input, and tells of them together. */
export class ConfirmBatch {
  readonly #events: ProducerEvents;
  #count = 0;

  constructor(events: ProducerEvents) {
    this.#events = events;
  }

  add(count: number): void {
    this.#count += count;
  }

  /** The chunk is done. */
  tell(): void {
    if (this.#count === 0) return;
    const count = this.#count;
    this.#count = 0;
    this.#events.confirmed(count);
  }
}
