import type { CommitBatch, KeyRange } from './commit-log.js';

/** How far a state has come in a shared log. */
export interface LogPosition {
  /** Of the last record that is applied; 0 for none. */
  readonly sequence: number;
  /** Chains the records up to there. */
  readonly hash: Buffer;
  /** The term of leadership at that place; 0 before the first. */
  readonly epoch: number;
  /** What the leader of that term said of itself. */
  readonly leader: Buffer;
  /** Commits up to there. */
  readonly commit: number;
}

/**
 * What the commits of a shared log add up to on one node. The log is what makes them durable: here
 * a batch and the position that it leads to are written together, and synced now and then.
 */
export interface AppliedState {
  /** Where it is kept, for messages. */
  readonly location: string;
  readonly position: LogPosition;
  begin(): CommitBatch;
  /** Gives back a batch that is not going to be written. */
  discard(batch: CommitBatch): void;
  /**
   * Writes a batch and its position, together. The caller has one write under way at a time.
   * @param sync whether it, and all before, are on the disk when it is done
   * @param done runs in a later turn; after an error nothing can be written any more
   */
  write(
    batch: CommitBatch,
    position: LogPosition,
    sync: boolean,
    done: (error: Error | null) => void,
  ): void;
  /** As in `CommitLog`. */
  get(key: Buffer): Buffer | null;
  /** Visits a range in order, while nothing is written. */
  scan(range: KeyRange, visit: (key: Buffer, value: Buffer) => void): Promise<void>;
  /** The last key of a range or null; while nothing is written. */
  lastKey(range: KeyRange): Promise<Buffer | null>;
  close(): Promise<void>;
}
