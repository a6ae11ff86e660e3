import type { SnapshotManifest } from './snapshot-manifest.js';

/** What a region says of itself. */
export interface RegionStatus {
  readonly process: number;
  readonly cluster: string;
  readonly clusterId: string;
  readonly address: string;
  readonly port: number;
  readonly folder: string;
  /** The oldest record that is kept, and the last one. */
  readonly first: number;
  readonly tail: number;
  readonly members: readonly {
    readonly name: string;
    readonly connected: boolean;
    /** The last record that is on the node's own disk. */
    readonly durable: number;
  }[];
  /** Of the log on the disk, as they were a few seconds ago; snapshots not included. */
  readonly bytes: number;
  readonly snapshot: SnapshotManifest | null;
}
