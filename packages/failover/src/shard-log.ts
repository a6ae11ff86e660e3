import type { LogTrimmedError } from './log-trimmed-error.js';

/** How far an acknowledged record survives what breaks. */
export type DurabilityDomain = 'process' | 'host' | 'zone' | 'region';

export interface LogCapabilities {
  readonly domain: DurabilityDomain;
  /** Whether `ok` means that the record is on a disk, not only in the memory of one. */
  readonly syncedOnAppend: boolean;
  /** Bytes of a record at most. */
  readonly recordBytesMax: number;
}

/**
 * What became of an append.
 * - `ok`: the record is durable in the engine's domain, and so is every record below it.
 * - `fenced`: the tail was another one; the record will never appear.
 * - `unknown`: no answer. The record may appear later, but only at `expectedTail + 1`.
 */
export type AppendResult =
  | { readonly outcome: 'ok' }
  | { readonly outcome: 'fenced'; readonly tail: number }
  | { readonly outcome: 'unknown'; readonly cause: Error };

/** Takes the records of a log, in order and without gaps; called in later turns only. */
export interface LogReader {
  /** `bytes` belong to the reader. */
  record(sequence: number, bytes: Buffer): void;
  /** Nothing more comes: the engine is away, or was closed. The reader may read again. */
  ended(cause: Error): void;
}

export interface LogReading {
  /**
   * Back-pressure: nothing is delivered until `resume`, except the end. Use it when records arrive
   * faster than they can be applied; what waits meanwhile waits in the engine.
   */
  pause(): void;
  resume(): void;
  /** The reader is not called any more. */
  stop(): void;
}

/**
 * A totally ordered log of records with one way to write: the conditional append. It is the one
 * authority over who leads and what was committed; docs/failover.md says why. Sequences count from
 * 1; a record is opaque here. Every engine passes `test/failover/shard-log-contract`:
 *
 * - L1: at most one record has a sequence, and there are no gaps.
 * - L2: `ok` means durable in `capabilities.domain`; a later `ok` vouches for all below.
 * - L3: of several appends with the same expectation at most one is `ok`.
 * - L4: `fenced` is final: the record never appears.
 * - L5: what was `unknown` may appear later, but only right after its expected tail.
 * - L6: `read` may yield a record that still vanishes, but never one at or below an `ok` append. An
 *   engine of which this is true also fences a record that does not follow from the one at the tail
 *   (`previousHash` of the record): another may have taken the place of one that was read.
 * - L7: `tail` never falls below an `ok` append.
 * - L8: `trim` touches nothing above its argument.
 */
export interface ShardLog {
  readonly capabilities: LogCapabilities;
  /** Sequence of the last record; 0 for an empty log. Rejects when the engine does not answer. */
  tail(): Promise<number>;
  /** Sequence of the oldest record that is kept; `tail + 1` when none is. */
  first(): Promise<number>;
  /**
   * Appends a record, of 1 to `recordBytesMax` bytes, if the tail is still `expectedTail`. `done`
   * runs in a later turn, exactly once; no answer in time is `unknown`. The bytes must not change
   * before. Appends may be chained: each expects the record of the one before, whose outcome is
   * not known yet. They are answered in their order.
   */
  append(expectedTail: number, record: Buffer, done: (result: AppendResult) => void): void;
  /**
   * Reads from a sequence on and follows the log; the reader is called in later turns. It ends with
   * a {@link LogTrimmedError} below `first`, and with a BrokerError `storage-corrupt` when the log
   * is shorter than the sequence says: a log that was rewound.
   */
  read(from: number, reader: LogReader): LogReading;
  /** Lets the engine forget the records up to and including a sequence. */
  trim(upTo: number): Promise<void>;
  /** Ends all readings. Appends that it had not answered, and later ones, are `unknown`. */
  close(): Promise<void>;
}
