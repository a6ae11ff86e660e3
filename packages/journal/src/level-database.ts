import { readdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { corrupt } from './corruption.js';
import { storageError } from './level-errors.js';

export type Database = Level<Buffer, Buffer>;

const MEBIBYTE = 1024 * 1024;

/**
 * How LevelDB is opened, in its own words. It maps its tables into memory and they count as ours:
 * at most `maxOpenFiles - 10` of `maxFileSize` bytes, and some of `writeBufferSize`. Measured with
 * a backlog of a gigabyte; larger values gain nothing in speed.
 */
const LEVEL_OPTIONS = {
  writeBufferSize: 16 * MEBIBYTE,
  maxFileSize: 2 * MEBIBYTE,
  maxOpenFiles: 74,
  blockSize: 16 * 1024,
  cacheSize: 32 * MEBIBYTE,
  compression: true,
};
export type LevelOptions = typeof LEVEL_OPTIONS;

const ENCODINGS = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;

/**
 * Opens the database in a folder, which is created if it does not exist.
 * @throws BrokerError `storage-locked`, `storage-corrupt`, `storage-failed`
 */
export async function openDatabase(
  folder: string,
  options: Partial<LevelOptions>,
): Promise<Database> {
  try {
    await mkdir(folder, { recursive: true });
    refuseWithoutCurrent(folder);
    // Once it is made it opens by itself, whether it is asked to or not.
    const database: Database = new Level(folder, { ...LEVEL_OPTIONS, ...options, ...ENCODINGS });
    await database.open();
    return database;
  } catch (error) {
    throw storageError(folder, error);
  }
}

/**
 * Without its file CURRENT, LevelDB takes a folder for a new one and deletes the tables in it.
 */
function refuseWithoutCurrent(folder: string): void {
  const names = readdirSync(folder);
  const current = names.includes('CURRENT') ? statSync(join(folder, 'CURRENT')).size : 0;
  if (current > 0) return;
  const data = names.find((name) => /\.(ldb|sst)$/.test(name) || isFilledLog(folder, name));
  if (data !== undefined || names.includes('CURRENT')) {
    throw corrupt(folder, 'its file CURRENT is missing or empty');
  }
}

function isFilledLog(folder: string, name: string): boolean {
  return /^\d+\.log$/.test(name) && statSync(join(folder, name)).size > 0;
}
