import type { Fault } from '../plan/fault.js';
import type { Plan } from '../plan/plan.js';

/**
 * One line of a ledger. `t` is nanoseconds of a monotonic clock since the run began. Messages are
 * named `PRODUCER:SEQUENCE`, so that the ledger alone tells whose they are and in which order.
 */
export type LedgerEvent = { readonly t: number } & LedgerEntry;

/** What happened, without when. */
export type LedgerEntry =
  | RunEntry
  | PhaseEntry
  | ClientEntry
  | ConnectedEntry
  | TroubleEntry
  | SendEntry
  | ConfirmEntry
  | DeliverEntry
  | SettleEntry
  | TransactionEntry
  | StateEntry
  | FaultEntry
  | RoleEntry
  | DrainedEntry
  | DigestEntry
  | StormEntry;

/** Always the first line. */
export interface RunEntry {
  readonly kind: 'run';
  readonly format: 1;
  readonly plan: Plan;
  readonly target: string;
  /** Lanes of the plan that the target cannot serve. */
  readonly leftOut?: readonly string[];
  /** A wall clock, for people. */
  readonly at: string;
}

export interface PhaseEntry {
  readonly kind: 'phase';
  readonly phase: 'warm-up' | 'round' | 'settle' | 'drain' | 'end';
  /** Counted from 1; of `round` only. */
  readonly round?: number;
}

export interface ClientEntry {
  readonly kind: 'client';
  readonly client: string;
  readonly lane: string;
  /** What it speaks: `mqtt`, `amqp` or `stomp`. */
  readonly library: string;
  readonly role: 'producer' | 'consumer';
  readonly destination: string;
  /**
   * Of consumers: those that share one share its messages, and each subscription gets all of them.
   */
  readonly subscription?: string;
  /** Whether the broker promises to keep a session for it. */
  readonly session: boolean;
}

export interface ConnectedEntry {
  readonly kind: 'connected';
  readonly client: string;
  readonly address: string;
  /** The epoch that the target was known to be in; absent where there is none. */
  readonly epoch?: number;
  /** Whether the broker still had the session of this client; absent where it does not say. */
  readonly resumed?: boolean;
}

export interface TroubleEntry {
  readonly kind: 'disconnected' | 'error';
  readonly client: string;
  readonly reason: string;
}

export interface SendEntry {
  readonly kind: 'send';
  readonly client: string;
  readonly id: string;
  /** How many copies the broker may rightly have by now: 1, or more when it was sent anew. */
  readonly attempt: number;
  readonly crc: number;
  readonly transaction?: string;
}

/** `refuse`: the broker said that it did not take the message. */
export interface ConfirmEntry {
  readonly kind: 'confirm' | 'refuse';
  readonly client: string;
  readonly id: string;
}

export interface DeliverEntry {
  readonly kind: 'deliver';
  readonly client: string;
  readonly id: string;
  /** Whether the broker said that it may have been delivered before. */
  readonly redelivered: boolean;
  readonly crc: number;
}

/** `settled`: the broker confirmed that the consumer is done with it. */
export interface SettleEntry {
  readonly kind: 'settle' | 'settled';
  readonly client: string;
  readonly id: string;
}

export interface TransactionEntry {
  readonly kind: 'transaction';
  readonly client: string;
  readonly transaction: string;
  /** `commit` and `abort` were asked for, `committed` and `aborted` were confirmed. */
  readonly step: 'begin' | 'commit' | 'committed' | 'abort' | 'aborted';
}

/** State beside messages that the broker promised to keep, such as a retained message. */
export interface StateEntry {
  readonly kind: 'state';
  readonly client: string;
  readonly what: string;
  readonly name: string;
  readonly step: 'store' | 'stored' | 'read';
  /** A number that grows with each store; null when nothing was there to read. */
  readonly value: number | null;
}

export interface FaultEntry {
  readonly kind: 'fault';
  readonly fault: Fault;
  readonly round: number;
  /** `skipped`: this target cannot have it; the drill says nothing about it then. */
  readonly step: 'begin' | 'end' | 'skipped';
  /** Which part it hit, or why it was skipped. */
  readonly detail: string;
}

export interface RoleEntry {
  readonly kind: 'role';
  readonly node: string;
  readonly role: string;
  readonly epoch: number | null;
}

export interface DrainedEntry {
  readonly kind: 'drained';
  readonly subscription: string;
  /** Confirmed messages that its consumers have never seen; null when nobody could be asked. */
  readonly remaining: number | null;
}

/** What a node's state amounts to after `applied` records of the log. */
export interface DigestEntry {
  readonly kind: 'digest';
  readonly node: string;
  readonly applied: number;
  readonly digest: string;
}

export interface StormEntry {
  readonly kind: 'storm';
  readonly wanted: number;
  readonly connected: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}
