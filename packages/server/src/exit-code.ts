import { BrokerError, type ErrorCode } from '@causeway/core';

/** What a supervisor can tell apart; everything else is 1. */
const EXIT_CODES: Partial<Record<ErrorCode, number>> = {
  'config-invalid': 2,
  'storage-locked': 3,
  'storage-newer': 3,
  'storage-corrupt': 4,
};

/** The exit code of a process that ends because of the error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof BrokerError ? (EXIT_CODES[error.code] ?? 1) : 1;
}
