import { BrokerError, invariant, type Log } from '@causeway/core';
import {
  CHECKSUM_BYTES,
  corrupt,
  type Database,
  isIntact,
  type KeyRange,
  type LevelBatch,
  LevelBatchPool,
  type LevelOptions,
  LogPadding,
  openDatabase,
  sealValue,
  storageError,
  TailWitness,
} from '@causeway/journal';
import { LogGarbage } from './log-garbage.js';
import { logKey } from './log-keys.js';
import { scanRange } from './log-scan.js';
import { RecentRecords } from './recent-records.js';
import {
  encodeFirstMark,
  LOG_FORMAT_VERSION,
  type RecoveredLog,
  recoverLog,
} from './recover-log.js';
import type { AppendResult } from './shard-log.js';

/** Bytes that a value has before the record in it. */
export const VALUE_ROOM_BYTES = CHECKSUM_BYTES;
/** The largest record. */
export const RECORD_BYTES_MAX = 8 * 1024 * 1024;
/** The witness is written after this many records at the latest, and at the end. */
const WITNESS_RECORDS = 32;
/** Records that are accepted while others are being written join the next write up to this size. */
const WRITE_BYTES_MAX = 8 * 1024 * 1024;

export interface LogStoreOptions {
  readonly folder: string;
  readonly log: Log;
  /** Writing failed: nothing is appended any more, and the process must end. */
  readonly onFatal: (error: BrokerError) => void;
  /** How LevelDB is opened, where the defaults do not serve. */
  readonly level?: Partial<LevelOptions>;
}

/** Something that is told when the log has more records, or ends. */
export interface LogFollower {
  grown(): void;
  closed(cause: BrokerError): void;
}

/** A step of the next writes: what it puts into the batch, and whom to tell. */
interface Step {
  /** Null for an append that is fenced, which is answered in its turn. */
  readonly stage: ((batch: LevelBatch) => void) | null;
  readonly bytes: number;
  readonly written: () => void;
  readonly failed: (cause: BrokerError) => void;
}

/**
 * The records of a log in LevelDB, one key each, and their ends. One synced write is under way at a
 * time; what is accepted meanwhile joins the next. After a write that failed nothing is written.
 *
 * A record is handed over and read as a *value*: `VALUE_ROOM_BYTES` that belong to the store, then
 * the record, so that its bytes are never copied to be stored.
 */
export class LogStore {
  readonly location: string;
  readonly #database: Database;
  readonly #witness: TailWitness;
  readonly #batches: LevelBatchPool;
  readonly #padding: LogPadding;
  readonly #garbage: LogGarbage;
  readonly #recent = new RecentRecords();
  readonly #followers = new Set<LogFollower>();
  readonly #onFatal: (error: BrokerError) => void;
  #tail: number;
  #first: number;
  /** The tail once all accepted records are written. */
  #acceptedTail: number;
  #waiting: Step[] = [];
  #writing = false;
  #scheduled = false;
  #wrote = false;
  /** The folder does not say yet what it is. */
  #unmarked: boolean;
  #failure: BrokerError | null = null;
  /** What is accepted no more, while what was accepted is still being written. */
  #closing: BrokerError | null = null;
  #idle: (() => void) | null = null;

  private constructor(
    options: LogStoreOptions,
    database: Database,
    witness: TailWitness,
    recovered: RecoveredLog,
  ) {
    const { folder, log, onFatal } = options;
    this.location = folder;
    this.#onFatal = onFatal;
    this.#database = database;
    this.#witness = witness;
    this.#batches = new LevelBatchPool(database);
    this.#padding = new LogPadding(folder);
    this.#tail = recovered.tail;
    this.#acceptedTail = recovered.tail;
    this.#first = recovered.first;
    this.#unmarked = recovered.isNew;
    this.#garbage = new LogGarbage(database, log, recovered.deletedBelow, recovered.first);
  }

  /**
   * Opens the log in a folder, which is created if it does not exist.
   * @throws BrokerError `storage-locked`, `storage-corrupt`, `storage-newer`, `storage-failed`
   */
  static async open(options: LogStoreOptions): Promise<LogStore> {
    const { folder } = options;
    const database = await openDatabase(folder, options.level ?? {});
    let witness: TailWitness | null = null;
    try {
      witness = new TailWitness(folder);
      const recovered = await recoverLog(database, witness.found);
      return new LogStore(options, database, witness, recovered);
    } catch (error) {
      await database.close();
      witness?.close();
      throw storageError(folder, error);
    }
  }

  /** The last durable record. */
  get tail(): number {
    return this.#tail;
  }

  get first(): number {
    return this.#first;
  }

