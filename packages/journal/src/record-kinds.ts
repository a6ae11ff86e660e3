/** The fifth byte of every value, after its checksum. */
export const RECORD = {
  /** An entry with its message. */
  message: 1,
  /** An entry whose message is a body of its own. */
  reference: 2,
  body: 3,
  delta: 4,
  queueCheckpoint: 5,
  sessionCheckpoint: 6,
  document: 7,
  /** Says that a document is deleted. */
  tombstone: 8,
  census: 9,
  format: 10,
  boot: 11,
  tail: 12,
  /** How far a state has come in a shared log. */
  position: 13,
  /** What the leader of an epoch said of itself. */
  leader: 14,
} as const;

/** The version that `docs/data-on-disk.md` describes; a store with a higher one is refused. */
export const FORMAT_VERSION = 1;
