import type { DocumentKind } from '@causeway/core';
import type { KeyRange } from './commit-log.js';
import { getUint32, getUint48, putUint32, putUint48, putUint64 } from './integers.js';

/** The first byte of every key: what kind of record it is. docs/data-on-disk.md draws them all. */
const PREFIX = {
  body: 0x62, // b
  checkpoint: 0x63, // c
  delta: 0x64, // d
  meta: 0x6d, // m
  census: 0x6e, // n
  entry: 0x71, // q
  tail: 0x74, // t
  document: 0x78, // x
  /** What belongs to a shared log, not to the journal: above everything that the journal reads. */
  shared: 0xff,
} as const;

export const DOCUMENT_CODES = {
  queue: 1,
  binding: 2,
  session: 3,
  retained: 4,
} as const satisfies Record<DocumentKind, number>;

export const DOCUMENT_KINDS = Object.keys(DOCUMENT_CODES) as DocumentKind[];

/** What a checkpoint describes. */
export type FactsKind = 'queue' | 'session';
const FACTS_CODES = { queue: 1, session: 2 } as const satisfies Record<FactsKind, number>;

export type MetaKind = 'format' | 'boot';
const SHARED_CODES = { leader: 1, position: 2 } as const;
const META_CODES = { format: 0x66, boot: 0x62 } as const satisfies Record<MetaKind, number>;

/**
 * Builds keys in buffers that it uses again: a key is valid until the next call of the same
 * method. Numbers are big-endian, so that the order of the bytes is theirs.
 */
export class Keys {
  readonly #entry = scratch(PREFIX.entry, 11);
  readonly #body = scratch(PREFIX.body, 9);
  readonly #delta = scratch(PREFIX.delta, 7);
  readonly #tail = scratch(PREFIX.tail, 7);
  readonly #checkpoint = scratch(PREFIX.checkpoint, 12);
  readonly #document = scratch(PREFIX.document, 12);
  readonly #census = scratch(PREFIX.census, 8);
  readonly #meta = scratch(PREFIX.meta, 6);
  readonly #shared = scratch(PREFIX.shared, 8);

  entry(queueId: number, sequence: number): Buffer {
    putUint32(this.#entry, 1, queueId);
    putUint48(this.#entry, 5, sequence);
    return this.#entry;
  }

  body(bodyId: number): Buffer {
    putUint64(this.#body, 1, bodyId);
    return this.#body;
  }

  delta(commit: number): Buffer {
    putUint48(this.#delta, 1, commit);
    return this.#delta;
  }

  /** The mark of the last commit; it belongs to the `local` engine, not to the journal. */
  tail(commit: number): Buffer {
    putUint48(this.#tail, 1, commit);
    return this.#tail;
  }

  checkpoint(kind: FactsKind, id: number, commit: number): Buffer {
    this.#checkpoint[1] = FACTS_CODES[kind];
    putUint32(this.#checkpoint, 2, id);
    putUint48(this.#checkpoint, 6, commit);
    return this.#checkpoint;
  }

  document(kind: DocumentKind, id: number, commit: number): Buffer {
    this.#document[1] = DOCUMENT_CODES[kind];
    putUint32(this.#document, 2, id);
    putUint48(this.#document, 6, commit);
    return this.#document;
  }

  census(kind: DocumentKind, commit: number): Buffer {
    this.#census[1] = DOCUMENT_CODES[kind];
    putUint48(this.#census, 2, commit);
    return this.#census;
  }

  meta(kind: MetaKind, number: number): Buffer {
    this.#meta[1] = META_CODES[kind];
    putUint32(this.#meta, 2, number);
    return this.#meta;
  }

  /** How far a state has come in a shared log. */
  position(sequence: number): Buffer {
    return this.#sharedKey('position', sequence);
  }

  /** What the leader of an epoch said of itself. */
  leader(epoch: number): Buffer {
    return this.#sharedKey('leader', epoch);
  }

  #sharedKey(kind: keyof typeof SHARED_CODES, number: number): Buffer {
    this.#shared[1] = SHARED_CODES[kind];
    putUint48(this.#shared, 2, number);
    return this.#shared;
  }
}

export interface VersionedKey {
  readonly id: number;
  readonly commit: number;
}

/** Id and commit of a checkpoint's or document's key. */
export function parseVersionedKey(key: Buffer): VersionedKey {
  return { id: getUint32(key, 2), commit: getUint48(key, 6) };
}

/** Commit of the key of a delta or a tail mark. */
export function parseCommitKey(key: Buffer): number {
  return getUint48(key, 1);
}

export function parseCensusKey(key: Buffer): number {
  return getUint48(key, 2);
}

/** Sequence of the key of a position. */
export function parsePositionKey(key: Buffer): number {
  return getUint48(key, 2);
}

export function parseMetaKey(key: Buffer): number {
  return getUint32(key, 2);
}

/** Whether all keys between two, either of which may be shortened, are keys of messages. */
export function areMessageKeys(above: Buffer, upTo: Buffer): boolean {
  const prefix = above[0];
  return prefix === upTo[0] && (prefix === PREFIX.entry || prefix === PREFIX.body);
}

export const RANGES = {
  /** All that a journal has written. */
  everything: { from: Buffer.alloc(0), below: Buffer.of(PREFIX.shared) },
  tails: range(PREFIX.tail),
  checkpoints: (kind: FactsKind) => range(PREFIX.checkpoint, FACTS_CODES[kind]),
  documents: (kind: DocumentKind) => range(PREFIX.document, DOCUMENT_CODES[kind]),
  censuses: (kind: DocumentKind) => range(PREFIX.census, DOCUMENT_CODES[kind]),
  meta: (kind: MetaKind) => range(PREFIX.meta, META_CODES[kind]),
  positions: range(PREFIX.shared, SHARED_CODES.position),
  /** Deltas from a commit on. */
  deltasFrom(commit: number): KeyRange {
    return { from: Buffer.from(new Keys().delta(commit)), below: range(PREFIX.delta).below };
  },
} as const;

function scratch(prefix: number, length: number): Buffer {
  const key = Buffer.alloc(length);
  key[0] = prefix;
  return key;
}

function range(...prefix: number[]): KeyRange {
  const below = Buffer.from(prefix);
  below[below.length - 1]!++;
  return { from: Buffer.from(prefix), below };
}
