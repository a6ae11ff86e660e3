import type { Iterator as LevelIterator } from 'level';
import type { KeyRange } from './commit-log.js';
import type { Database } from './level-database.js';
import { storageError } from './level-errors.js';

const SCAN_ENTRIES = 1000;
const SCAN_BYTES = 1024 * 1024;

type Cursor = LevelIterator<Database, Buffer, Buffer>;

/** What is read from a database, with its errors as ours. */
export class LevelReader {
  readonly #database: Database;
  readonly #location: string;

  constructor(database: Database, location: string) {
    this.#database = database;
    this.#location = location;
  }

  /** @throws BrokerError `storage-corrupt`, `storage-failed` */
  get(key: Buffer): Buffer | null {
    try {
      return this.#database.getSync(key) ?? null;
    } catch (error) {
      throw storageError(this.#location, error);
    }
  }

  /** Visits a range in order. Nothing may be written meanwhile: see docs/data-on-disk.md, rule 3. */
  async scan(range: KeyRange, visit: (key: Buffer, value: Buffer) => void): Promise<void> {
    const iterator = this.#iterator(range, false);
    try {
      for (;;) {
        const entries = await this.#next(iterator, SCAN_ENTRIES);
        if (entries.length === 0) return;
        for (const [key, value] of entries) visit(key, value);
      }
    } finally {
      await iterator.close();
    }
  }

  /**
   * The next entries of a range, in order, read while others write: a short slice, for copies over
   * which what was written meanwhile is written again.
   */
  async slice(range: KeyRange, count: number): Promise<[Buffer, Buffer][]> {
    const iterator = this.#iterator(range, false);
    try {
      return await this.#next(iterator, count);
    } finally {
      await iterator.close();
    }
  }

  /** The last key of a range or null. Nothing may be written meanwhile. */
  async lastKey(range: KeyRange): Promise<Buffer | null> {
    const iterator = this.#iterator(range, true);
    try {
      const entries = await this.#next(iterator, 1);
      return entries[0]?.[0] ?? null;
    } finally {
      await iterator.close();
    }
  }

  async #next(iterator: Cursor, count: number): Promise<[Buffer, Buffer][]> {
    try {
      return await iterator.nextv(count);
    } catch (error) {
      throw storageError(this.#location, error);
    }
  }

  #iterator({ from, below }: KeyRange, reverse: boolean): Cursor {
    return this.#database.iterator({
      gte: from,
      lt: below,
      reverse,
      fillCache: false,
      highWaterMarkBytes: SCAN_BYTES,
    });
  }
}
