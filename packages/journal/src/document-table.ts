import type { DocumentKind } from '@causeway/core';
import { ByteWriter } from '@causeway/wire';
import { sealValue } from './checksum.js';
import type { CommitBatch } from './commit-log.js';
import { startRecord } from './fact-records.js';
import type { Inventory } from './inventory.js';
import { DOCUMENT_KINDS, type Keys } from './keys.js';
import { mergeRanges, writeRanges } from './ranges.js';
import { RECORD } from './record-kinds.js';

/** Tombstones of one kind before a census replaces them; also at least half of what is live. */
export const CENSUS_TOMBSTONES = 1024;
/** A document's checksum and kind. */
const HEADER_BYTES = 5;

/** What a store holds of one kind: the commit of the latest version of each document. */
export interface DocumentVersions {
  readonly live: Map<number, number>;
  readonly tombstones: Map<number, number>;
  /** Commit of the latest census; 0 when there is none. */
  censusCommit: number;
}

export function emptyVersions(): DocumentVersions {
  return { live: new Map(), tombstones: new Map(), censusCommit: 0 };
}

/**
 * The documents of the open commit, and where the latest version of every document is. A version
 * is a key of its own; a deleted document leaves a tombstone, since the absence of a key proves
 * nothing. When there are many tombstones a census lists what is live instead of them.
 */
export class DocumentTable {
  readonly #versions: Readonly<Record<DocumentKind, DocumentVersions>>;
  readonly #staged: Readonly<Record<DocumentKind, Map<number, Buffer | null>>>;
  readonly #keys: Keys;
  readonly #inventory: Inventory;
  readonly #writer = new ByteWriter();
  #stagedCount = 0;
  #stagedBytes = 0;

  constructor(
    keys: Keys,
    inventory: Inventory,
    versions: Readonly<Record<DocumentKind, DocumentVersions>>,
  ) {
    this.#keys = keys;
    this.#inventory = inventory;
    this.#versions = versions;
    this.#staged = {
      queue: new Map(),
      binding: new Map(),
      session: new Map(),
      retained: new Map(),
    };
  }

  get dirty(): boolean {
    return this.#stagedCount > 0;
  }

  get stagedBytes(): number {
    return this.#stagedBytes;
  }

  /** Whether a document is live in what was sealed. */
  isLive(kind: DocumentKind, id: number): boolean {
    return this.#versions[kind].live.has(id);
  }

  /** Stages a version, or with null the deletion; a later one in the same commit replaces it. */
  stage(kind: DocumentKind, id: number, value: Buffer | null): void {
    this.#staged[kind].set(id, value);
    this.#stagedCount++;
    this.#stagedBytes += value?.length ?? 0;
  }

  /** Moves what is staged into the batch of a commit. */
  seal(batch: CommitBatch, commit: number): void {
    for (const kind of DOCUMENT_KINDS) {
      const staged = this.#staged[kind];
      if (staged.size === 0) continue;
      for (const [id, value] of staged) this.#write(batch, commit, kind, id, value);
      staged.clear();
      this.#takeCensus(batch, commit, kind);
    }
    this.#stagedCount = 0;
    this.#stagedBytes = 0;
  }

  #write(
    batch: CommitBatch,
    commit: number,
    kind: DocumentKind,
    id: number,
    value: Buffer | null,
  ): void {
    const { live, tombstones } = this.#versions[kind];
    const previous = live.get(id) ?? tombstones.get(id);
    if (value === null && !live.has(id)) return;
    if (previous !== undefined) {
      const old = this.#keys.document(kind, id, previous);
      batch.delete(old);
      if (live.delete(id)) this.#inventory.toggle(old);
      else tombstones.delete(id);
    }
    const bytes = value === null ? tombstone() : documentValue(value);
    const key = this.#keys.document(kind, id, commit);
    sealValue(key, bytes);
    batch.put(key, bytes);
    (value === null ? tombstones : live).set(id, commit);
    if (value !== null) this.#inventory.toggle(key);
  }

  #takeCensus(batch: CommitBatch, commit: number, kind: DocumentKind): void {
    const versions = this.#versions[kind];
    const { live, tombstones } = versions;
    if (tombstones.size < Math.max(CENSUS_TOMBSTONES, live.size / 2)) return;
    startRecord(this.#writer, RECORD.census);
    writeRanges(this.#writer, mergeRanges([...live.keys()].flatMap((id) => [id, id])));
    const key = this.#keys.census(kind, commit);
    const value = this.#writer.view();
    sealValue(key, value);
    batch.put(key, value);
    this.#inventory.toggle(key);
    if (versions.censusCommit > 0) {
      const old = this.#keys.census(kind, versions.censusCommit);
      batch.delete(old);
      this.#inventory.toggle(old);
    }
    for (const [id, version] of tombstones) batch.delete(this.#keys.document(kind, id, version));
    tombstones.clear();
    versions.censusCommit = commit;
  }
}

function documentValue(payload: Buffer): Buffer {
  const value = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  value[HEADER_BYTES - 1] = RECORD.document;
  payload.copy(value, HEADER_BYTES);
  return value;
}

function tombstone(): Buffer {
  const value = Buffer.allocUnsafe(HEADER_BYTES);
  value[HEADER_BYTES - 1] = RECORD.tombstone;
  return value;
}
