import { BrokerError } from '@causeway/core';
import { type LogFollower, type LogStore, VALUE_ROOM_BYTES } from './log-store.js';
import { LogTrimmedError } from './log-trimmed-error.js';
import type { LogReader, LogReading } from './shard-log.js';

/** Bytes that are delivered before other work gets its turn. */
const SLICE_BYTES = 256 * 1024;

/** A reader of a log in the same process. */
export class LevelReading implements LogReading, LogFollower {
  readonly #store: LogStore;
  readonly #reader: LogReader;
  #next: number;
  #paused = false;
  #over = false;
  #scheduled = false;

  constructor(store: LogStore, from: number, reader: LogReader) {
    this.#store = store;
    this.#reader = reader;
    this.#next = from;
    store.follow(this);
    this.#schedule();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  stop(): void {
    this.#over = true;
    this.#store.unfollow(this);
  }

  grown(): void {
    if (!this.#scheduled) this.#deliver();
  }

  closed(cause: BrokerError): void {
    this.#end(cause);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    let bytes = 0;
    while (!this.#over && !this.#paused) {
      if (bytes >= SLICE_BYTES) {
        this.#schedule();
        return;
      }
      const value = this.#value();
      if (value === null) return;
      bytes += value.length;
      // What the store keeps for other readers is not given away.
      this.#reader.record(this.#next++, Buffer.from(value.subarray(VALUE_ROOM_BYTES)));
    }
  }

  #value(): Buffer | null {
    const { first, tail } = this.#store;
    try {
      if (this.#next < first) throw new LogTrimmedError(this.#next, first);
      if (this.#next > tail + 1) {
        throw new BrokerError('storage-corrupt', `the log ends with record ${tail}`);
      }
      return this.#store.value(this.#next);
    } catch (error) {
      if (!(error instanceof BrokerError || error instanceof LogTrimmedError)) throw error;
      this.#end(error);
      return null;
    }
  }

  #end(cause: Error): void {
    if (this.#over) return;
    this.stop();
    this.#reader.ended(cause);
  }
}
