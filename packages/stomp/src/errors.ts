import { type BrokerError, type ErrorCode, NotActiveError } from '@causeway/core';
import type { OutputBuffer } from '@causeway/wire';
import { writeFrame } from './codec/encoder.js';
import type { Version } from './codec/types.js';

interface ErrorText {
  /** The `message` header: short, and always the same for a code. */
  readonly message: string;
  /** What the client, or whoever reads its log, can do. */
  readonly advice: string;
}

const ERROR_TEXTS = {
  malformed: {
    message: 'malformed frame',
    advice: 'The frame does not follow the STOMP specification; check the client library.',
  },
  'protocol-violation': {
    message: 'frame not allowed here',
    advice: 'The frame does not fit the state of the connection; check the order of frames.',
  },
  'unsupported-version': {
    message: 'unsupported protocol version',
    advice: 'Offer one of the versions in the version header.',
  },
  'not-authenticated': {
    message: 'login refused',
    advice: 'Send CONNECT with the login and passcode of a user of this broker.',
  },
  'not-authorized': {
    message: 'permission denied',
    advice: 'Ask for permission on the destination, or log in as a user who has it.',
  },
  'invalid-address': {
    message: 'invalid destination',
    advice: 'Name a destination such as /queue/orders or /topic/prices.',
  },
  'address-not-found': {
    message: 'destination not found',
    advice: 'Have the destination created first, or correct its name.',
  },
  'address-in-use': {
    message: 'name in use',
    advice: 'Choose another name, or end its other use first.',
  },
  'invalid-selector': {
    message: 'invalid selector',
    advice: 'Correct the selector of the SUBSCRIBE frame.',
  },
  'not-supported': {
    message: 'not supported',
    advice: 'Leave the header or feature out; this broker does not offer it.',
  },
  'conversion-lossy': {
    message: 'message not the same for all',
    advice:
      'Leave out what other protocols cannot carry, or send to a destination that is not strict.',
  },
  'too-large': {
    message: 'frame too large',
    advice: 'Send less in one frame, or have the limit raised.',
  },
  'quota-exceeded': {
    message: 'quota exceeded',
    advice: 'Use less of it at a time, or have the limit raised.',
  },
  'queue-full': {
    message: 'queue full',
    advice: 'Send again when consumers have taken messages from the queue.',
  },
  'rate-exceeded': {
    message: 'rate exceeded',
    advice: 'Send more slowly.',
  },
  displaced: {
    message: 'displaced by another connection',
    advice: 'Another client uses the same identity; give each its own.',
  },
  'timed-out': {
    message: 'timed out',
    advice: 'Send heart-beats as agreed at CONNECT, and end transactions in time.',
  },
  'server-busy': {
    message: 'server busy',
    advice: 'Connect again later.',
  },
  'not-active': {
    message: 'broker not active',
    advice: 'Connect to the active broker of the pair, or again later.',
  },
  'shutting-down': {
    message: 'broker shutting down',
    advice: 'Connect again later, or to another broker.',
  },
  administrative: {
    message: 'closed by an administrator',
    advice: 'Ask the administrator of the broker.',
  },
  'unknown-delivery': {
    message: 'unknown delivery',
    advice: 'Acknowledge each delivery once, on its own connection and subscription.',
  },
  'transaction-unknown': {
    message: 'unknown transaction',
    advice: 'Send BEGIN first, with the same transaction header.',
  },
  'storage-failed': {
    message: 'storage failed',
    advice: 'Connect again; if it stays, the broker needs its administrator.',
  },
  'storage-corrupt': {
    message: 'storage damaged',
    advice: 'The broker needs its administrator.',
  },
  'storage-locked': {
    message: 'storage locked',
    advice: 'The broker needs its administrator.',
  },
  'storage-newer': {
    message: 'storage written by a newer version',
    advice: 'The broker needs its administrator.',
  },
  'config-invalid': {
    message: 'broker misconfigured',
    advice: 'The broker needs its administrator.',
  },
  internal: {
    message: 'internal error',
    advice: 'Connect again; if it stays, the broker needs its administrator.',
  },
} as const satisfies Record<ErrorCode, ErrorText>;

/**
 * Writes an ERROR frame (STOMP 1.2, ERROR).
 * @param receipt the value of the offending frame's `receipt`, as Latin-1 of its bytes
 * @param versions the `version` header of a failed negotiation
 */
export function writeError(
  out: OutputBuffer,
  version: Version,
  error: BrokerError,
  receipt: string | null,
  versions: string | null = null,
): void {
  const { message, advice } = ERROR_TEXTS[error.code];
  const headers: (readonly [string, string])[] = [['message', message]];
  if (versions !== null) headers.push(['version', versions]);
  const elsewhere = error instanceof NotActiveError ? error.elsewhere : null;
  if (elsewhere !== null) headers.push(['redirect', elsewhere]);
  headers.push(['content-type', 'text/plain']);
  writeFrame(out, version, 'ERROR', headers, {
    rawLine: receipt === null ? null : `receipt-id:${receipt}\n`,
    body: Buffer.from(`${error.message}\n${advice}\n`, 'utf8'),
  });
}
