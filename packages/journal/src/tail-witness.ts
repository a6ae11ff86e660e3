import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { getUint32, getUint48, putUint32, putUint48 } from './integers.js';

const FILE_NAME = 'TAIL';
const RECORD_BYTES = 10;
const NUMBER_BYTES = 6;

/**
 * Remembers in a file of its own, now and then, the last commit that is durable. LevelDB drops a
 * damaged end of its log and opens as if it had never been written; the file tells. It is never
 * synced: what it says is at most too low.
 */
export class TailWitness {
  readonly #file: number;
  readonly #record = Buffer.alloc(RECORD_BYTES);
  /** The commit found at opening; 0 for none. */
  readonly found: number;

  constructor(folder: string) {
    const path = join(folder, FILE_NAME);
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.found = this.#read();
  }

  write(commit: number): void {
    putUint48(this.#record, 0, commit);
    putUint32(this.#record, NUMBER_BYTES, crc32(this.#record.subarray(0, NUMBER_BYTES)));
    writeSync(this.#file, this.#record, 0, RECORD_BYTES, 0);
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(): number {
    const length = readSync(this.#file, this.#record, 0, RECORD_BYTES, 0);
    if (length < RECORD_BYTES) return 0;
    const sum = crc32(this.#record.subarray(0, NUMBER_BYTES));
    return sum === getUint32(this.#record, NUMBER_BYTES) ? getUint48(this.#record, 0) : 0;
  }
}
