import type { ByteWriter } from '@causeway/wire';
import type { LogPosition } from './applied-state.js';
import { openRecord, startRecord } from './fact-records.js';
import { RECORD } from './record-kinds.js';

const HASH_BYTES = 16;

export const NO_POSITION: LogPosition = {
  sequence: 0,
  hash: Buffer.alloc(HASH_BYTES),
  epoch: 0,
  leader: Buffer.alloc(0),
  commit: 0,
};

/** All of a position but its sequence, which is in the key, and the leader. */
export function writePosition(writer: ByteWriter, position: LogPosition): Buffer {
  startRecord(writer, RECORD.position);
  writer.uint48(position.epoch).uint48(position.commit).bytes(position.hash);
  return writer.view();
}

/** @throws WireError when it is damaged */
export function readPosition(sequence: number, value: Buffer): Omit<LogPosition, 'leader'> {
  const reader = openRecord(value, RECORD.position);
  const epoch = reader.uint48();
  const commit = reader.uint48();
  return { sequence, epoch, commit, hash: Buffer.from(reader.bytes(HASH_BYTES)) };
}

/** What the leader of an epoch said of itself. */
export function readLeader(value: Buffer): Buffer {
  const reader = openRecord(value, RECORD.leader);
  return Buffer.from(reader.bytes(reader.remaining));
}
