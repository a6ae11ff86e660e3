import { BrokerError, type ErrorCode, NotActiveError } from '@causeway/core';
import { WireError } from '@causeway/wire';
import { FrameError } from './codec/frame-error.js';
import type { AmqpErrorInfo } from './codec/types.js';
import { AmqpSymbol, type AmqpValue } from './codec/value.js';

/** Conditions of part 2.8.15 to 2.8.18, 4.5.8 and those that the broker gives by name. */
export const CONDITION = {
  internal: 'amqp:internal-error',
  notFound: 'amqp:not-found',
  unauthorized: 'amqp:unauthorized-access',
  decode: 'amqp:decode-error',
  resourceLimit: 'amqp:resource-limit-exceeded',
  notAllowed: 'amqp:not-allowed',
  invalidField: 'amqp:invalid-field',
  notImplemented: 'amqp:not-implemented',
  resourceLocked: 'amqp:resource-locked',
  preconditionFailed: 'amqp:precondition-failed',
  resourceDeleted: 'amqp:resource-deleted',
  illegalState: 'amqp:illegal-state',
  frameTooSmall: 'amqp:frame-size-too-small',
  connectionForced: 'amqp:connection:forced',
  redirect: 'amqp:connection:redirect',
  framing: 'amqp:connection:framing-error',
  errantLink: 'amqp:session:errant-link',
  handleInUse: 'amqp:session:handle-in-use',
  unattachedHandle: 'amqp:session:unattached-handle',
  detachForced: 'amqp:link:detach-forced',
  transferLimit: 'amqp:link:transfer-limit-exceeded',
  messageSize: 'amqp:link:message-size-exceeded',
  stolen: 'amqp:link:stolen',
  unknownTransaction: 'amqp:transaction:unknown-id',
  transactionRollback: 'amqp:transaction:rollback',
  transactionTimeout: 'amqp:transaction:timeout',
} as const;

type Condition = (typeof CONDITION)[keyof typeof CONDITION];

/** What an error of the broker is called in AMQP. */
const CONDITIONS = {
  malformed: CONDITION.decode,
  'protocol-violation': CONDITION.notAllowed,
  'unsupported-version': CONDITION.notImplemented,
  'not-authenticated': CONDITION.unauthorized,
  'not-authorized': CONDITION.unauthorized,
  'invalid-address': CONDITION.invalidField,
  'address-not-found': CONDITION.notFound,
  'address-in-use': CONDITION.resourceLocked,
  'invalid-selector': CONDITION.invalidField,
  'not-supported': CONDITION.notImplemented,
  'conversion-lossy': CONDITION.preconditionFailed,
  'too-large': CONDITION.messageSize,
  'quota-exceeded': CONDITION.resourceLimit,
  'queue-full': CONDITION.resourceLimit,
  'rate-exceeded': CONDITION.resourceLimit,
  displaced: CONDITION.stolen,
  'timed-out': CONDITION.resourceLimit,
  'server-busy': CONDITION.connectionForced,
  'not-active': CONDITION.connectionForced,
  'shutting-down': CONDITION.connectionForced,
  administrative: CONDITION.connectionForced,
  'unknown-delivery': CONDITION.illegalState,
  'transaction-unknown': CONDITION.unknownTransaction,
  'storage-failed': CONDITION.internal,
  'storage-corrupt': CONDITION.internal,
  'storage-locked': CONDITION.internal,
  'storage-newer': CONDITION.internal,
  'config-invalid': CONDITION.internal,
  internal: CONDITION.internal,
} as const satisfies Record<ErrorCode, Condition>;

/** What an error ends: everything, one session, or one link (part 2.8.14). */
export type ErrorScope = 'connection' | 'session' | 'link';

/** An error in AMQP's own words. */
export class AmqpError extends Error {
  override readonly name = 'AmqpError';
  readonly condition: Condition;
  readonly scope: ErrorScope;

  constructor(scope: ErrorScope, condition: Condition, message: string) {
    super(message);
    this.scope = scope;
    this.condition = condition;
  }
}

/** The error field of a close, end, detach or rejected; null for what is a defect of ours. */
export function errorInfoOf(error: unknown): AmqpErrorInfo | null {
  if (error instanceof AmqpError) return errorInfo(error.condition, error.message);
  if (error instanceof NotActiveError && error.elsewhere !== null) {
    return redirect(error.elsewhere, error.message);
  }
  if (error instanceof BrokerError) return errorInfo(CONDITIONS[error.code], error.message);
  if (error instanceof FrameError) return errorInfo(CONDITION.framing, error.message);
  if (error instanceof WireError) return errorInfo(CONDITION.decode, error.message);
  return null;
}

/** Part 2.8.16: where to connect instead. */
function redirect(address: string, description: string): AmqpErrorInfo {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const info = new Map<AmqpValue, AmqpValue>([
    [new AmqpSymbol('hostname'), host],
    [new AmqpSymbol('network-host'), host],
    [new AmqpSymbol('port'), Number(address.slice(colon + 1))],
  ]);
  return { condition: CONDITION.redirect, description, info };
}

export function errorInfo(condition: Condition, description: string): AmqpErrorInfo {
  return { condition, description, info: null };
}

/** Whether an error is an answer to a client, rather than a defect of ours. */
export function isAnswer(error: unknown): error is AmqpError | BrokerError | WireError {
  return error instanceof AmqpError || error instanceof BrokerError || error instanceof WireError;
}
