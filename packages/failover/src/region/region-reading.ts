import { BrokerError } from '@causeway/core';
import { type LogFollower, type LogStore, VALUE_ROOM_BYTES } from '../log-store.js';
import { LogTrimmedError } from '../log-trimmed-error.js';
import { encodeDocument, encodeFrame } from './frame.js';
import type { FrameOutput } from './frame-output.js';
import { FRAME } from './frame-type.js';
import { errorDocument } from './wire-error.js';

/** Bytes that are read from the disk before other work gets its turn. */
const SLICE_BYTES = 256 * 1024;

/**
 * Sends the records of the log from one on to a node, and follows it. It sends what the node has
 * given credit for, and no more than the socket takes: what waits, waits in the log.
 */
export class RegionReading implements LogFollower {
  readonly #store: LogStore;
  readonly #output: FrameOutput;
  readonly #request: number;
  readonly #outputBytesMax: number;
  #next: number;
  #credit: number;
  #scheduled = false;
  #over = false;

  constructor(
    store: LogStore,
    output: FrameOutput,
    request: number,
    from: number,
    credit: number,
    outputBytesMax: number,
  ) {
    this.#store = store;
    this.#output = output;
    this.#request = request;
    this.#next = from;
    this.#credit = credit;
    this.#outputBytesMax = outputBytesMax;
  }

  start(): void {
    this.#store.follow(this);
    this.send();
  }

  stop(): void {
    this.#over = true;
    this.#store.unfollow(this);
  }

  addCredit(bytes: number): void {
    this.#credit += bytes;
    this.send();
  }

  grown(): void {
    this.send();
  }

  /** The connection ends as well: the node goes on with the next one. */
  closed(): void {
    this.stop();
  }

  /** Sends what can be sent now. */
  send(): void {
    let bytes = 0;
    while (!this.#over && !this.#scheduled && this.#credit > 0) {
      if (this.#output.pendingBytes > this.#outputBytesMax) return;
      if (bytes >= SLICE_BYTES) {
        this.#sendLater();
        return;
      }
      const value = this.#value();
      if (value === null) return;
      const recordBytes = value.length - VALUE_ROOM_BYTES;
      this.#output.write(encodeFrame(FRAME.record, this.#request, [this.#next++], recordBytes));
      this.#output.write(value.subarray(VALUE_ROOM_BYTES));
      this.#credit -= recordBytes;
      bytes += recordBytes;
    }
  }

  #sendLater(): void {
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.send();
    });
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

  #end(cause: BrokerError | LogTrimmedError): void {
    if (this.#over) return;
    this.stop();
    this.#output.write(encodeDocument(FRAME.ended, this.#request, errorDocument(cause)));
  }
}
