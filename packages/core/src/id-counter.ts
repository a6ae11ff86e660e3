import { type CounterDocument, decodeDocument, encodeDocument } from './documents.js';
import type { Store } from './ports.js';

/** Ids are declared in blocks, so that a restart never uses one again. */
const BLOCK = 1024;
/** The document that holds the counter. */
export const COUNTER_ID = 0;
/** Ids of what lives in memory only; far above the stored ones, which have 32 bits. */
const TRANSIENT_BASE = 2 ** 40;

/** Numbers for queues, bindings, sessions, connections and retained topics: one space for all. */
export class IdCounter {
  readonly #store: Store;
  #next: number;
  #declaredBelow: number;
  #transient = TRANSIENT_BASE;

  constructor(store: Store, recovered: Buffer | undefined) {
    const nextId = recovered === undefined ? 1 : decodeDocument<CounterDocument>(recovered).nextId;
    this.#store = store;
    this.#next = nextId;
    this.#declaredBelow = nextId;
  }

  /** An id that may be stored. */
  durable(): number {
    if (this.#next >= this.#declaredBelow) {
      this.#declaredBelow = this.#next + BLOCK;
      const document: CounterDocument = { nextId: this.#declaredBelow };
      this.#store.putDocument('queue', COUNTER_ID, encodeDocument(document));
    }
    return this.#next++;
  }

  /** An id that is forgotten with the process. */
  transient(): number {
    return this.#transient++;
  }
}
