import type { KeyRange } from '@causeway/journal';

/**
 * The keys of a log's folder. None begins like a key of a node's store: neither takes a folder of
 * the other for its own. docs/data-on-disk.md draws them.
 */
const PREFIX = {
  first: 0x46, // F
  format: 0x4c, // L
  member: 0x4d, // M
  cluster: 0x4e, // N
  record: 0x52, // R
} as const;

const NUMBER_BYTES = 6;

/** A kind of key: its prefix and a number, big-endian, so that the highest number comes last. */
export type LogKeyKind = keyof typeof PREFIX;

export function logKey(kind: LogKeyKind, number: number): Buffer {
  const key = Buffer.allocUnsafe(1 + NUMBER_BYTES);
  key[0] = PREFIX[kind];
  key.writeUIntBE(number, 1, NUMBER_BYTES);
  return key;
}

export function logKeyNumber(key: Buffer): number {
  return key.length === 1 + NUMBER_BYTES ? key.readUIntBE(1, NUMBER_BYTES) : Number.NaN;
}

/** All keys of a kind, or those from a number on. */
export function logKeyRange(kind: LogKeyKind, from = 0): KeyRange {
  return { from: logKey(kind, from), below: Buffer.of(PREFIX[kind] + 1) };
}

/** Whether all keys between two, either of which may be shortened, are of records below a number. */
export function areRecordsBelow(above: Buffer, upTo: Buffer, number: number): boolean {
  if (above[0] !== PREFIX.record || upTo[0] !== PREFIX.record) return false;
  return Buffer.compare(upTo, logKey('record', number)) < 0;
}
