import type { AddressBook, BrokerError, Log } from '@causeway/core';
import { Journal } from './journal.js';
import type { LevelOptions } from './level-database.js';
import { LevelLog } from './level-log.js';

export interface OpenJournalOptions {
  /** Created if it does not exist. */
  readonly folder: string;
  readonly addresses: AddressBook;
  readonly log: Log;
  /** The store failed for good: nothing is confirmed any more, and the process must end. */
  readonly onFatal: (error: BrokerError) => void;
  /** How LevelDB is opened, where the defaults do not serve. */
  readonly level?: Partial<LevelOptions>;
}

/**
 * Opens the store of one node.
 * @throws BrokerError `storage-locked`, `storage-corrupt`, `storage-failed`
 */
export async function openJournal(options: OpenJournalOptions): Promise<Journal> {
  const { folder, addresses, log, onFatal, level } = options;
  const commitLog = await LevelLog.open(folder, level);
  return new Journal({ commitLog, addresses, log, onFatal });
}
