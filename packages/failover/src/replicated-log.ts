import { BrokerError, invariant } from '@causeway/core';
import type { AppliedState, CommitBatch, CommitLog, KeyRange } from '@causeway/journal';
import { ChangeWriter } from './change-list.js';
import type { ShardReplica } from './shard-replica.js';

/** One is being filled while another is being appended. */
const SPARE_MAX = 2;

/** A batch that is written down twice: for the state of this node, and as bytes for the log. */
class ReplicatedBatch implements CommitBatch {
  readonly changes: ChangeWriter;
  readonly batch: CommitBatch;

  constructor(changes: ChangeWriter, batch: CommitBatch) {
    this.changes = changes;
    this.batch = batch;
  }

  get operations(): number {
    return this.batch.operations;
  }

  get bytes(): number {
    return this.batch.bytes;
  }

  put(key: Buffer, value: Buffer): void {
    this.batch.put(key, value);
    this.changes.put(key, value);
  }

  delete(key: Buffer): void {
    this.batch.delete(key);
    this.changes.delete(key);
  }
}

/**
 * What a journal writes to on the node that leads: a commit is appended to the log that the nodes
 * share, then applied here, then done. Good for one leadership: the next one opens another.
 */
export class ReplicatedLog implements CommitLog {
  readonly location: string;
  readonly #replica: ShardReplica;
  readonly #state: AppliedState;
  readonly #spare: ChangeWriter[] = [];
  #tail: number;
  #appending = false;
  #appended = false;

  /** @param replica has just become active */
  constructor(replica: ShardReplica, state: AppliedState) {
    this.location = state.location;
    this.#replica = replica;
    this.#state = state;
    this.#tail = state.position.commit;
  }

  get tail(): number {
    return this.#tail;
  }

  begin(): CommitBatch {
    return new ReplicatedBatch(this.#spare.pop() ?? new ChangeWriter(), this.#state.begin());
  }

  append(expectedTail: number, batch: CommitBatch, done: (error: Error | null) => void): void {
    invariant(batch instanceof ReplicatedBatch, 'the batch was started by this log');
    this.#appended = true;
    if (expectedTail !== this.#tail || this.#appending || this.#replica.role !== 'active') {
      const reason = `commit ${expectedTail + 1} was appended by another`;
      queueMicrotask(() => done(new BrokerError('not-active', reason)));
      return;
    }
    this.#appending = true;
    const commit = expectedTail + 1;
    this.#replica.commit(batch.changes.finish(commit), batch.batch, commit, (error, free) => {
      this.#appending = false;
      if (error === null) this.#tail = commit;
      const reusable = free && this.#spare.length < SPARE_MAX && batch.changes.reset();
      if (reusable) this.#spare.push(batch.changes);
      done(error);
    });
  }

  get(key: Buffer): Buffer | null {
    return this.#state.get(key);
  }

  async scan(range: KeyRange, visit: (key: Buffer, value: Buffer) => void): Promise<void> {
    invariant(!this.#appended, 'a log is scanned before its first append only');
    await this.#state.scan(range, visit);
  }

  async lastKey(range: KeyRange): Promise<Buffer | null> {
    invariant(!this.#appended, 'a log is scanned before its first append only');
    return await this.#state.lastKey(range);
  }

  /** The state outlives the leadership. */
  async close(): Promise<void> {}
}
