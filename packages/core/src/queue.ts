import type { Address } from './address.js';

/** What kind of thing a queue plays. */
export type QueueKind = 'queue' | 'temporary' | 'subscription' | 'session';

// Under construction: the full queue replaces this.
export interface Queue {
  readonly id: number;
  readonly name: string;
  readonly kind: QueueKind;
  readonly address: Address;
  readonly durable: boolean;
  readonly ownerId: number;
  readonly length: number;
  wake(): void;
}
