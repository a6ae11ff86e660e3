import {
  type AddressBook,
  BrokerError,
  type CheckpointSource,
  type DocumentKind,
  type EntryRange,
  invariant,
  type Log,
  type Message,
  type RecoveredState,
  type Store,
  type StoredEntry,
} from '@causeway/core';
import { sealValue } from './checksum.js';
import type { CommitBatch, CommitLog } from './commit-log.js';
import { EntryReader } from './entry-reader.js';
import { Keys } from './keys.js';
import { MessageRecords } from './message-records.js';
import { recoverStore } from './recovery.js';
import { Sealer } from './sealer.js';

export interface JournalOptions {
  readonly commitLog: CommitLog;
  readonly addresses: AddressBook;
  readonly log: Log;
  /**
   * The store cannot be written or read any more: nothing is confirmed from here on, and the
   * process must end.
   */
  readonly onFatal: (error: BrokerError) => void;
  /** Runs a function in a later turn; `setImmediate` unless a simulation has its own turns. */
  readonly defer?: (task: () => void) => void;
  /** Commits between a change of a queue or session and its checkpoint. */
  readonly checkpointInterval?: number;
}

const CHECKPOINT_INTERVAL_COMMITS = 256;
/** Entries read before other work gets its turn. */
const READ_SLICE = 64;
/** Bodies read by one call, unless a single one is larger. */
const READ_BYTES_MAX = 1024 * 1024;

/** What exists from recovery on. */
interface Opened {
  readonly records: MessageRecords;
  readonly reader: EntryReader;
  readonly sealer: Sealer;
}

/**
 * The durable side of core over a {@link CommitLog}. Messages go straight into the batch of the
 * open commit; facts and documents are collected and written when the commit is sealed. One commit
 * is being written at a time, and everything staged meanwhile joins the next. What is known of a
 * queue or session lives and dies with the document of that kind and id, so put the document first.
 */
