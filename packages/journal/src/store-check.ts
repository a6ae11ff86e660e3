import { join } from 'node:path';
import { areMessageKeys } from './keys.js';
import { type Database, openDatabase } from './level-database.js';
import { checkTable, type WantsBlock } from './table-check.js';

/** Recovery reads everything but messages; those are too many to check at each start. */
const BESIDES_MESSAGES: WantsBlock = (above, upTo) =>
  above === null || !areMessageKeys(above, upTo);
const EVERYTHING: WantsBlock = () => true;

/** What is damaged in the parts of an open store that recovery is about to read. */
export function checkForRecovery(database: Database, folder: string): string[] {
  return checkTables(database, folder, BESIDES_MESSAGES);
}

/**
 * Checks a store that no process has open, the messages included: as long as reading it all takes.
 * @returns what is damaged
 * @throws BrokerError `storage-locked`, `storage-corrupt`, `storage-failed`
 */
export async function checkStore(folder: string): Promise<string[]> {
  const database = await openDatabase(folder, {});
  try {
    return checkTables(database, folder, EVERYTHING);
  } finally {
    await database.close();
  }
}

/** Checks blocks of the tables of an open database. @returns what is damaged */
export function checkTables(database: Database, folder: string, wantsBlock: WantsBlock): string[] {
  const damages: string[] = [];
  for (const table of tablesInUse(database)) {
    try {
      const damage = checkTable(join(folder, table), wantsBlock);
      if (damage !== null) damages.push(damage);
    } catch (error) {
      // A compaction has replaced it meanwhile; or it is missing, as reading it will tell.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return damages;
}

/** Other tables in the folder are left over from a compaction that was interrupted. */
function tablesInUse(database: Database): string[] {
  const { getProperty } = database as unknown as { getProperty(name: string): string };
  const listing = getProperty.call(database, 'leveldb.sstables');
  return [...listing.matchAll(/^ (\d+):\d+\[/gm)].map(([, number]) => {
    return `${number!.padStart(6, '0')}.ldb`;
  });
}
