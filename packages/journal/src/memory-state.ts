import { BrokerError, invariant } from '@causeway/core';
import type { AppliedState, LogPosition } from './applied-state.js';
import type { CommitBatch, KeyRange } from './commit-log.js';
import { MemoryBatch } from './memory-batch.js';
import { NO_POSITION } from './position-record.js';

interface Write {
  readonly batch: MemoryBatch;
  readonly position: LogPosition;
  readonly sync: boolean;
  readonly done: (error: Error | null) => void;
}

/**
 * The contract of {@link AppliedState} in memory, for simulations: a write ends when the test says
 * so, and a power failure forgets what was not synced.
 */
export class MemoryState implements AppliedState {
  readonly location = 'memory';
  #position = NO_POSITION;
  #state = new Map<string, Buffer>();
  #synced: { readonly position: LogPosition; readonly state: ReadonlyMap<string, Buffer> } = {
    position: NO_POSITION,
    state: new Map(),
  };
  #writing: Write | null = null;
  #dead = false;

  get position(): LogPosition {
    return this.#position;
  }

  /** Whether a write waits for `completeWrite`. */
  get writing(): boolean {
    return this.#writing !== null;
  }

  begin(): CommitBatch {
    return new MemoryBatch();
  }

  discard(): void {}

  write(
    batch: CommitBatch,
    position: LogPosition,
    sync: boolean,
    done: (error: Error | null) => void,
  ): void {
    invariant(batch instanceof MemoryBatch, 'the batch was started by this state');
    invariant(this.#writing === null, 'one write at a time');
    this.#writing = { batch, position, sync, done };
  }

  /** Ends the write under way. @returns whether there was one */
  completeWrite(): boolean {
    const write = this.#writing;
    if (write === null || this.#dead) return false;
    this.#writing = null;
    write.batch.applyTo(this.#state);
    this.#position = write.position;
    if (write.sync) this.#synced = { position: write.position, state: new Map(this.#state) };
    write.done(null);
    return true;
  }

  /** Has the write under way fail as if the disk were full. */
  failWrite(): void {
    const write = this.#writing;
    this.#writing = null;
    write?.done(new BrokerError('storage-failed', 'the disk failed'));
  }

  /**
   * What a process that starts now finds. This state is dead from here on.
   * @param power whether what was not synced is lost
   */
  crash(power: boolean): MemoryState {
    const survivor = new MemoryState();
    const { position, state } = power
      ? this.#synced
      : { position: this.#position, state: this.#state };
    survivor.#position = position;
    survivor.#state = new Map(state);
    survivor.#synced = { position, state: new Map(state) };
    this.#dead = true;
    return survivor;
  }

  /** All keys with their values, to compare two states. */
  entries(): ReadonlyMap<string, Buffer> {
    return this.#state;
  }

  get(key: Buffer): Buffer | null {
    const value = this.#state.get(key.toString('latin1'));
    return value === undefined ? null : Buffer.from(value);
  }

  async scan(range: KeyRange, visit: (key: Buffer, value: Buffer) => void): Promise<void> {
    for (const key of this.#keys(range)) {
      visit(Buffer.from(key, 'latin1'), Buffer.from(this.#state.get(key)!));
    }
  }

  async lastKey(range: KeyRange): Promise<Buffer | null> {
    const key = this.#keys(range).at(-1);
    return key === undefined ? null : Buffer.from(key, 'latin1');
  }

  async close(): Promise<void> {
    this.#dead = true;
  }

  #keys(range: KeyRange): string[] {
    const from = range.from.toString('latin1');
    const below = range.below.toString('latin1');
    return [...this.#state.keys()].filter((key) => key >= from && key < below).sort();
  }
}