export class Journal implements Store {
  readonly #options: JournalOptions;
  readonly #commitLog: CommitLog;
  readonly #defer: (task: () => void) => void;
  readonly #keys = new Keys();
  #opened: Opened | null = null;
  #source: CheckpointSource | null = null;
  #listener: (commit: number) => void = () => {};
  #batch: CommitBatch;
  #openCommit: number;
  #durableCommit: number;
  /** Bytes of the commit being written; -1 while none is. */
  #writingBytes = -1;
  #afterWrite: (() => void) | null = null;
  #failed = false;
  #closed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#commitLog = options.commitLog;
    this.#defer = options.defer ?? setImmediate;
    this.#durableCommit = this.#commitLog.tail;
    this.#openCommit = this.#durableCommit + 1;
    this.#batch = this.#commitLog.begin();
  }

  get openCommit(): number {
    return this.#openCommit;
  }

  get durableCommit(): number {
    return this.#durableCommit;
  }

  get dirty(): boolean {
    return this.#batch.operations > 0 || (this.#opened?.sealer.dirty ?? false);
  }

  get pendingBytes(): number {
    const staged = this.#batch.bytes + (this.#opened?.sealer.stagedBytes ?? 0);
    return staged + Math.max(this.#writingBytes, 0);
  }

  putEntry(queueId: number, sequence: number, message: Message, direct: boolean): void {
    const { records, sealer } = this.#ready;
    sealer.queue(queueId).put(sequence);
    this.#put(this.#keys.entry(queueId, sequence), records.entry(message, direct));
  }

  putBody(message: Message, targets: readonly number[]): void {
    this.#put(this.#keys.body(message.id), this.#ready.records.body(message, targets));
  }

  putReference(queueId: number, sequence: number, bodyId: number, direct: boolean): void {
    const { records, sealer } = this.#ready;
    sealer.queue(queueId).put(sequence);
    this.#put(this.#keys.entry(queueId, sequence), records.reference(bodyId, direct));
  }

  deleteBody(bodyId: number): void {
    this.#batch.delete(this.#keys.body(bodyId));
  }

  settle(queueId: number, sequence: number): void {
    this.#ready.sealer.queue(queueId).settle(sequence);
    this.#batch.delete(this.#keys.entry(queueId, sequence));
  }

  deliveryFailed(queueId: number, sequence: number, count: number): void {
    this.#ready.sealer.queue(queueId).deliveryFailed(sequence, count);
  }

  dispatched(queueId: number, below: number): void {
    const changes = this.#ready.sealer.queue(queueId);
    changes.dispatchedBelow = Math.max(changes.dispatchedBelow, below);
  }

  putSlot(sessionId: number, slot: number, value: Buffer | null): void {
    this.#ready.sealer.putSlot(sessionId, slot, value);
  }

  putDocument(kind: DocumentKind, id: number, value: Buffer): void {
    this.#ready.sealer.documents.stage(kind, id, value);
  }

  deleteDocument(kind: DocumentKind, id: number): void {
    this.#ready.sealer.deleteDocument(kind, id);
  }

  putRetained(id: number, message: Message): void {
    const { records, sealer } = this.#ready;
    sealer.documents.stage('retained', id, records.retained(message));
  }

  readEntries(
    queueId: number,
    range: EntryRange,
    callback: (entries: StoredEntry[]) => void,
  ): void {
    const { reader } = this.#ready;
    const entries: StoredEntry[] = [];
    let from = range.first;
    let bytes = 0;
    const readSlice = (): void => {
      if (this.#closed || this.#failed) return;
      const end = Math.min(entries.length + READ_SLICE, range.count);
      try {
        while (entries.length < end && bytes < READ_BYTES_MAX) {
          from = range.next(from);
          if (from >= range.below) break;
          const entry = reader.read(queueId, from++);
          entries.push(entry);
          bytes += entry.message?.size ?? 0;
        }
      } catch (error) {
        this.#fail(error);
        return;
      }
      const more = entries.length === end && end < range.count && bytes < READ_BYTES_MAX;
      if (more) this.#defer(readSlice);
      else callback(entries);
    };
    this.#defer(readSlice);
  }

  decodeRetained(value: Buffer): Message {
    return this.#ready.reader.retained(value);
  }

  commit(): void {
    if (this.#writingBytes >= 0 || this.#failed || this.#closed || !this.dirty) return;
    const commit = this.#openCommit;
    const batch = this.#batch;
    this.#ready.sealer.seal(batch, commit, this.#source);
    this.#writingBytes = batch.bytes;
    this.#openCommit = commit + 1;
    this.#batch = this.#commitLog.begin();
    this.#commitLog.append(commit - 1, batch, (error) => this.#written(commit, error));
  }

  onDurable(listener: (commit: number) => void): void {
    this.#listener = listener;
  }

  setCheckpointSource(source: CheckpointSource): void {
    this.#source = source;
  }

  /**
   * Also stages that the store was opened once more: the count becomes durable with the first
   * commit, before anything that carries it.
   * @throws BrokerError `storage-corrupt`, `storage-newer`, `storage-failed`
   */
  async recover(): Promise<RecoveredState> {
    invariant(this.#opened === null, 'a journal recovers once');
    const { addresses, log, checkpointInterval } = this.#options;
    const recovery = await recoverStore(this.#commitLog);
    const bootCount = recovery.bootCount + 1;
    const interval = checkpointInterval ?? CHECKPOINT_INTERVAL_COMMITS;
    const sealer = new Sealer(recovery, interval);
    sealer.stageStart(this.#batch);
    this.#opened = {
      records: new MessageRecords(bootCount),
      reader: new EntryReader(this.#commitLog, addresses, log, bootCount),
      sealer,
    };
    const queues = new Map([...recovery.queues].map(([id, facts]) => [id, facts.recovered]));
    const sessionSlots = new Map([...recovery.sessions].map(([id, { slots }]) => [id, slots]));
    return { documents: recovery.documents, queues, sessionSlots, bootCount };
  }

  async close(): Promise<void> {
    while (this.#writingBytes >= 0) {
      await new Promise<void>((resolve) => {
        this.#afterWrite = resolve;
      });
    }
    this.#closed = true;
    await this.#commitLog.close();
  }

  get #ready(): Opened {
    if (this.#opened === null) throw new Error('invariant broken: a journal recovers first');
    return this.#opened;
  }

  #put(key: Buffer, value: Buffer): void {
    sealValue(key, value);
    this.#batch.put(key, value);
  }

  #written(commit: number, error: Error | null): void {
    this.#writingBytes = -1;
    if (error === null) {
      this.#durableCommit = commit;
      this.#listener(commit);
    } else {
      this.#fail(error);
    }
    this.#afterWrite?.();
  }

  /** Never tried again: after a failed sync nobody knows what is on the disk. */
  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const known = error instanceof BrokerError ? error : null;
    this.#options.onFatal(known ?? new BrokerError('storage-failed', String(error), error));
  }
}
