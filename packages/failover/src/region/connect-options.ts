import type { BrokerError, Log } from '@causeway/core';
import type { NodeIdentity } from './hello.js';

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly cluster: string;
  /** The id of the cluster that this node's data belongs to; null or absent takes any. */
  readonly clusterId?: string | null;
  readonly node: NodeIdentity;
  readonly log: Log;
  readonly timeouts?: Partial<ConnectTimeouts>;
  /** The region is reached, for the first time or again. */
  readonly onConnected?: () => void;
  /** The region does not let this node in, and says why. It is tried again all the same. */
  readonly onRefused?: (error: BrokerError) => void;
  /**
   * Another node cannot go on without a snapshot; null: the region, since the log grows while a
   * member is away. One that serves, or is up to date, should make one.
   */
  readonly onSnapshotWanted?: (node: string | null) => void;
}

export interface ConnectTimeouts {
  /** For a connection, hello included; the region may take 1.2 s to see that a rival is gone. */
  readonly connectMs: number;
  /** After which a request without an answer is `unknown`, or rejects. */
  readonly requestMs: number;
  /** A side that has nothing to say gives a sign of life after this time. */
  readonly heartbeatMs: number;
  /** Silence after which the connection is given up. */
  readonly silenceMs: number;
  /** The first wait between attempts to connect, and the longest; both at random below. */
  readonly retryMs: number;
  readonly retryMsMax: number;
}

export const CONNECT_TIMEOUTS: ConnectTimeouts = {
  connectMs: 2500,
  requestMs: 2000,
  heartbeatMs: 400,
  silenceMs: 1600,
  retryMs: 50,
  retryMsMax: 500,
};
