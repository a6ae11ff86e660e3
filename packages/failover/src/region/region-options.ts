import type { BrokerError, Log } from '@causeway/core';

export interface RegionOptions {
  /** Holds the log; created if it does not exist. Belongs to one cluster and to one process. */
  readonly folder: string;
  readonly host: string;
  /** 0 takes one that is free. */
  readonly port: number;
  /** Name of the cluster; undefined takes the folder's own, or `causeway` for a new one. */
  readonly cluster?: string | undefined;
  readonly log: Log;
  /** Writing failed: nothing is appended any more, and the process must end. */
  readonly onFatal: (error: BrokerError) => void;
  /** The log forgets what so many members have on their own disks. */
  readonly members?: number;
  readonly retention?: Partial<RegionRetention>;
  readonly limits?: Partial<RegionLimits>;
}

/**
 * How long the log waits for members that do not come along. Beyond it, nodes are asked for a
 * snapshot, and the log forgets what that covers.
 */
export interface RegionRetention {
  /** Bytes of the folder, snapshots not included. */
  readonly bytes: number;
  /** Hours for which a member has been away. */
  readonly hours: number;
}

export const RETENTION: RegionRetention = { bytes: 10 * 1024 ** 3, hours: 24 };

/** Bounds of the region; all of them can be set in tests. */
export interface RegionLimits {
  /** Connections that have said who they are. */
  readonly nodesMax: number;
  /** Connections that have not; the oldest gives way to a new one. */
  readonly strangersMax: number;
  /** Time a connection has to say who it is. */
  readonly helloTimeoutMs: number;
  /** A side that has nothing to say gives a sign of life after this time. */
  readonly heartbeatMs: number;
  /** Silence after which a node is given up. */
  readonly silenceMs: number;
  /** Time in which a node must be heard of, when another one claims its name. */
  readonly rivalMs: number;
  /** Bytes of a node's appends that wait for the disk; more is not read from it. */
  readonly pendingBytesMax: number;
  /** Bytes that a node has not taken; beyond it no records are sent, beyond four times it is closed. */
  readonly outputBytesMax: number;
  /** Bytes of a snapshot's chunks. */
  readonly snapshotBytesMax: number;
}

export const REGION_LIMITS: RegionLimits = {
  nodesMax: 32,
  strangersMax: 32,
  helloTimeoutMs: 2000,
  heartbeatMs: 500,
  silenceMs: 3000,
  rivalMs: 1200,
  pendingBytesMax: 32 * 1024 * 1024,
  outputBytesMax: 2 * 1024 * 1024,
  snapshotBytesMax: 64 * 1024 ** 3,
};

/** Members whose disks must hold what the log forgets, unless it is said otherwise. */
export const MEMBERS_DEFAULT = 2;
