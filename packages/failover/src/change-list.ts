import { BrokerError } from '@causeway/core';
import type { CommitBatch } from '@causeway/journal';
import { RECORD_HEADER_BYTES } from './log-record.js';

const PUT = 1;
const DELETE = 2;
/** Kind, length of the key and length of the value. */
const OPERATION_BYTES = 1 + 2 + 4;
const COMMIT_BYTES = 6;
const EMPTY_BYTES = RECORD_HEADER_BYTES + COMMIT_BYTES;
const INITIAL_BYTES = 64 * 1024;
/** A buffer that once held more is not used again. */
const REUSED_BYTES_MAX = 8 * 1024 * 1024;

/**
 * The changes of one commit as bytes, in a buffer that begins with the place for the header of a
 * record: what is sent is what was written here, without another copy.
 */
export class ChangeWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = EMPTY_BYTES;

  /** Of the changes so far. */
  get bytes(): number {
    return this.#length - EMPTY_BYTES;
  }

  put(key: Buffer, value: Buffer): void {
    const start = this.#grow(OPERATION_BYTES + key.length + value.length);
    const buffer = this.#buffer;
    this.#head(start, PUT, key, value.length);
    buffer.set(value, start + OPERATION_BYTES + key.length);
  }

  delete(key: Buffer): void {
    this.#head(this.#grow(OPERATION_BYTES + key.length), DELETE, key, 0);
  }

  /** The room for a header, then the changes: valid until `reset`. */
  finish(commit: number): Buffer {
    this.#buffer.writeUIntBE(commit, RECORD_HEADER_BYTES, COMMIT_BYTES);
    return this.#buffer.subarray(0, this.#length);
  }

  /** Whether it may be used again. */
  reset(): boolean {
    this.#length = EMPTY_BYTES;
    return this.#buffer.length <= REUSED_BYTES_MAX;
  }

  #head(start: number, kind: number, key: Buffer, valueLength: number): void {
    const buffer = this.#buffer;
    buffer[start] = kind;
    buffer[start + 1] = key.length >>> 8;
    buffer[start + 2] = key.length;
    buffer[start + 3] = valueLength >>> 24;
    buffer[start + 4] = valueLength >>> 16;
    buffer[start + 5] = valueLength >>> 8;
    buffer[start + 6] = valueLength;
    buffer.set(key, start + OPERATION_BYTES);
  }

  /** @returns where the new bytes begin */
  #grow(bytes: number): number {
    const start = this.#length;
    this.#length += bytes;
    if (this.#length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, start);
      this.#buffer = grown;
    }
    return start;
  }
}

/**
 * Brings the changes of a commit into a batch.
 * @returns the number of the commit
 * @throws BrokerError `storage-corrupt`; then the batch is not to be used
 */
export function applyChanges(changes: Buffer, batch: CommitBatch): number {
  if (changes.length < COMMIT_BYTES) throw damaged();
  const commit = changes.readUIntBE(0, COMMIT_BYTES);
  let at = COMMIT_BYTES;
  while (at < changes.length) {
    if (at + OPERATION_BYTES > changes.length) throw damaged();
    const kind = changes[at];
    const keyAt = at + OPERATION_BYTES;
    const valueAt = keyAt + changes.readUInt16BE(at + 1);
    at = valueAt + changes.readUInt32BE(at + 3);
    if (at > changes.length) throw damaged();
    const key = changes.subarray(keyAt, valueAt);
    if (kind === PUT) batch.put(key, changes.subarray(valueAt, at));
    else if (kind === DELETE) batch.delete(key);
    else throw damaged();
  }
  return commit;
}

function damaged(): BrokerError {
  return new BrokerError('storage-corrupt', 'the changes of a commit in the log cannot be read');
}
