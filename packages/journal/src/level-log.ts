import { BrokerError, invariant } from '@causeway/core';
import { sealValue } from './checksum.js';
import type { CommitBatch, CommitLog, KeyRange } from './commit-log.js';
import { corrupt, mustDecode } from './corruption.js';
import { openRecord } from './fact-records.js';
import { Keys, parseCommitKey, RANGES } from './keys.js';
import { LevelBatch, LevelBatchPool } from './level-batch.js';
import { type Database, type LevelOptions, openDatabase } from './level-database.js';
import { storageError } from './level-errors.js';
import { LevelReader } from './level-reader.js';
import { LogPadding } from './log-padding.js';
import { RECORD } from './record-kinds.js';
import { checkForRecovery } from './store-check.js';
import { TailWitness } from './tail-witness.js';

/** The witness is written after this many commits, and at the end. */
const WITNESS_COMMITS = 32;

/**
 * The engine `local`: a synced batch of LevelDB is the append, and what it writes is the state.
 * Each commit also writes a mark with its number, which tells the tail when the log is opened.
 */
export class LevelLog implements CommitLog {
  readonly location: string;
  readonly #database: Database;
  readonly #reader: LevelReader;
  readonly #batches: LevelBatchPool;
  readonly #witness: TailWitness;
  readonly #padding: LogPadding;
  readonly #keys = new Keys();
  readonly #mark = Buffer.alloc(5);
  #tail = 0;
  #appending = false;
  #appended = false;
  #failure: Error | null = null;

  private constructor(folder: string, database: Database, witness: TailWitness) {
    this.location = folder;
    this.#database = database;
    this.#reader = new LevelReader(database, folder);
    this.#batches = new LevelBatchPool(database);
    this.#witness = witness;
    this.#padding = new LogPadding(folder);
    this.#mark[4] = RECORD.tail;
  }

  /**
   * Opens the log in a folder, which is created if it does not exist.
   * @throws BrokerError `storage-locked`, `storage-corrupt`, `storage-failed`
   */
  static async open(folder: string, options: Partial<LevelOptions> = {}): Promise<LevelLog> {
    const database = await openDatabase(folder, options);
    let witness: TailWitness | null = null;
    try {
      const [damage] = checkForRecovery(database, folder);
      if (damage !== undefined) throw corrupt(folder, damage);
      witness = new TailWitness(folder);
      const log = new LevelLog(folder, database, witness);
      await log.#readTail();
      return log;
    } catch (error) {
      await database.close();
      witness?.close();
      throw storageError(folder, error);
    }
  }

  get tail(): number {
    return this.#tail;
  }

  begin(): CommitBatch {
    return this.#batches.take();
  }

  append(expectedTail: number, batch: CommitBatch, done: (error: Error | null) => void): void {
    invariant(batch instanceof LevelBatch, 'the batch was started by this log');
    this.#appended = true;
    const refusal = this.#refusal(expectedTail);
    if (refusal !== null) {
      batch.release();
      queueMicrotask(() => done(refusal));
      return;
    }
    this.#appending = true;
    this.#addMark(batch, expectedTail + 1);
    this.#padding.prepare(batch);
    batch.write(true).then(
      () => this.#written(batch, done),
      (error: unknown) => this.#failed(error, done),
    );
  }

  get(key: Buffer): Buffer | null {
    return this.#reader.get(key);
  }

  async scan(range: KeyRange, visit: (key: Buffer, value: Buffer) => void): Promise<void> {
    invariant(!this.#appended, 'a log is scanned before its first append only');
    await this.#reader.scan(range, visit);
  }

  async lastKey(range: KeyRange): Promise<Buffer | null> {
    invariant(!this.#appended, 'a log is scanned before its first append only');
    return await this.#reader.lastKey(range);
  }

  async close(): Promise<void> {
    if (this.#database.status === 'closed') return;
    await this.#database.close();
    if (this.#tail > 0) this.#witness.write(this.#tail);
    this.#witness.close();
  }

  async #readTail(): Promise<void> {
    const key = await this.lastKey(RANGES.tails);
    if (key !== null) {
      this.#tail = parseCommitKey(key);
      const value = this.get(key) ?? Buffer.alloc(0);
      const name = `the mark of commit ${this.#tail}`;
      mustDecode(this, name, key, value, (bytes) => openRecord(bytes, RECORD.tail));
    }
    const { found } = this.#witness;
    if (found > this.#tail) {
      throw corrupt(this.location, `it ends at commit ${this.#tail}, but had commit ${found}`);
    }
  }

  #refusal(expectedTail: number): Error | null {
    if (this.#failure !== null) return this.#failure;
    const open = this.#database.status === 'open';
    if (open && expectedTail === this.#tail && !this.#appending) return null;
    return new BrokerError('not-active', `commit ${expectedTail + 1} was appended by another`);
  }

  #addMark(batch: CommitBatch, commit: number): void {
    if (commit > 1) batch.delete(this.#keys.tail(commit - 1));
    const key = this.#keys.tail(commit);
    sealValue(key, this.#mark);
    batch.put(key, this.#mark);
  }

  #written(batch: LevelBatch, done: (error: Error | null) => void): void {
    this.#batches.giveBack(batch);
    this.#appending = false;
    this.#tail++;
    if (this.#tail % WITNESS_COMMITS === 0) this.#witness.write(this.#tail);
    done(null);
  }

  /** Whether the commit will appear is unknown: nothing may follow it. */
  #failed(error: unknown, done: (error: Error | null) => void): void {
    this.#failure = storageError(this.location, error);
    done(this.#failure);
  }
}
