/**
 * - `standby`: follows the log, and would take over.
 * - `candidate`: the leader's lease has run out; it is appending `open`.
 * - `active`: leads, and serves clients.
 * - `fenced`: another leads now; what it held in memory is being discarded.
 * - `failed`: it must not serve: its state and the log disagree, or its disk is broken.
 */
export type ReplicaRole = 'standby' | 'candidate' | 'active' | 'fenced' | 'failed';

/** What a node says of itself: `GET /status` of its control socket and, without addresses, `/readyz`. */
export interface NodeStatus {
  readonly name: string;
  readonly process: number;
  readonly role: ReplicaRole | 'starting' | 'stopping';
  /** The epoch of the newest `open` that it knows; 0 for none. */
  readonly epoch: number;
  /** Name of the node that leads, as far as it knows. */
  readonly leader: string | null;
  /** Sequence of the last record it has received, and of the last one it has applied. */
  readonly received: number;
  readonly applied: number;
  /** Records in the log that it has not applied. */
  readonly lag: number;
  /** Whether it reaches the log. */
  readonly connected: boolean;
  readonly endpoints: readonly { readonly name: string; readonly address: string }[];
  /** The last time that it became active, and why; null for never. */
  readonly takeover: {
    readonly epoch: number;
    readonly reason: 'first' | 'lease' | 'hand-over' | 'promote';
    /** When, as a wall clock in ISO 8601. */
    readonly at: string;
    /** Milliseconds from the last record of the former leader to readiness. */
    readonly tookMs: number;
  } | null;
}
