import type { BrokerError, Clock, Log, Random } from '@causeway/core';
import type { AppliedState } from '@causeway/journal';
import type { Endpoint, LeaderNote, TakeoverReason } from './leader-notes.js';
import type { ShardLog } from './shard-log.js';

export interface ReplicaListener {
  /** The state is complete and this node leads: it may read the state, write and serve. */
  activated(reason: TakeoverReason): void;
  /**
   * This node leads no longer. Nothing may leave it from this moment on; when everything that it
   * held in memory is gone, `resume` makes it a standby.
   */
  deposed(reason: string): void;
  /** It must not serve any more: its disk, or its state against the log. */
  failed(error: BrokerError): void;
  /** The log has forgotten records that this node has not applied: it needs a snapshot. */
  outdated(): void;
  /** Another leads, as a standby has learned. */
  followed(leader: LeaderNote): void;
}

export interface ReplicaOptions {
  readonly log: ShardLog;
  readonly state: AppliedState;
  readonly clock: Clock;
  readonly random: Random;
  /** Runs a callback later; what it returns cancels it. */
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  readonly node: string;
  /** Where clients reach this node, asked when it takes over. */
  readonly endpoints: () => readonly Endpoint[];
  /** How long the leader may serve after the log last acknowledged a record. */
  readonly leaseMs: number;
  readonly listener: ReplicaListener;
  /** Records up to a sequence are on this node's disk. */
  readonly onDurable: (sequence: number) => void;
  readonly logger: Log;
}
