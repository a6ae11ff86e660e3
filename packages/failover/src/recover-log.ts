import { BrokerError } from '@causeway/core';
import { CHECKSUM_BYTES, checkTables, corrupt, type Database, isIntact } from '@causeway/journal';
import { areRecordsBelow, logKey, logKeyNumber, logKeyRange } from './log-keys.js';
import { lastEntry } from './log-scan.js';

/** The version of the keys and values of a log. */
export const LOG_FORMAT_VERSION = 1;
/**
 * So many of the newest records, in so many bytes, are read when a log is opened: those that a crash
 * can have hurt. The others are checked when they are read.
 */
const CHECKED_RECORDS = 256;
const CHECKED_BYTES = 64 * 1024 * 1024;

export interface RecoveredLog {
  readonly first: number;
  readonly tail: number;
  /** Records below it have been deleted; from it to `first` they may still be there. */
  readonly deletedBelow: number;
  /** Nothing was ever written. */
  readonly isNew: boolean;
}

/**
 * Finds the ends of a log, and what is wrong with it.
 * @param witness a record that was durable once
 * @throws BrokerError `storage-corrupt`, `storage-newer`, `storage-failed`
 */
export async function recoverLog(database: Database, witness: number): Promise<RecoveredLog> {
  const { location } = database;
  const checkedFrom = Math.max(witness - CHECKED_RECORDS, 1);
  const [damage] = checkTables(database, location, (above, upTo) => {
    return above === null || !areRecordsBelow(above, upTo, checkedFrom);
  });
  if (damage !== undefined) throw corrupt(location, damage);
  const isNew = await readFormat(database);
  const { first, deletedBelow } = await readFirst(database);
  const last = await lastEntry(database, logKeyRange('record'));
  const tail = Math.max(last === null ? 0 : logKeyNumber(last[0]), first - 1);
  if (witness > tail) throw corrupt(location, `it ends at ${tail}, but had record ${witness}`);
  if (tail >= first) checkRecords(database, first, tail);
  return { first, tail, deletedBelow, isNew };
}

async function readFormat(database: Database): Promise<boolean> {
  const newest = await lastEntry(database, logKeyRange('format'));
  if (newest === null) {
    const range = { from: Buffer.alloc(0), below: Buffer.of(0xff) };
    if ((await lastEntry(database, range)) === null) return true;
    throw corrupt(database.location, 'it is not the folder of a log');
  }
  const version = logKeyNumber(newest[0]);
  if (version <= LOG_FORMAT_VERSION) return false;
  throw new BrokerError(
    'storage-newer',
    `the log in ${database.location} has version ${version}: start the newer program`,
  );
}

async function readFirst(
  database: Database,
): Promise<{ readonly first: number; readonly deletedBelow: number }> {
  const mark = await lastEntry(database, logKeyRange('first'));
  if (mark === null) return { first: 1, deletedBelow: 1 };
  const [key, value] = mark;
  if (!isIntact(key, value) || value.length < CHECKSUM_BYTES + 6) {
    throw corrupt(database.location, 'the mark of its first record is damaged');
  }
  return { first: logKeyNumber(key), deletedBelow: value.readUIntBE(CHECKSUM_BYTES, 6) };
}

/** The first one, and the newest ones without a gap. */
function checkRecords(database: Database, first: number, tail: number): void {
  checkRecord(database, first);
  const oldest = Math.max(first, tail + 1 - CHECKED_RECORDS);
  let bytes = 0;
  for (let sequence = tail; sequence >= oldest && bytes < CHECKED_BYTES; sequence--) {
    bytes += checkRecord(database, sequence);
  }
}

function checkRecord(database: Database, sequence: number): number {
  const key = logKey('record', sequence);
  const value = database.getSync(key);
  if (value === undefined) throw corrupt(database.location, `record ${sequence} is missing`);
  if (!isIntact(key, value)) throw corrupt(database.location, `record ${sequence} is damaged`);
  return value.length;
}

/** What the mark of the first record holds. */
export function encodeFirstMark(deletedBelow: number): Buffer {
  const value = Buffer.alloc(CHECKSUM_BYTES + 6);
  value.writeUIntBE(deletedBelow, CHECKSUM_BYTES, 6);
  return value;
}
