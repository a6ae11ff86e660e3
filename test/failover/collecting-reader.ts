import type { LogReader, LogReading, ShardLog } from '@causeway/failover';

export interface ReadRecord {
  readonly sequence: number;
  readonly bytes: Buffer;
}

/** Collects what a log gives it, for tests that wait for it. */
export class CollectingReader implements LogReader {
  readonly records: ReadRecord[] = [];
  readonly reading: LogReading;
  /** Why the reading ended; null while it goes on. */
  cause: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(log: ShardLog, from: number) {
    this.reading = log.read(from, this);
  }

  record(sequence: number, bytes: Buffer): void {
    this.records.push({ sequence, bytes });
    this.#wake?.();
  }

  ended(cause: Error): void {
    this.cause = cause;
    this.#wake?.();
  }

  get sequences(): number[] {
    return this.records.map(({ sequence }) => sequence);
  }

  get texts(): string[] {
    return this.records.map(({ bytes }) => bytes.toString());
  }

  /** Resolves with as many records as asked for, or all that came before the end. */
  async take(count: number): Promise<ReadRecord[]> {
    await this.#until(() => this.records.length >= count || this.cause !== null);
    return this.records.slice(0, count);
  }

  async end(): Promise<Error> {
    await this.#until(() => this.cause !== null);
    return this.cause!;
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
