/** Changes of one commit, applied together or not at all. */
export interface CommitBatch {
  /** Number of puts and deletes. */
  readonly operations: number;
  /** Bytes of their keys and values. */
  readonly bytes: number;
  /** Copies key and value at once: callers reuse their buffers. */
  put(key: Buffer, value: Buffer): void;
  /** Copies the key at once. Deleting what does not exist is allowed. */
  delete(key: Buffer): void;
}

/** Keys from `from` on, up to but not including `below`, in the order of their bytes. */
export interface KeyRange {
  readonly from: Buffer;
  readonly below: Buffer;
}

/**
 * The one seam between the broker and whatever makes its commits durable: a totally ordered log
 * with a single way to write, the conditional append, and the state that the appended commits add
 * up to. The `local` engine writes both at once; a replicated engine appends the batch as bytes to
 * its log first and applies it afterwards. Commits are numbered from 1 without gaps.
 */
export interface CommitLog {
  /** Where it keeps its state, for messages. */
  readonly location: string;
  /** Number of the last commit that was appended; 0 for an empty log. */
  readonly tail: number;
  /** Starts the changes of a commit. */
  begin(): CommitBatch;
  /**
   * Appends a commit if `tail` is still `expectedTail`; of several appends with the same
   * expectation at most one succeeds. The caller has one append under way at a time.
   * @param done runs in a later turn: without an error once the commit is durable and applied;
   *   with `not-active` if the condition failed, and the commit will never appear; with
   *   `storage-failed` if it is unknown whether it will. After a failure nothing is appended.
   */
  append(expectedTail: number, batch: CommitBatch, done: (error: Error | null) => void): void;
  /**
   * Reads one value of the applied state; the caller owns the returned buffer.
   * @throws BrokerError `storage-corrupt` if the engine finds the value damaged, `storage-failed`
   */
  get(key: Buffer): Buffer | null;
  /**
   * Visits a range in order, before the first append only: LevelDB brings deleted values back
   * when an iterator is held while others write.
   * @throws BrokerError `storage-corrupt`, `storage-failed`, and what `visit` throws
   */
  scan(range: KeyRange, visit: (key: Buffer, value: Buffer) => void): Promise<void>;
  /** The last key of a range or null; before the first append only. */
  lastKey(range: KeyRange): Promise<Buffer | null>;
  close(): Promise<void>;
}
