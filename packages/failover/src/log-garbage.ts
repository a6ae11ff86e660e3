import type { Log } from '@causeway/core';
import type { Database, LevelBatch } from '@causeway/journal';
import { logKey } from './log-keys.js';

/** Deletions that a write takes along beside two for each of its steps, and one without steps. */
const DELETED_PER_WRITE = 16;
const DELETED_WHEN_IDLE = 1000;
/** After so many deletions LevelDB is asked to give their place on the disk back. */
const COMPACTED_RECORDS = 4096;

/** What `level` has in Node.js and does not declare. */
interface Compactable {
  compactRange(from: Buffer, to: Buffer): Promise<void>;
}

/** Deletes records that the log has forgotten, without ever looking for them. */
export class LogGarbage {
  readonly #database: Database;
  readonly #log: Log;
  /** Everything below it is deleted, or will be in the write under way. */
  #deletedBelow: number;
  #below: number;
  #compactedBelow: number;
  #compacting: Promise<void> | null = null;
  #paused = false;

  constructor(database: Database, log: Log, deletedBelow: number, first: number) {
    this.#database = database;
    this.#log = log;
    this.#deletedBelow = deletedBelow;
    this.#compactedBelow = deletedBelow;
    this.#below = first;
  }

  get deletedBelow(): number {
    return this.#deletedBelow;
  }

  get waiting(): boolean {
    return this.#deletedBelow < this.#below && !this.#paused;
  }

  /** Records below `first` are forgotten. */
  extend(first: number): void {
    this.#below = Math.max(this.#below, first);
  }

  /** Adds deletions to a write of so many steps. */
  stage(batch: LevelBatch, steps: number): void {
    if (!this.waiting) return;
    const count = steps === 0 ? DELETED_WHEN_IDLE : 2 * steps + DELETED_PER_WRITE;
    const below = Math.min(this.#deletedBelow + count, this.#below);
    while (this.#deletedBelow < below) batch.delete(logKey('record', this.#deletedBelow++));
    if (this.#deletedBelow - this.#compactedBelow >= COMPACTED_RECORDS) this.#compact();
  }

  /** Deletes nothing more. */
  pause(): void {
    this.#paused = true;
  }

  /** Nothing of it runs any more. */
  async end(): Promise<void> {
    this.#paused = true;
    await this.#compacting;
  }

  #compact(): void {
    if (this.#compacting !== null) return;
    const below = this.#deletedBelow - 1;
    const from = logKey('record', 0);
    this.#compactedBelow = below;
    const { compactRange } = this.#database as unknown as Compactable;
    this.#compacting = compactRange
      .call(this.#database, from, logKey('record', below))
      .catch((error: unknown) => this.#log.warn('compaction of the log failed', { error }))
      .then(() => {
        this.#compacting = null;
      });
  }
}
