import { BrokerError, ERROR_CODES, type ErrorCode } from '@causeway/core';
import { LogTrimmedError } from '../log-trimmed-error.js';

const CODES: ReadonlySet<unknown> = new Set(ERROR_CODES);
const TRIMMED = 'trimmed';

/** An operating error as it goes over the wire. */
export interface ErrorDocument {
  readonly code: ErrorCode | typeof TRIMMED;
  readonly message: string;
  /** With `trimmed`: the record asked for, and the oldest one that is kept. */
  readonly sequence?: number;
  readonly first?: number;
}

export function errorDocument(error: BrokerError | LogTrimmedError): ErrorDocument {
  const { message } = error;
  if (error instanceof BrokerError) return { code: error.code, message };
  return { code: TRIMMED, message, sequence: error.sequence, first: error.first };
}

/** The error that a peer has sent; one that it cannot mean is `internal`. */
export function errorOf(document: Readonly<Record<string, unknown>>): Error {
  const { code, message, sequence, first } = document;
  if (code === TRIMMED && isSequence(sequence) && isSequence(first)) {
    return new LogTrimmedError(sequence, first);
  }
  const known = CODES.has(code) ? (code as ErrorCode) : 'internal';
  return new BrokerError(known, `the region says: ${String(message).slice(0, 1000)}`);
}

function isSequence(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
