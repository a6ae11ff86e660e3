import { type CommitBatch, type CommitLog, type KeyRange, MemoryLog } from '@causeway/journal';

/**
 * A log whose state brings deleted records back, as LevelDB 1.20 does when a snapshot is held
 * during a compaction: the store must not believe in them.
 */
export class GhostLog implements CommitLog {
  readonly location = 'ghosts';
  readonly #log: MemoryLog;
  /** Every value that was ever put. */
  readonly #history: Map<string, Buffer>;
  /** Deleted records that are back. */
  readonly #ghosts: Map<string, Buffer>;

  constructor(log = new MemoryLog(), history = new Map(), ghosts = new Map()) {
    this.#log = log;
    this.#history = history;
    this.#ghosts = ghosts;
  }

  /** The next process finds those deleted records that `returns` picks. */
  crash(keepUnconfirmed: boolean, returns: (value: Buffer) => boolean): GhostLog {
    const survivor = this.#log.crash(keepUnconfirmed);
    const ghosts = new Map<string, Buffer>();
    for (const [text, value] of this.#history) {
      const key = Buffer.from(text, 'latin1');
      if (survivor.get(key) === null && returns(value)) ghosts.set(text, value);
    }
    return new GhostLog(survivor, this.#history, ghosts);
  }

  get tail(): number {
    return this.#log.tail;
  }

  get appending(): boolean {
    return this.#log.appending;
  }

  completeAppend(): void {
    const pending = this.#pending;
    this.#pending = null;
    if (pending !== null) for (const [key, value] of pending) this.#history.set(key, value);
    this.#log.completeAppend();
  }

  begin(): CommitBatch {
    return new RecordingBatch(this.#log.begin());
  }

  append(expectedTail: number, batch: CommitBatch, done: (error: Error | null) => void): void {
    const recording = batch as RecordingBatch;
    this.#pending = recording.puts;
    this.#log.append(expectedTail, recording.inner, done);
  }

  get(key: Buffer): Buffer | null {
    const ghost = this.#ghosts.get(key.toString('latin1'));
    return this.#log.get(key) ?? (ghost === undefined ? null : Buffer.from(ghost));
  }

  async scan(range: KeyRange, visit: (key: Buffer, value: Buffer) => void): Promise<void> {
    const found = new Map<string, Buffer>();
    await this.#log.scan(range, (key, value) => found.set(key.toString('latin1'), value));
    for (const [text, value] of this.#ghosts) {
      const key = Buffer.from(text, 'latin1');
      if (key.compare(range.from) >= 0 && key.compare(range.below) < 0) found.set(text, value);
    }
    for (const text of [...found.keys()].sort()) {
      visit(Buffer.from(text, 'latin1'), Buffer.from(found.get(text)!));
    }
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

  #pending: Map<string, Buffer> | null = null;
}

class RecordingBatch implements CommitBatch {
  readonly inner: CommitBatch;
  readonly puts = new Map<string, Buffer>();

  constructor(inner: CommitBatch) {
    this.inner = inner;
  }

  get operations(): number {
    return this.inner.operations;
  }

  get bytes(): number {
    return this.inner.bytes;
  }

  put(key: Buffer, value: Buffer): void {
    this.puts.set(key.toString('latin1'), Buffer.from(value));
    this.inner.put(key, value);
  }

  delete(key: Buffer): void {
    this.inner.delete(key);
  }
}
