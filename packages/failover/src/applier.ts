import type { Clock } from '@causeway/core';
import type { AppliedState, CommitBatch, LogPosition } from '@causeway/journal';
import { applyChanges } from './change-list.js';
import type { ChainedRecord } from './record-chain.js';

/** How long what is applied may stay unsynced: the log has it, so it is only replayed. */
const SYNC_INTERVAL_MS = 1000;
/** Bytes of records that are written together. */
const WRITE_BYTES = 4 * 1024 * 1024;

interface ApplierOptions {
  readonly state: AppliedState;
  readonly clock: Clock;
  /** The state cannot be written, or a record cannot be read. */
  readonly onFailure: (error: Error) => void;
  /** Everything up to this sequence is on the disk of this node. */
  readonly onDurable: (sequence: number) => void;
}

/**
 * Brings records into the state, in order, once they are known to be durable. `part` records wait
 * for the `batch` that completes them: the position passes over them with it, never before.
 */
export class Applier {
  readonly #options: ApplierOptions;
  /** Received, and not yet being written. */
  #waiting: ChainedRecord[] = [];
  #parts: Buffer[] = [];
  #confirmed = 0;
  #writing = false;
  #failed = false;
  #syncedMs = 0;
  #idle: (() => void)[] = [];

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#syncedMs = options.clock.monotonicMs();
  }

  get position(): LogPosition {
    return this.#options.state.position;
  }

  push(record: ChainedRecord): void {
    this.#waiting.push(record);
  }

  /** Records up to this sequence are durable. */
  confirm(sequence: number): void {
    if (sequence > this.#confirmed) this.#confirmed = sequence;
    this.#run();
  }

  /** Forgets what is not applied: it is read from the log again. */
  reset(): void {
    this.#waiting = [];
    this.#parts = [];
    this.#confirmed = 0;
  }

  /** Has `callback` run once nothing that is confirmed waits, and nothing is being written. */
  whenIdle(callback: () => void): void {
    this.#idle.push(callback);
    this.#run();
  }

  /** Writes a batch of this node's own, whose record is durable, with its place in the log. */
  apply(batch: CommitBatch, position: LogPosition, done: () => void): void {
    this.#write(batch, position, done);
  }

  #run(): void {
    if (this.#writing || this.#failed) return;
    const count = this.#ready();
    if (count === 0) {
      for (const callback of this.#idle.splice(0)) callback();
      return;
    }
    const batch = this.#options.state.begin();
    let position = this.position;
    try {
      for (const record of this.#waiting.splice(0, count)) {
        position = this.#add(record, batch, position);
      }
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    if (position === this.position) {
      // Parts only: they are kept until their batch comes.
      this.#options.state.discard(batch);
      this.#run();
      return;
    }
    this.#write(batch, position, () => {});
  }

  /** How many records may be written now, together. */
  #ready(): number {
    let bytes = 0;
    let count = 0;
    for (const { sequence, record } of this.#waiting) {
      if (sequence > this.#confirmed || bytes > WRITE_BYTES) break;
      bytes += record.body.length;
      count++;
    }
    return count;
  }

  #add(chained: ChainedRecord, batch: CommitBatch, before: LogPosition): LogPosition {
    const { sequence, record, hash } = chained;
    if (record.kind === 'part') {
      this.#parts.push(record.body);
      return before;
    }
    const position = { ...before, sequence, hash };
    if (record.kind === 'batch') {
      const body =
        this.#parts.length === 0 ? record.body : Buffer.concat([...this.#parts, record.body]);
      this.#parts = [];
      return { ...position, commit: applyChanges(body, batch) };
    }
    // Pieces that wait must be read again after a crash: the position stays before them.
    if (record.kind === 'lease' && this.#parts.length > 0) return before;
    if (record.kind !== 'open') return position;
    // The parts of a leader that did not complete them are void.
    this.#parts = [];
    return { ...position, epoch: record.epoch, leader: Buffer.from(record.body) };
  }

  #write(batch: CommitBatch, position: LogPosition, done: () => void): void {
    const nowMs = this.#options.clock.monotonicMs();
    const sync = nowMs - this.#syncedMs >= SYNC_INTERVAL_MS;
    if (sync) this.#syncedMs = nowMs;
    this.#writing = true;
    this.#options.state.write(batch, position, sync, (error) => {
      this.#writing = false;
      if (error !== null) {
        this.#fail(error);
        return;
      }
      if (sync) this.#options.onDurable(position.sequence);
      done();
      this.#run();
    });
  }

  #fail(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.onFailure(error);
  }
}
