import type { Limits } from '@causeway/core';
import { TERMINUS_DURABILITY } from './codec/types.js';
import { AmqpError, CONDITION } from './errors.js';
import { LINK_EVENTS, type LinkEvent } from './suspended-link.js';

/** How long a terminus lasts, and what of it (part 3.5.5 and 3.5.6). */
export interface TerminusLife {
  readonly durable: number;
  readonly expiryPolicy: string;
  /** Seconds. */
  readonly timeout: number;
}

/** What the broker has for a terminus: it is needed as long as the terminus exists. */
export interface TerminusResource {
  /** One terminus more needs it; or the same one, in another life of its link. */
  hold(): void;
  /** One less needs it. @param timeoutMs how much longer it may last at the request of that one */
  release(timeoutMs: number): void;
}

const MS_PER_SECOND = 1000;
const POLICIES: readonly string[] = [...LINK_EVENTS, 'never'];

/**
 * How long a terminus lasts that asks for so much.
 * @throws AmqpError `amqp:invalid-field` for what no terminus can ask for
 */
export function agreedLife(
  { durable, expiryPolicy, timeout }: TerminusLife,
  { sessionExpiryMsMax }: Limits,
): TerminusLife {
  if (!POLICIES.includes(expiryPolicy)) {
    throw new AmqpError(
      'link',
      CONDITION.invalidField,
      'the expiry-policy is none of the standard',
    );
  }
  if (durable > TERMINUS_DURABILITY.unsettledState) {
    throw new AmqpError('link', CONDITION.invalidField, 'the durability is none of the standard');
  }
  const secondsMax = Math.floor(sessionExpiryMsMax / MS_PER_SECOND);
  return { durable, expiryPolicy, timeout: Math.min(timeout, secondsMax) };
}

/** Whether a terminus exists after an event; else its timeout begins with that (part 3.5.6). */
export function outlasts({ expiryPolicy }: TerminusLife, event: LinkEvent): boolean {
  return POLICIES.indexOf(expiryPolicy) > LINK_EVENTS.indexOf(event);
}
