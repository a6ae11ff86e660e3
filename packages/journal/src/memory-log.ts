import { BrokerError, invariant } from '@causeway/core';
import type { CommitBatch, CommitLog, KeyRange } from './commit-log.js';
import { MemoryBatch } from './memory-batch.js';

interface Append {
  readonly batch: MemoryBatch;
  readonly done: (error: Error | null) => void;
}

/**
 * The contract of {@link CommitLog} in memory, for simulations: an append becomes durable when the
 * test says so, and a crash keeps what was durable, with or without the append under way.
 */
export class MemoryLog implements CommitLog {
  readonly location = 'memory';
  #tail: number;
  readonly #state: Map<string, Buffer>;
  #appending: Append | null = null;
  #appended = false;
  #failure: Error | null = null;
  #dead = false;

  constructor() {
    this.#tail = 0;
    this.#state = new Map();
  }

  get tail(): number {
    return this.#tail;
  }

  /** Whether an append waits for `completeAppend`. */
  get appending(): boolean {
    return this.#appending !== null;
  }

  begin(): CommitBatch {
    return new MemoryBatch();
  }

  append(expectedTail: number, batch: CommitBatch, done: (error: Error | null) => void): void {
    invariant(batch instanceof MemoryBatch, 'the batch was started by this log');
    this.#appended = true;
    const refusal = this.#refusal(expectedTail);
    if (refusal !== null) queueMicrotask(() => done(refusal));
    else this.#appending = { batch, done };
  }

  /** Makes the append under way durable and reports it. @returns whether there was one */
  completeAppend(): boolean {
    const append = this.#appending;
    if (append === null || this.#dead) return false;
    this.#appending = null;
    this.#apply(append.batch);
    append.done(null);
    return true;
  }

  /** Has the append under way, and all later ones, fail as if the disk were broken. */
  failAppend(error: Error = new BrokerError('storage-failed', 'the disk failed')): void {
    const append = this.#appending;
    this.#appending = null;
    this.#failure = error;
    append?.done(error);
  }

  /**
   * What a process that starts now finds. This log is dead from here on: it reports nothing more.
   * @param keepUnconfirmed whether the append under way had reached the disk, whole
   */
  crash(keepUnconfirmed: boolean): MemoryLog {
    const survivor = new MemoryLog();
    for (const [key, value] of this.#state) survivor.#state.set(key, value);
    survivor.#tail = this.#tail;
    if (keepUnconfirmed && this.#appending !== null) survivor.#apply(this.#appending.batch);
    this.#dead = true;
    this.#appending = null;
    return survivor;
  }

  get(key: Buffer): Buffer | null {
    const value = this.#state.get(key.toString('latin1'));
    return value === undefined ? null : Buffer.from(value);
  }

  async scan(range: KeyRange, visit: (key: Buffer, value: Buffer) => void): Promise<void> {
    for (const key of this.#keys(range)) {
      visit(Buffer.from(key, 'latin1'), Buffer.from(this.#state.get(key)!));
    }
  }

  async lastKey(range: KeyRange): Promise<Buffer | null> {
    const key = this.#keys(range).at(-1);
    return key === undefined ? null : Buffer.from(key, 'latin1');
  }

  async close(): Promise<void> {
    this.#dead = true;
  }

  #refusal(expectedTail: number): Error | null {
    if (this.#failure !== null) return this.#failure;
    if (expectedTail === this.#tail && this.#appending === null && !this.#dead) return null;
    return new BrokerError('not-active', `commit ${expectedTail + 1} was appended by another`);
  }

  #apply(batch: MemoryBatch): void {
    batch.applyTo(this.#state);
    this.#tail++;
  }

  #keys(range: KeyRange): string[] {
    invariant(!this.#appended, 'a log is scanned before its first append only');
    const from = range.from.toString('latin1');
    const below = range.below.toString('latin1');
    return [...this.#state.keys()].filter((key) => key >= from && key < below).sort();
  }
}
