import type { CommitBatch } from './commit-log.js';
import type { Database } from './level-database.js';

/**
 * What a chained batch of `level` offers to those who implement stores on abstract-level. Its
 * public methods let a batch be written once, and its native memory, which the collector does not
 * know of, is freed with the object only: under load hundreds of megabytes pile up. This way a few
 * batches are used over and over.
 */
interface NativeBatch {
  _put(key: Buffer, value: Buffer): void;
  _del(key: Buffer): void;
  _write(options: { readonly sync: boolean }): Promise<void>;
  _clear(): void;
  close(): Promise<void>;
}

/** A batch that once held more than this is not used again: its memory never shrinks. */
const REUSED_BYTES_MAX = 8 * 1024 * 1024;
/** One is being filled while another is being written. */
const SPARE_MAX = 2;

/** A batch of LevelDB. */
export class LevelBatch implements CommitBatch {
  operations = 0;
  bytes = 0;
  readonly #native: NativeBatch;

  constructor(database: Database) {
    this.#native = database.batch() as unknown as NativeBatch;
  }

  put(key: Buffer, value: Buffer): void {
    this.#native._put(key, value);
    this.operations++;
    this.bytes += key.length + value.length;
  }

  delete(key: Buffer): void {
    this.#native._del(key);
    this.operations++;
    this.bytes += key.length;
  }

  /** Resolves once the batch is written and, with `sync`, on the disk. */
  write(sync: boolean): Promise<void> {
    return this.#native._write({ sync });
  }

  clear(): void {
    this.#native._clear();
    this.operations = 0;
    this.bytes = 0;
  }

  release(): void {
    void this.#native.close();
  }
}

/** Keeps written batches for the next commits. */
export class LevelBatchPool {
  readonly #database: Database;
  readonly #spare: LevelBatch[] = [];

  constructor(database: Database) {
    this.#database = database;
  }

  take(): LevelBatch {
    return this.#spare.pop() ?? new LevelBatch(this.#database);
  }

  giveBack(batch: LevelBatch): void {
    if (batch.bytes > REUSED_BYTES_MAX || this.#spare.length === SPARE_MAX) {
      batch.release();
      return;
    }
    batch.clear();
    this.#spare.push(batch);
  }
}
