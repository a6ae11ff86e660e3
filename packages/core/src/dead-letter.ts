import type { Address } from './address.js';
import { Message } from './message.js';

/** What a dead letter says about itself; the protocols show these as headers or properties. */
export const DEAD_LETTER_ANNOTATIONS = {
  reason: 'x-dead-letter-reason',
  origin: 'x-dead-letter-origin',
  deliveryCount: 'x-dead-letter-delivery-count',
  time: 'x-dead-letter-time',
} as const;

const BROKERS_OWN = /^x-(opt-)?dead-letter-/;

/** Whether only the broker may use the name for a header or an annotation. */
export function isBrokersOwnName(name: string): boolean {
  return BROKERS_OWN.test(name);
}

/** Why a message becomes a dead letter. */
export interface Burial {
  /** Where it goes. */
  readonly deadLetters: Address;
  readonly reason: string;
  /** Where it comes from. */
  readonly origin: Address;
  /** Failed deliveries. */
  readonly deliveryCount: number;
  readonly wallMs: number;
}

/**
 * The message that goes to the dead letters: the same bytes, and why it is there. It does not
 * expire any more.
 */
export function deadLetterOf(message: Message, burial: Burial): Message {
  const { deadLetters, reason, origin, deliveryCount, wallMs } = burial;
  const { format, durable, bytes, start, end } = message;
  const letter = new Message(deadLetters, format, durable, bytes, start, end, message.borrowed);
  letter.formatFlags = message.formatFlags;
  letter.priority = message.priority;
  letter.timestamp = message.timestamp;
  letter.amendments = message.amendments;
  letter.annotations = new Map([
    ...(message.annotations ?? []),
    [DEAD_LETTER_ANNOTATIONS.reason, reason],
    [DEAD_LETTER_ANNOTATIONS.origin, origin.uri],
    [DEAD_LETTER_ANNOTATIONS.deliveryCount, String(deliveryCount)],
    [DEAD_LETTER_ANNOTATIONS.time, new Date(wallMs).toISOString()],
  ]);
  return letter;
}
