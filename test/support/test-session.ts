import type { OpenedSession, Session, SessionOwner } from '@causeway/core';
import type { TestBroker } from './test-broker.js';

/** Somebody who holds a session, and is told when it is taken over. */
export class TestOwner implements SessionOwner {
  taken = 0;

  constructor(readonly whenTaken: () => void = () => {}) {}

  sessionTaken(): void {
    this.taken++;
    this.whenTaken();
  }
}

export interface OpenTestSession {
  readonly name?: string;
  readonly owner?: TestOwner;
  readonly clean?: boolean;
  /** Defaults to a minute. */
  readonly expiryMs?: number;
}

export type HeldSession = OpenedSession & { readonly owner: TestOwner };

export const MINUTE_MS = 60_000;
/** Binding options that store what is durable. */
export const STORING = { noLocal: false, durable: true, data: {} };

export function openSession(world: TestBroker, options: OpenTestSession = {}): HeldSession {
  const { name = 's', owner = new TestOwner(), clean = false, expiryMs = MINUTE_MS } = options;
  return { ...world.broker.openSession({ name, owner, clean, expiryMs }), owner };
}

/** The client goes away, without a will unless told otherwise. */
export function closeSession(
  world: TestBroker,
  { session, owner }: { readonly session: Session; readonly owner: SessionOwner },
  discardWill = true,
): void {
  world.broker.closeSession(session, owner, { discardWill });
  world.run();
}
