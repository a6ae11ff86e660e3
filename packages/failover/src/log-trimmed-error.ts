/** Ends a reading whose next record is no longer kept: a snapshot has to take its place. */
export class LogTrimmedError extends Error {
  override readonly name = 'LogTrimmedError';
  /** The record that was wanted. */
  readonly sequence: number;
  /** The oldest record that is kept. */
  readonly first: number;

  constructor(sequence: number, first: number) {
    super(`record ${sequence} is no longer in the log, which begins with ${first}`);
    this.sequence = sequence;
    this.first = first;
  }
}
