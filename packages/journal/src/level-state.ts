import { invariant } from '@causeway/core';
import { ByteWriter } from '@causeway/wire';
import type { AppliedState, LogPosition } from './applied-state.js';
import { sealValue } from './checksum.js';
import type { CommitBatch, KeyRange } from './commit-log.js';
import { corrupt, mustDecode } from './corruption.js';
import { startRecord } from './fact-records.js';
import { Keys, parsePositionKey, RANGES } from './keys.js';
import { LevelBatch, LevelBatchPool } from './level-batch.js';
import { type Database, type LevelOptions, openDatabase } from './level-database.js';
import { storageError } from './level-errors.js';
import { LevelReader } from './level-reader.js';
import { NO_POSITION, readLeader, readPosition, writePosition } from './position-record.js';
import { RECORD } from './record-kinds.js';
import { checkForRecovery } from './store-check.js';

/** The state of a member of a pair, in LevelDB. */
export class LevelState implements AppliedState {
  readonly location: string;
  readonly #database: Database;
  readonly #reader: LevelReader;
  readonly #batches: LevelBatchPool;
  readonly #keys = new Keys();
  readonly #writer = new ByteWriter();
  #position = NO_POSITION;
  #writing = false;

  private constructor(folder: string, database: Database) {
    this.location = folder;
    this.#database = database;
    this.#reader = new LevelReader(database, folder);
    this.#batches = new LevelBatchPool(database);
  }

  /**
   * Opens the state in a folder, which is created if it does not exist.
   * @throws BrokerError `storage-locked`, `storage-corrupt`, `storage-failed`
   */
  static async open(folder: string, options: Partial<LevelOptions> = {}): Promise<LevelState> {
    const database = await openDatabase(folder, options);
    try {
      const [damage] = checkForRecovery(database, folder);
      if (damage !== undefined) throw corrupt(folder, damage);
      const state = new LevelState(folder, database);
      await state.#readPosition();
      return state;
    } catch (error) {
      await database.close();
      throw storageError(folder, error);
    }
  }

  get position(): LogPosition {
    return this.#position;
  }

  begin(): CommitBatch {
    return this.#batches.take();
  }

  discard(batch: CommitBatch): void {
    invariant(batch instanceof LevelBatch, 'the batch was started by this state');
    this.#batches.giveBack(batch);
  }

  write(
    batch: CommitBatch,
    position: LogPosition,
    sync: boolean,
    done: (error: Error | null) => void,
  ): void {
    invariant(batch instanceof LevelBatch, 'the batch was started by this state');
    invariant(!this.#writing, 'one write at a time');
    this.#writing = true;
    this.#addPosition(batch, position);
    batch.write(sync).then(
      () => {
        this.#writing = false;
        this.#position = position;
        this.#batches.giveBack(batch);
        done(null);
      },
      (error: unknown) => done(storageError(this.location, error)),
    );
  }

  get(key: Buffer): Buffer | null {
    return this.#reader.get(key);
  }

  async scan(range: KeyRange, visit: (key: Buffer, value: Buffer) => void): Promise<void> {
    invariant(!this.#writing, 'a state is scanned while nothing is written');
    await this.#reader.scan(range, visit);
  }

  async lastKey(range: KeyRange): Promise<Buffer | null> {
    invariant(!this.#writing, 'a state is scanned while nothing is written');
    return await this.#reader.lastKey(range);
  }

  /**
   * The next entries after a key, of those that commits have written; none at the end. Commits may
   * be applied meanwhile: see `LevelReader.slice`.
   */
  async slice(after: Buffer | null, count: number): Promise<[Buffer, Buffer][]> {
    const { everything } = RANGES;
    // The next key there can be.
    const from = after === null ? everything.from : Buffer.concat([after, Buffer.of(0)]);
    return await this.#reader.slice({ ...everything, from }, count);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  #addPosition(batch: LevelBatch, position: LogPosition): void {
    const before = this.#position;
    if (before.sequence > 0) batch.delete(this.#keys.position(before.sequence));
    this.#put(batch, this.#keys.position(position.sequence), writePosition(this.#writer, position));
    if (position.epoch === before.epoch) return;
    if (before.epoch > 0) batch.delete(this.#keys.leader(before.epoch));
    const value = startRecord(this.#writer, RECORD.leader).bytes(position.leader).view();
    this.#put(batch, this.#keys.leader(position.epoch), value);
  }

  #put(batch: LevelBatch, key: Buffer, value: Buffer): void {
    sealValue(key, value);
    batch.put(key, value);
  }

  async #readPosition(): Promise<void> {
    const key = await this.#reader.lastKey(RANGES.positions);
    if (key === null) {
      if ((await this.#reader.lastKey(RANGES.everything)) === null) return;
      throw corrupt(this.location, 'how far it has come in the log is not said');
    }
    const sequence = parsePositionKey(key);
    const found = this.#must(`the position ${sequence}`, key, (value) =>
      readPosition(sequence, value),
    );
    const leaderKey = Buffer.from(this.#keys.leader(found.epoch));
    const leader =
      found.epoch === 0 ? NO_POSITION.leader : this.#must('the leader', leaderKey, readLeader);
    this.#position = { ...found, leader };
  }

  #must<T>(name: string, key: Buffer, decode: (value: Buffer) => T): T {
    const value = this.get(key);
    if (value === null) throw corrupt(this.location, `${name} is missing`);
    return mustDecode(this, name, key, value, decode);
  }
}
