import { BrokerError, type DocumentKind } from '@causeway/core';
import type { CommitLog } from './commit-log.js';
import { corrupt, mustDecode } from './corruption.js';
import { type DocumentVersions, emptyVersions } from './document-table.js';
import {
  type Delta,
  openRecord,
  readDelta,
  readQueueCheckpoint,
  readSessionCheckpoint,
} from './fact-records.js';
import { QueueFacts, SessionFacts } from './facts.js';
import { Inventory } from './inventory.js';
import {
  DOCUMENT_KINDS,
  type FactsKind,
  Keys,
  type MetaKind,
  parseCommitKey,
  parseMetaKey,
  parseVersionedKey,
  RANGES,
} from './keys.js';
import { FORMAT_VERSION, RECORD } from './record-kinds.js';
import { recoverDocuments } from './recover-documents.js';

/** Everything that a store says about itself when it is opened. */
export interface Recovery {
  /** How often it was opened before; 0 for a new store. */
  bootCount: number;
  documents: Record<DocumentKind, ReadonlyMap<number, Buffer>>;
  versions: Record<DocumentKind, DocumentVersions>;
  queues: Map<number, QueueFacts>;
  sessions: Map<number, SessionFacts>;
  /** The oldest delta that is still needed. */
  oldestDelta: number;
  /** Fingerprint of what was found. */
  inventory: Inventory;
  /** Keys of records that something newer replaces. */
  garbage: Buffer[];
}

/**
 * Reads what is live: documents and facts, never messages. Runs before anything is written.
 * @throws BrokerError `storage-corrupt` naming the record, `storage-newer`
 */
export async function recoverStore(commitLog: CommitLog): Promise<Recovery> {
  const recovery = emptyRecovery(commitLog.tail);
  if (await isNew(commitLog)) return recovery;
  recovery.bootCount = await readBootCount(commitLog);
  const last = readLastDelta(commitLog);
  recovery.oldestDelta = last.oldest;
  for (const kind of DOCUMENT_KINDS) {
    const found = await recoverDocuments(commitLog, kind, recovery.inventory, recovery.garbage);
    recovery.documents[kind] = found.values;
    recovery.versions[kind] = found.versions;
  }
  await readCheckpoints(commitLog, recovery);
  await readDeltas(commitLog, recovery);
  takeStock(commitLog, recovery, last.inventory);
  return recovery;
}

/** Forgets the facts of what is deleted, and compares what was found with what must be there. */
function takeStock(commitLog: CommitLog, recovery: Recovery, expected: number): void {
  const { documents, inventory, queues, sessions } = recovery;
  const keys = new Keys();
  for (const [kind, facts] of [
    ['queue', queues],
    ['session', sessions],
  ] as const) {
    for (const [id, { checkpointCommit }] of facts) {
      const live = documents[kind].has(id);
      if (!live) facts.delete(id);
      if (checkpointCommit === 0) continue;
      const key = keys.checkpoint(kind, id, checkpointCommit);
      if (live) inventory.toggle(key);
      else recovery.garbage.push(Buffer.from(key));
    }
  }
  inventory.toggle(keys.meta('format', FORMAT_VERSION));
  inventory.toggle(keys.meta('boot', recovery.bootCount));
  if (inventory.value === expected) return;
  throw corrupt(
    commitLog.location,
    'a document, a checkpoint or the count of its starts is missing, or is an older version',
  );
}

function emptyRecovery(tail: number): Recovery {
  const nothing: ReadonlyMap<number, Buffer> = new Map();
  return {
    bootCount: 0,
    documents: { queue: nothing, binding: nothing, session: nothing, retained: nothing },
    versions: {
      queue: emptyVersions(),
      binding: emptyVersions(),
      session: emptyVersions(),
      retained: emptyVersions(),
    },
    queues: new Map(),
    sessions: new Map(),
    oldestDelta: tail + 1,
    inventory: new Inventory(),
    garbage: [],
  };
}

