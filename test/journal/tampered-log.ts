import type { CommitBatch, CommitLog, KeyRange, MemoryLog } from '@causeway/journal';

/** A log that a process finds with one record changed, or missing when `value` is null. */
export class TamperedLog implements CommitLog {
  readonly location = 'tampered';
  readonly #log: MemoryLog;
  readonly #key: Buffer;
  readonly #value: Buffer | null;

  constructor(log: MemoryLog, key: Buffer, value: Buffer | null) {
    this.#log = log;
    this.#key = key;
    this.#value = value;
  }

  get tail(): number {
    return this.#log.tail;
  }

  begin(): CommitBatch {
    return this.#log.begin();
  }

  append(expectedTail: number, batch: CommitBatch, done: (error: Error | null) => void): void {
    this.#log.append(expectedTail, batch, done);
  }

  get(key: Buffer): Buffer | null {
    if (!key.equals(this.#key)) return this.#log.get(key);
    return this.#value === null ? null : Buffer.from(this.#value);
  }

  async scan(range: KeyRange, visit: (key: Buffer, value: Buffer) => void): Promise<void> {
    await this.#log.scan(range, (key, value) => {
      if (!key.equals(this.#key)) visit(key, value);
      else if (this.#value !== null) visit(key, Buffer.from(this.#value));
    });
  }

  async lastKey(range: KeyRange): Promise<Buffer | null> {
    let last: Buffer | null = null;
    await this.scan(range, (key) => {
      last = key;
    });
    return last;
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
