import { type Database, type KeyRange, storageError } from '@causeway/journal';

const SCAN_ENTRIES = 1000;
const SCAN_BYTES = 1024 * 1024;

/**
 * Visits a range in order. Only while nothing has been written yet: LevelDB brings deleted values
 * back when an iterator is held while others write.
 * @throws BrokerError `storage-corrupt`, `storage-failed`, and what `visit` throws
 */
export async function scanRange(
  database: Database,
  range: KeyRange,
  visit: (key: Buffer, value: Buffer) => void,
): Promise<void> {
  const iterator = iterate(database, range, false);
  try {
    for (;;) {
      const entries = await iterator.nextv(SCAN_ENTRIES);
      if (entries.length === 0) return;
      for (const [key, value] of entries) visit(key, value);
    }
  } catch (error) {
    throw storageError(database.location, error);
  } finally {
    await iterator.close();
  }
}

/** The last key of a range and its value, or null; while nothing has been written yet. */
export async function lastEntry(
  database: Database,
  range: KeyRange,
): Promise<[Buffer, Buffer] | null> {
  const iterator = iterate(database, range, true);
  try {
    return (await iterator.next()) ?? null;
  } catch (error) {
    throw storageError(database.location, error);
  } finally {
    await iterator.close();
  }
}

function iterate(database: Database, { from, below }: KeyRange, reverse: boolean) {
  return database.iterator({
    gte: from,
    lt: below,
    reverse,
    fillCache: false,
    highWaterMarkBytes: SCAN_BYTES,
  });
}
