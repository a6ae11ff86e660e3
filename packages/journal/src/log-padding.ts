import { closeSync, fstatSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { CommitBatch } from './commit-log.js';

const ZEROS = Buffer.alloc(1024 * 1024);
/** Syncing more than this takes long anyway, and is not worth writing the place twice. */
const SMALL_BATCH_BYTES = 8 * 1024;
/** So many small batches in a row make padding worth while, and after so many it is looked at. */
const SMALL_BATCHES = 8;
/** More is added when less than this is left: enough until it is looked at again. */
const RESERVE_BYTES = SMALL_BATCHES * SMALL_BATCH_BYTES;
/** What LevelDB adds to a batch, and to each of its operations; a little more is better than less. */
const BATCH_OVERHEAD_BYTES = 32;
const OPERATION_OVERHEAD_BYTES = 5;
const LOG_NAME = /^\d+\.log$/;

/**
 * Keeps the place in LevelDB's write-ahead log that the next small commits go to filled with zeros.
 * LevelDB writes at a position of its own, and takes zeros for the end of what was written
 * (log_format.md: type 0 is reserved for files that are laid out ahead). Syncing bytes that replace
 * others in place is one write; syncing a file that grows also commits the file system's journal.
 *
 * Zeros are only ever written at and behind the end of the file, between two appends: they never
 * meet data. Without them everything works as well, only slower; so a failure is no error here, and
 * a full disk is for LevelDB to report.
 */
export class LogPadding {
  readonly #folder: string;
  #log: string | null = null;
  /** When a file was last created or deleted in the folder. */
  #folderChangedMs = -1;
  #smallBatches = 0;
  /** Bytes of zeros ahead of LevelDB's position, about. */
  #left = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Called before each append, while LevelDB is not writing to its log. */
  prepare(batch: CommitBatch): void {
    const bytes = batch.bytes + batch.operations * OPERATION_OVERHEAD_BYTES + BATCH_OVERHEAD_BYTES;
    if (bytes > SMALL_BATCH_BYTES) this.#smallBatches = 0;
    else if (++this.#smallBatches % SMALL_BATCHES === 0) this.#extend();
    this.#left -= bytes;
  }

  #extend(): void {
    try {
      this.#findLog();
      if (this.#left >= RESERVE_BYTES || this.#log === null) return;
      // Set first: what fails is tried again after as many bytes, not with the next batch.
      this.#left = Math.max(this.#left, 0) + ZEROS.length;
      appendZeros(join(this.#folder, this.#log));
    } catch {
      // The commit says what is wrong with the disk.
    }
  }

  /** LevelDB starts a new log with each new memory table; the highest number is the current one. */
  #findLog(): void {
    const { mtimeMs } = statSync(this.#folder);
    if (mtimeMs === this.#folderChangedMs) return;
    this.#folderChangedMs = mtimeMs;
    const logs = readdirSync(this.#folder).filter((name) => LOG_NAME.test(name));
    const number = (name: string): number => Number.parseInt(name, 10);
    const log = logs.reduce<string | null>((last, name) => {
      return last === null || number(name) > number(last) ? name : last;
    }, null);
    if (log === this.#log) return;
    this.#log = log;
    this.#left = 0;
  }
}

function appendZeros(path: string): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, ZEROS, 0, ZEROS.length, fstatSync(file).size);
  } finally {
    closeSync(file);
  }
}
