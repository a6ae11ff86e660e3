import type { Address } from './address.js';

/** What kind of thing a queue plays. */
export type QueueKind = 'queue' | 'temporary' | 'subscription' | 'session';

export interface QueueDefinition {
  readonly id: number;
  readonly name: string;
  readonly kind: QueueKind;
  readonly address: Address;
  /** Its durable messages are stored, and it is found again after a restart. */
  readonly durable: boolean;
  readonly ownerId: number;
}
