import { rename, rm } from 'node:fs/promises';
import { BrokerError } from '@causeway/core';
import { LevelState, type LogPosition } from '@causeway/journal';
import { applyChanges, ChangeWriter } from './change-list.js';
import { RECORD_HEADER_BYTES } from './log-record.js';
import type { ClientSnapshots } from './region/client-snapshots.js';
import type { SnapshotManifest } from './region/snapshot-manifest.js';

const SLICE_ENTRIES = 500;
/** Entries that are written together when it is taken. */
const UNIT_BYTES = 512 * 1024;
/** What the region takes at most. */
const CHUNK_BYTES_MAX = 1024 * 1024;
const LENGTH_BYTES = 4;

/**
 * Uploads a copy of a state that goes on being written to: slice by slice, in the order of the keys.
 * Whoever takes it applies the log from where the copying began, so that what changed meanwhile is
 * as it was, whichever slice had it.
 */
export async function uploadSnapshot(
  state: LevelState,
  snapshots: ClientSnapshots,
): Promise<SnapshotManifest> {
  const { position } = state;
  const upload = await snapshots.begin(position.sequence, position.sequence);
  try {
    const put = async (unit: Buffer): Promise<void> => {
      for (const chunk of chunksOf(unit)) await upload.put(chunk);
    };
    await put(encodePosition(position));
    const entries = await copy(state, put);
    return await upload.complete(entries);
  } catch (error) {
    await upload.abandon().catch(() => {});
    throw error;
  }
}

async function copy(state: LevelState, put: (unit: Buffer) => Promise<void>): Promise<number> {
  const writer = new ChangeWriter();
  let entries = 0;
  let after: Buffer | null = null;
  const flush = async (): Promise<void> => {
    await put(writer.finish(0).subarray(RECORD_HEADER_BYTES));
    writer.reset();
  };
  for (;;) {
    const slice: [Buffer, Buffer][] = await state.slice(after, SLICE_ENTRIES);
    if (slice.length === 0) break;
    for (const [key, value] of slice) {
      if (writer.bytes + key.length + value.length > UNIT_BYTES && writer.bytes > 0) await flush();
      writer.put(key, value);
      after = key;
      entries++;
    }
  }
  await flush();
  return entries;
}

/**
 * Makes a state from a snapshot, in a folder beside its own that takes its place when it is whole.
 * @throws BrokerError `storage-corrupt` if the snapshot is damaged, `storage-failed`
 */
export async function restoreSnapshot(
  folder: string,
  manifest: SnapshotManifest,
  snapshots: ClientSnapshots,
): Promise<void> {
  const incoming = `${folder}.incoming`;
  await rm(incoming, { recursive: true, force: true });
  const state = await LevelState.open(incoming);
  try {
    let position: LogPosition | null = null;
    for await (const unit of unitsOf(snapshots.read(manifest))) {
      if (position === null) position = decodePosition(unit);
      else await write(state, unit, position);
    }
  } finally {
    await state.close();
  }
  await rm(folder, { recursive: true, force: true });
  await rename(incoming, folder);
}

/** A unit with its length before it, in pieces that the region takes. */
function* chunksOf(unit: Buffer): Generator<Buffer> {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(unit.length);
  const framed = Buffer.concat([length, unit]);
  for (let at = 0; at < framed.length; at += CHUNK_BYTES_MAX) {
    yield framed.subarray(at, at + CHUNK_BYTES_MAX);
  }
}

async function* unitsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + rest.readUInt32BE(0);
      if (rest.length < end) break;
      yield rest.subarray(LENGTH_BYTES, end);
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new BrokerError('storage-corrupt', 'the snapshot is cut off');
}

function write(state: LevelState, unit: Buffer, position: LogPosition): Promise<void> {
  const batch = state.begin();
  applyChanges(unit, batch);
  return new Promise((resolve, reject) => {
    state.write(batch, position, true, (error) => (error === null ? resolve() : reject(error)));
  });
}

function encodePosition({ hash, leader, ...numbers }: LogPosition): Buffer {
  const document = { ...numbers, hash: hash.toString('hex'), leader: leader.toString('utf8') };
  return Buffer.from(JSON.stringify(document));
}

function decodePosition(unit: Buffer): LogPosition {
  const { hash, leader, ...numbers } = JSON.parse(unit.toString('utf8')) as {
    [Key in keyof LogPosition]: LogPosition[Key] extends number ? number : string;
  };
  if (typeof hash !== 'string' || typeof leader !== 'string') {
    throw new BrokerError('storage-corrupt', 'the snapshot does not say what it is of');
  }
  return { ...numbers, hash: Buffer.from(hash, 'hex'), leader: Buffer.from(leader, 'utf8') };
}
