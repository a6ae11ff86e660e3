import { BrokerError } from '@causeway/core';
import type { LogPosition } from '@causeway/journal';
import { decodeRecord, hashRecord, type LogRecord } from './log-record.js';

/** A record that has its place in the chain. */
export interface ChainedRecord {
  readonly sequence: number;
  readonly record: LogRecord;
  readonly hash: Buffer;
}

/**
 * The newest record that a node knows, and whether the next one follows from it: each refers to the
 * hash of the one before, so a log that was set back or altered does not go unnoticed.
 */
export class RecordChain {
  sequence: number;
  hash: Buffer;
  epoch: number;
  /** What the leader of the epoch said of itself. */
  leader: Buffer;
  /** The latest time that a leader has written down, in milliseconds since 1970; 0 for none. */
  wallMs = 0;
  /** What the leader said when it stopped in order; null while it leads. */
  farewell: Buffer | null = null;

  constructor(position: LogPosition) {
    this.sequence = position.sequence;
    this.hash = position.hash;
    this.epoch = position.epoch;
    this.leader = position.leader;
  }

  /**
   * Takes in the next record. It may also be the newest one once more: then nothing changes.
   * @returns null for the newest one once more
   * @throws BrokerError `storage-corrupt`, `storage-newer`
   */
  follow(sequence: number, bytes: Buffer): ChainedRecord | null {
    const hash = hashRecord(bytes);
    if (sequence === this.sequence) {
      if (!hash.equals(this.hash)) throw diverged(sequence);
      this.#takeNote(decodeRecord(bytes));
      return null;
    }
    const record = decodeRecord(bytes);
    if (sequence !== this.sequence + 1 || !record.previousHash.equals(this.hash)) {
      throw diverged(sequence);
    }
    const opens = record.kind === 'open';
    if (record.epoch !== this.epoch + (opens ? 1 : 0)) {
      throw new BrokerError(
        'storage-corrupt',
        `record ${sequence} of the log is of epoch ${record.epoch} within epoch ${this.epoch}`,
      );
    }
    this.sequence = sequence;
    this.hash = hash;
    this.epoch = record.epoch;
    if (opens) this.leader = Buffer.from(record.body);
    this.#takeNote(record);
    return { sequence, record, hash };
  }

  #takeNote({ kind, body, wallMs }: LogRecord): void {
    this.wallMs = Math.max(this.wallMs, wallMs);
    this.farewell = kind === 'close' ? Buffer.from(body) : null;
  }
}

function diverged(sequence: number): BrokerError {
  return new BrokerError(
    'storage-corrupt',
    `record ${sequence} of the log does not follow from what this node has applied: the log was ` +
      'set back or altered, or the data folder belongs to another cluster; nothing was changed',
  );
}
