import { BrokerError } from '@causeway/core';
import { type LogReader, type LogReading, LogTrimmedError } from '@causeway/failover';
import type { SimulatedLog } from './simulated-log.js';

/** A reader of a simulated log, which gets one record, or its end, each time that the test says. */
export class SimulatedReading implements LogReading {
  readonly #log: SimulatedLog;
  readonly #reader: LogReader;
  #next: number;
  #paused = false;
  #over = false;

  constructor(log: SimulatedLog, from: number, reader: LogReader) {
    this.#log = log;
    this.#next = from;
    this.#reader = reader;
  }

  /** The sequence of the record that it gets next. */
  get next(): number {
    return this.#next;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whether `deliver` would do something. */
  get ready(): boolean {
    if (this.#over) return false;
    if (this.#misplaced() !== null) return true;
    return !this.#paused && this.#log.record(this.#next) !== null;
  }

  deliver(): void {
    if (!this.ready) return;
    const cause = this.#misplaced();
    if (cause !== null) {
      this.end(cause);
      return;
    }
    const sequence = this.#next++;
    this.#reader.record(sequence, Buffer.from(this.#log.record(sequence)!));
  }

  end(cause: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#reader.ended(cause);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  stop(): void {
    this.#over = true;
  }

  #misplaced(): Error | null {
    const { first, tail } = this.#log;
    if (this.#next < first) return new LogTrimmedError(this.#next, first);
    if (this.#next <= tail + 1) return null;
    return new BrokerError('storage-corrupt', `the log ends with record ${tail}`);
  }
}
