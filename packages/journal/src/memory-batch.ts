import type { CommitBatch } from './commit-log.js';

interface Operation {
  readonly key: string;
  /** Null for a delete. */
  readonly value: Buffer | null;
}

/** A batch in memory, for simulations. */
export class MemoryBatch implements CommitBatch {
  bytes = 0;
  readonly #changes: Operation[] = [];

  get operations(): number {
    return this.#changes.length;
  }

  put(key: Buffer, value: Buffer): void {
    this.#changes.push({ key: key.toString('latin1'), value: Buffer.from(value) });
    this.bytes += key.length + value.length;
  }

  delete(key: Buffer): void {
    this.#changes.push({ key: key.toString('latin1'), value: null });
    this.bytes += key.length;
  }

  applyTo(state: Map<string, Buffer>): void {
    for (const { key, value } of this.#changes) {
      if (value === null) state.delete(key);
      else state.set(key, value);
    }
  }
}
