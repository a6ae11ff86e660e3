import type { DocumentKind } from '@causeway/core';
import { type ByteReader, WireError } from '@causeway/wire';
import { CHECKSUM_BYTES } from './checksum.js';
import type { CommitLog } from './commit-log.js';
import { mustDecode } from './corruption.js';
import { type DocumentVersions, emptyVersions } from './document-table.js';
import { openRecord } from './fact-records.js';
import type { Inventory } from './inventory.js';
import { Keys, parseCensusKey, parseVersionedKey, RANGES } from './keys.js';
import { readRanges } from './ranges.js';
import { RECORD } from './record-kinds.js';

export interface RecoveredDocuments {
  /** Payloads of the documents that are live. */
  readonly values: Map<number, Buffer>;
  readonly versions: DocumentVersions;
}

interface Census {
  /** 0 when none was taken. */
  readonly commit: number;
  readonly live: ReadonlySet<number>;
}

/**
 * Reads the latest version of each document. What is live goes into the `inventory`, keys that
 * something newer replaces into the `garbage`.
 */
export async function recoverDocuments(
  commitLog: CommitLog,
  kind: DocumentKind,
  inventory: Inventory,
  garbage: Buffer[],
): Promise<RecoveredDocuments> {
  const census = await readCensus(commitLog, kind, garbage);
  const found: RecoveredDocuments = { values: new Map(), versions: emptyVersions() };
  found.versions.censusCommit = census.commit;
  let previous: Buffer | null = null;
  let previousId = -1;
  await commitLog.scan(RANGES.documents(kind), (key, value) => {
    const { id, commit } = parseVersionedKey(key);
    if (previous !== null && previousId === id) garbage.push(previous);
    previous = key;
    previousId = id;
    const name = `document ${id} of kind ${kind} at commit ${commit}`;
    const payload = mustDecode(commitLog, name, key, value, readDocument);
    if (commit <= census.commit && !census.live.has(id)) garbage.push(key);
    else take(found, id, commit, payload);
  });
  const keys = new Keys();
  if (census.commit > 0) inventory.toggle(keys.census(kind, census.commit));
  for (const [id, commit] of found.versions.live) {
    inventory.toggle(keys.document(kind, id, commit));
  }
  return found;
}

function take(found: RecoveredDocuments, id: number, commit: number, payload: Buffer | null): void {
  const { values, versions } = found;
  versions.live.delete(id);
  versions.tombstones.delete(id);
  values.delete(id);
  (payload === null ? versions.tombstones : versions.live).set(id, commit);
  if (payload !== null) values.set(id, payload);
}

/** The payload of a document, or null for a tombstone. */
function readDocument(value: Buffer): Buffer | null {
  const kind = value[CHECKSUM_BYTES]!;
  if (kind === RECORD.tombstone) return null;
  if (kind !== RECORD.document) throw new WireError(`${kind} is no kind of document`);
  return value.subarray(CHECKSUM_BYTES + 1);
}

async function readCensus(
  commitLog: CommitLog,
  kind: DocumentKind,
  garbage: Buffer[],
): Promise<Census> {
  let census: Census = { commit: 0, live: new Set() };
  let previous: Buffer | null = null;
  await commitLog.scan(RANGES.censuses(kind), (key, value) => {
    if (previous !== null) garbage.push(previous);
    previous = key;
    const commit = parseCensusKey(key);
    const name = `the census of documents of kind ${kind} at commit ${commit}`;
    const live = mustDecode(commitLog, name, key, value, (bytes) =>
      readIds(openRecord(bytes, RECORD.census)),
    );
    census = { commit, live };
  });
  return census;
}

function readIds(reader: ByteReader): Set<number> {
  const ranges = readRanges(reader);
  const ids = new Set<number>();
  for (let index = 0; index < ranges.length; index += 2) {
    for (let id = ranges[index]!; id <= ranges[index + 1]!; id++) ids.add(id);
  }
  return ids;
}
