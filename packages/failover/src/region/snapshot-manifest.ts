/** What a snapshot is of: enough to take it, and to know that it is whole. */
export interface SnapshotManifest {
  /** Counts the snapshots of the region. */
  readonly id: number;
  /** Name of the node that made it. */
  readonly node: string;
  /**
   * It was read while records up to `to` were applied to it, from a state that had all up to
   * `from`: whoever takes it applies the records after `from` again, and has a state from `to` on.
   */
  readonly from: number;
  readonly to: number;
  /** Entries in all, as the node counts them. */
  readonly entries: number;
  readonly chunks: number;
  /** Bytes of all chunks. */
  readonly bytes: number;
  /** SHA-256 of all chunks in their order, in hexadecimal. */
  readonly digest: string;
}
