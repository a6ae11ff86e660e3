import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { BrokerError } from '@causeway/core';

/**
 * - `open`: its writer leads from here on, under a new epoch.
 * - `batch`: changes of one commit, or the last piece of them.
 * - `part`: a piece of the changes that the next `batch` completes.
 * - `lease`: nothing but the proof that the leader lives.
 * - `close`: the leader has stopped; a successor need not wait.
 * - `seal`: a digest of the state at this place, for standbys to compare with theirs.
 */
export const RECORD_KINDS = { open: 1, batch: 2, part: 3, lease: 4, close: 5, seal: 6 } as const;
export type RecordKind = keyof typeof RECORD_KINDS;

export const HASH_BYTES = 16;
/** What the first record of a log refers to. */
export const NO_HASH: Buffer = Buffer.alloc(HASH_BYTES);

const VERSION = 1;
/** Version, kind, epoch, writer's batch id, last confirmed, wall clock, hash before, checksum. */
export const RECORD_HEADER_BYTES: number = 1 + 1 + 6 + 8 + 6 + 6 + HASH_BYTES + 4;
const CHECKSUM_AT = RECORD_HEADER_BYTES - 4;
const NAMES = new Map<number, string>(
  Object.entries(RECORD_KINDS).map(([name, code]) => [code, name]),
);

export interface RecordHeader {
  readonly kind: RecordKind;
  /** Counts the leaders, from 1. */
  readonly epoch: number;
  /** Names the append: the instance of the node and a number of its own, 8 bytes. */
  readonly batchId: bigint;
  /** The highest sequence that the writer knows to be durable: readers apply up to it. */
  readonly lastConfirmed: number;
  /** The writer's wall clock in milliseconds since 1970. */
  readonly wallMs: number;
  /** Hash of the record before, header included. */
  readonly previousHash: Buffer;
}

export interface LogRecord extends RecordHeader {
  readonly body: Buffer;
}

/** One contiguous record: the header, then the body. */
export function encodeRecord(header: RecordHeader, body: Buffer): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEADER_BYTES + body.length);
  record.set(body, RECORD_HEADER_BYTES);
  return sealRecord(header, record);
}

/** Writes the header into the place that was left for it before the body. */
export function sealRecord(header: RecordHeader, record: Buffer): Buffer {
  record[0] = VERSION;
  record[1] = RECORD_KINDS[header.kind];
  record.writeUIntBE(header.epoch, 2, 6);
  record.writeBigUInt64BE(header.batchId, 8);
  record.writeUIntBE(header.lastConfirmed, 16, 6);
  record.writeUIntBE(header.wallMs, 22, 6);
  record.set(header.previousHash, 28);
  record.writeUInt32BE(checksumOf(record), CHECKSUM_AT);
  return record;
}

/**
 * Takes a record apart; the body is a view.
 * @throws BrokerError `storage-corrupt`, `storage-newer`
 */
export function decodeRecord(record: Buffer): LogRecord {
  if (record.length < RECORD_HEADER_BYTES) throw damaged('it is cut off');
  const checksum = record.readUInt32BE(CHECKSUM_AT);
  const body = record.subarray(RECORD_HEADER_BYTES);
  if (checksumOf(record) !== checksum) throw damaged('its checksum does not match');
  if (record[0] !== VERSION) {
    throw new BrokerError('storage-newer', `the log has a record of version ${record[0]}`);
  }
  const kind = NAMES.get(record[1]!);
  if (kind === undefined) throw damaged(`it is of the unknown kind ${record[1]}`);
  return {
    kind: kind as RecordKind,
    epoch: record.readUIntBE(2, 6),
    batchId: record.readBigUInt64BE(8),
    lastConfirmed: record.readUIntBE(16, 6),
    wallMs: record.readUIntBE(22, 6),
    previousHash: record.subarray(28, 28 + HASH_BYTES),
    body,
  };
}

/** What the next record has to refer to. */
export function hashRecord(record: Buffer): Buffer {
  return createHash('sha256').update(record).digest().subarray(0, HASH_BYTES);
}

/** Of everything but the checksum itself. */
function checksumOf(record: Buffer): number {
  const head = crc32(record.subarray(0, CHECKSUM_AT));
  return crc32(record.subarray(RECORD_HEADER_BYTES), head);
}

function damaged(reason: string): BrokerError {
  return new BrokerError('storage-corrupt', `a record of the log is damaged: ${reason}`);
}
