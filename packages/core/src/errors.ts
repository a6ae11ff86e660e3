/**
 * Every operating error that the broker can answer with. The set is closed: each protocol has a
 * table from these codes to its own reasons, which does not compile while one is missing, and
 * docs/errors.md has a paragraph for each.
 */
export const ERROR_CODES = [
  'malformed',
  'protocol-violation',
  'unsupported-version',
  'not-authenticated',
  'not-authorized',
  'invalid-address',
  'address-not-found',
  'address-in-use',
  'invalid-selector',
  'not-supported',
  'conversion-lossy',
  'too-large',
  'quota-exceeded',
  'queue-full',
  'rate-exceeded',
  'displaced',
  'timed-out',
  'server-busy',
  'not-active',
  'shutting-down',
  'administrative',
  'unknown-delivery',
  'transaction-unknown',
  'storage-failed',
  'storage-corrupt',
  'storage-locked',
  'storage-newer',
  'config-invalid',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error that the broker expects to happen, with a code that every protocol can express. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** A broken invariant is a defect of ours: it stops the broker instead of corrupting the store. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${what}`);
}
