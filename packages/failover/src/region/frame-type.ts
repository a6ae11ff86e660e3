/**
 * What a frame of the region's protocol says. Its `request` number ties an answer to its question;
 * docs/data-on-disk.md draws the payloads.
 */
export const FRAME = {
  /** The first frame of a node: JSON, a `Hello`. */
  hello: 1,
  /** The region's answer: JSON, a `Welcome`. */
  welcome: 2,
  /** The region's other answer, before it closes: JSON, a code and a message. */
  refused: 3,
  /** Nothing but a sign of life, both ways. */
  ping: 4,
  append: 5,
  appended: 6,
  fenced: 7,
  /** A request failed: JSON, a code and a message. */
  failed: 8,
  ends: 9,
  trim: 10,
  durable: 11,
  /** Numbers that answer a request. */
  numbers: 12,
  /** Begins a reading, which is named by its request. */
  read: 13,
  /** More bytes of records may be sent for a reading. */
  credit: 14,
  stop: 15,
  record: 16,
  /** A reading is over: JSON, a code, a message, and the first record. */
  ended: 17,
  /** A node cannot go on without a snapshot; and the same, told to the others: JSON, its name. */
  snapshotWanted: 18,
  /** JSON that answers a request. */
  document: 19,
  snapshotBegin: 20,
  snapshotPut: 21,
  /** JSON: entries and digest. */
  snapshotComplete: 22,
  snapshotAbandon: 23,
  snapshotLatest: 24,
  snapshotRead: 25,
  /** The bytes of a chunk. */
  chunk: 26,
} as const;
