import type { Clock } from '@causeway/core';
import {
  type ReplicaOptions,
  ReplicatedLog,
  type ShardLog,
  ShardReplica,
} from '@causeway/failover';
import type { AppliedState, CommitLog } from '@causeway/journal';
import type { SimulatedLog } from './simulated-log.js';

/** Where the parts of a node meet, and what a test may put in between: a defect, to see it found. */
export interface SimulatedSeams {
  readonly shardLog: (client: ShardLog, log: SimulatedLog) => ShardLog;
  readonly clock: (clock: Clock) => Clock;
  readonly replica: (options: ReplicaOptions) => ShardReplica;
  readonly commitLog: (replica: ShardReplica, state: AppliedState) => CommitLog;
}

/** Nothing in between. */
export const SOUND_SEAMS: SimulatedSeams = {
  shardLog: (client) => client,
  clock: (clock) => clock,
  replica: (options) => new ShardReplica(options),
  commitLog: (replica, state) => new ReplicatedLog(replica, state),
};