/** Checks the version of the format; a store without one must be empty. */
async function isNew(commitLog: CommitLog): Promise<boolean> {
  const version = await readMeta(commitLog, 'format', RECORD.format);
  if (version > FORMAT_VERSION) {
    throw new BrokerError(
      'storage-newer',
      `the store in ${commitLog.location} has format ${version}; this version of Causeway reads ` +
        `up to ${FORMAT_VERSION}: start it with the version that wrote it, or a later one`,
    );
  }
  if (version > 0 && commitLog.tail > 0) return false;
  if (version > 0 || commitLog.tail > 0 || (await commitLog.lastKey(RANGES.everything)) !== null) {
    throw corrupt(commitLog.location, 'the record of its format or of its last commit is missing');
  }
  return true;
}

async function readBootCount(commitLog: CommitLog): Promise<number> {
  const bootCount = await readMeta(commitLog, 'boot', RECORD.boot);
  if (bootCount === 0) throw corrupt(commitLog.location, 'the count of its starts is missing');
  return bootCount;
}

/** The highest number of a meta record; 0 when there is none. */
async function readMeta(commitLog: CommitLog, kind: MetaKind, record: number): Promise<number> {
  const key = await commitLog.lastKey(RANGES.meta(kind));
  if (key === null) return 0;
  const value = commitLog.get(key);
  const name = `the ${kind} record ${parseMetaKey(key)}`;
  if (value === null) throw corrupt(commitLog.location, `${name} is missing`);
  mustDecode(commitLog, name, key, value, (bytes) => openRecord(bytes, record));
  return parseMetaKey(key);
}

function readLastDelta(commitLog: CommitLog): Delta {
  const key = new Keys().delta(commitLog.tail);
  const value = commitLog.get(key);
  const name = `the delta of commit ${commitLog.tail}`;
  if (value === null) throw corrupt(commitLog.location, `${name} is missing`);
  return mustDecode(commitLog, name, key, value, readDelta);
}

async function readCheckpoints(commitLog: CommitLog, recovery: Recovery): Promise<void> {
  const { queues, sessions } = recovery;
  await scanCheckpoints(commitLog, 'queue', recovery, (id, commit, decode) => {
    get(queues, id, QueueFacts).restore(decode(readQueueCheckpoint), commit);
  });
  await scanCheckpoints(commitLog, 'session', recovery, (id, commit, decode) => {
    get(sessions, id, SessionFacts).restore(decode(readSessionCheckpoint), commit);
  });
}

type Restore = (id: number, commit: number, decode: <T>(read: (value: Buffer) => T) => T) => void;

/** Visits each checkpoint of a kind; the last one of each id stands. */
async function scanCheckpoints(
  commitLog: CommitLog,
  kind: FactsKind,
  recovery: Recovery,
  restore: Restore,
): Promise<void> {
  let previous: Buffer | null = null;
  let previousId = 0;
  await commitLog.scan(RANGES.checkpoints(kind), (key, value) => {
    const { id, commit } = parseVersionedKey(key);
    if (previous !== null && previousId === id) recovery.garbage.push(previous);
    previous = key;
    previousId = id;
    const name = `the checkpoint of ${kind} ${id} at commit ${commit}`;
    restore(id, commit, (read) => mustDecode(commitLog, name, key, value, read));
  });
}

/** Applies the deltas in order; none may be missing. */
async function readDeltas(commitLog: CommitLog, recovery: Recovery): Promise<void> {
  let expected = recovery.oldestDelta;
  await commitLog.scan(RANGES.deltasFrom(expected), (key, value) => {
    const commit = parseCommitKey(key);
    if (commit !== expected) throw missingDelta(commitLog, expected);
    expected++;
    const name = `the delta of commit ${commit}`;
    applyDelta(recovery, mustDecode(commitLog, name, key, value, readDelta), commit);
  });
  if (expected !== commitLog.tail + 1) throw missingDelta(commitLog, expected);
}

function missingDelta(commitLog: CommitLog, commit: number): BrokerError {
  return corrupt(
    commitLog.location,
    `the delta of commit ${commit} is missing or out of place; the last commit is ${commitLog.tail}`,
  );
}

function applyDelta(recovery: Recovery, delta: Delta, commit: number): void {
  for (const queue of delta.queues) {
    get(recovery.queues, queue.id, QueueFacts).apply(queue, commit);
  }
  for (const session of delta.sessions) {
    get(recovery.sessions, session.id, SessionFacts).apply(session, commit);
  }
}

function get<T>(map: Map<number, T>, id: number, create: new () => T): T {
  let value = map.get(id);
  if (value === undefined) {
    value = new create();
    map.set(id, value);
  }
  return value;
}