  /**
   * Appends the record in `value` if it follows all that were accepted. `done` runs in a later
   * turn; the value belongs to the store.
   */
  append(expectedTail: number, value: Buffer, done: (result: AppendResult) => void): void {
    const sequence = expectedTail + 1;
    const failed = (cause: BrokerError): void => done({ outcome: 'unknown', cause });
    if (expectedTail !== this.#acceptedTail) {
      const fenced = (): void => done({ outcome: 'fenced', tail: this.#tail });
      this.#add({ stage: null, bytes: 0, written: fenced, failed });
      return;
    }
    if (this.#failure === null && this.#closing === null) this.#acceptedTail = sequence;
    const key = logKey('record', sequence);
    sealValue(key, value);
    this.#add({
      stage: (batch) => batch.put(key, value),
      bytes: value.length,
      written: () => {
        this.#tail = sequence;
        this.#recent.add(sequence, value);
        done({ outcome: 'ok' });
      },
      failed,
    });
  }

  /**
   * The value of a record, not to be changed; null above the tail or below the first one.
   * @throws BrokerError `storage-corrupt`, `storage-failed`
   */
  value(sequence: number): Buffer | null {
    if (sequence < this.#first || sequence > this.#tail) return null;
    const recent = this.#recent.get(sequence);
    if (recent !== null) return recent;
    const key = logKey('record', sequence);
    const value = this.#get(key);
    if (value === undefined) throw corrupt(this.location, `record ${sequence} is missing`);
    if (!isIntact(key, value)) throw corrupt(this.location, `record ${sequence} is damaged`);
    return value;
  }

  /** Forgets records; their deletion follows in the background. */
  async trim(upTo: number): Promise<void> {
    const first = Math.min(upTo, this.#tail) + 1;
    if (first <= this.#first) return;
    await this.write((batch) => {
      // Of several that wait for the same write, a later one may have said more.
      if (first <= this.#first) return;
      const mark = logKey('first', first);
      const value = encodeFirstMark(this.#garbage.deletedBelow);
      sealValue(mark, value);
      batch.put(mark, value);
      batch.delete(logKey('first', this.#first));
      this.#first = first;
    });
    this.#garbage.extend(this.#first);
    this.#schedule();
  }

  /** Writes other records of the folder, in the next write. Rejects as appends fail. */
  write(stage: (batch: LevelBatch) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#add({ stage, bytes: 0, written: resolve, failed: reject });
    });
  }

  /** Visits other records of the folder; before the first write only. */
  scan(range: KeyRange, visit: (key: Buffer, value: Buffer) => void): Promise<void> {
    invariant(!this.#wrote, 'a folder is scanned before its first write only');
    return scanRange(this.#database, range, visit);
  }

  follow(follower: LogFollower): void {
    if (this.#failure === null) this.#followers.add(follower);
    else queueMicrotask(() => follower.closed(this.#failure!));
  }

  unfollow(follower: LogFollower): void {
    this.#followers.delete(follower);
  }

  /** Waits for what was accepted, then closes. */
  async close(): Promise<void> {
    if (this.#closing !== null) return;
    this.#closing = new BrokerError('shutting-down', 'the log was closed');
    await this.#untilIdle();
    const healthy = this.#failure === null;
    this.#fail(this.#closing);
    await this.#garbage.end();
    await this.#database.close();
    if (healthy && this.#tail > 0) this.#witness.write(this.#tail);
    this.#witness.close();
  }

  #add(step: Step): void {
    const refusal = this.#failure ?? this.#closing;
    if (refusal !== null) {
      queueMicrotask(() => step.failed(refusal));
      return;
    }
    this.#waiting.push(step);
    this.#schedule();
  }

  /** Starts a write after the running code: what it appends as well goes along. */
  #schedule(): void {
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#writeNext();
    });
  }

  #writeNext(): void {
    if (this.#writing || this.#failure !== null) return;
    const steps = this.#takeSteps();
    const batch = this.#batches.take();
    for (const { stage } of steps) stage?.(batch);
    this.#garbage.stage(batch, steps.length);
    if (batch.operations === 0) {
      this.#batches.giveBack(batch);
      this.#finish(steps);
      return;
    }
    if (this.#unmarked) putFormat(batch);
    this.#unmarked = false;
    this.#wrote = true;
    this.#writing = true;
    this.#padding.prepare(batch);
    batch.write(true).then(
      () => {
        this.#batches.giveBack(batch);
        this.#finish(steps);
      },
      (error: unknown) => this.#failWrite(storageError(this.location, error), steps),
    );
  }

  #takeSteps(): Step[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && bytes < WRITE_BYTES_MAX) {
      bytes += this.#waiting[count++]!.bytes;
    }
    return this.#waiting.splice(0, count);
  }

  /** What those who are told append at once goes along with the next write. */
  #finish(steps: readonly Step[]): void {
    this.#writing = false;
    const before = this.#tail;
    for (const step of steps) step.written();
    if (Math.floor(before / WITNESS_RECORDS) < Math.floor(this.#tail / WITNESS_RECORDS)) {
      this.#witness.write(this.#tail);
    }
    if (this.#waiting.length > 0 || this.#garbage.waiting) this.#schedule();
    else this.#idle?.();
    if (this.#tail > before) for (const follower of this.#followers) follower.grown();
  }

  #failWrite(error: BrokerError, steps: readonly Step[]): void {
    this.#writing = false;
    const failing = [...steps, ...this.#waiting];
    this.#waiting = [];
    this.#fail(error);
    for (const step of failing) step.failed(error);
    this.#idle?.();
    this.#onFatal(error);
  }

  #fail(cause: BrokerError): void {
    this.#failure ??= cause;
    const followers = [...this.#followers];
    this.#followers.clear();
    for (const follower of followers) follower.closed(cause);
  }

  #untilIdle(): Promise<void> {
    this.#garbage.pause();
    if (!this.#writing && this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  #get(key: Buffer): Buffer | undefined {
    try {
      return this.#database.getSync(key);
    } catch (error) {
      throw storageError(this.location, error);
    }
  }
}

function putFormat(batch: LevelBatch): void {
  const key = logKey('format', LOG_FORMAT_VERSION);
  const value = Buffer.alloc(CHECKSUM_BYTES + 1);
  sealValue(key, value);
  batch.put(key, value);
}
