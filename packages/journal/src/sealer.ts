import type { CheckpointSource, DocumentKind } from '@causeway/core';
import { ByteWriter } from '@causeway/wire';
import { QueueChanges, SessionChanges } from './changes.js';
import { type Checkpointed, CheckpointSchedule } from './checkpoint-schedule.js';
import { sealValue } from './checksum.js';
import type { CommitBatch } from './commit-log.js';
import { DocumentTable } from './document-table.js';
import {
  startRecord,
  writeDelta,
  writeQueueCheckpoint,
  writeSessionCheckpoint,
} from './fact-records.js';
import type { Inventory } from './inventory.js';
import { Keys } from './keys.js';
import { FORMAT_VERSION, RECORD } from './record-kinds.js';
import type { Recovery } from './recovery.js';

/** Keys of old records that one commit deletes at most. */
const GARBAGE_PER_COMMIT = 256;

/**
 * Collects the facts and documents of the open commit, and adds them to its batch when it is
 * sealed: one delta, the checkpoints that are due, and the deletion of what these replace.
 */
export class Sealer {
  readonly documents: DocumentTable;
  readonly #keys = new Keys();
  readonly #writer = new ByteWriter();
  readonly #inventory: Inventory;
  readonly #schedule: CheckpointSchedule;
  readonly #queues = new Map<number, QueueChanges>();
  readonly #sessions = new Map<number, SessionChanges>();
  readonly #garbage: Buffer[];
  readonly #previousBoot: number;
  readonly #dirtyQueues: QueueChanges[] = [];
  readonly #dirtySessions: SessionChanges[] = [];
  /** Those whose documents the open commit deletes. */
  readonly #deleted: Checkpointed[] = [];
  #lastQueue: QueueChanges | null = null;
  #slotBytes = 0;
  #oldestDelta: number;

  /** @param checkpointInterval commits between a change and the checkpoint that covers it */
  constructor(recovery: Recovery, checkpointInterval: number) {
    this.#inventory = recovery.inventory;
    this.documents = new DocumentTable(this.#keys, this.#inventory, recovery.versions);
    this.#schedule = new CheckpointSchedule(checkpointInterval);
    this.#garbage = recovery.garbage;
    this.#previousBoot = recovery.bootCount;
    this.#oldestDelta = recovery.oldestDelta;
    this.#resume(recovery);
  }

  get dirty(): boolean {
    return this.#dirtyQueues.length > 0 || this.#dirtySessions.length > 0 || this.documents.dirty;
  }

  /** Bytes that are not in the batch yet. */
  get stagedBytes(): number {
    return this.documents.stagedBytes + this.#slotBytes;
  }

  /** Stages what a store writes each time it is opened. */
  stageStart(batch: CommitBatch): void {
    if (this.#previousBoot === 0) this.#putMeta(batch, 'format', FORMAT_VERSION);
    else {
      const old = this.#keys.meta('boot', this.#previousBoot);
      batch.delete(old);
      this.#inventory.toggle(old);
    }
    this.#putMeta(batch, 'boot', this.#previousBoot + 1);
  }

  /** The changes of a queue; asking for them marks it as changed. */
  queue(id: number): QueueChanges {
    let changes = this.#lastQueue;
    if (changes === null || changes.id !== id) {
      changes = this.#queues.get(id) ?? this.#addQueue(id);
      this.#lastQueue = changes;
    }
    if (!changes.dirty) {
      changes.dirty = true;
      this.#dirtyQueues.push(changes);
    }
    return changes;
  }

  putSlot(sessionId: number, slot: number, value: Buffer | null): void {
    this.#session(sessionId).slots.set(slot, value);
    this.#slotBytes += value?.length ?? 0;
  }

  /** The facts of a queue or session live and die with its document. */
  deleteDocument(kind: DocumentKind, id: number): void {
    this.documents.stage(kind, id, null);
    if (kind === 'queue' && this.#queues.has(id)) this.#deleted.push(this.queue(id));
    if (kind === 'session' && this.#sessions.has(id)) this.#deleted.push(this.#session(id));
  }

  seal(batch: CommitBatch, commit: number, source: CheckpointSource | null): void {
    this.documents.seal(batch, commit);
    for (const changes of this.#deleted.splice(0)) {
      if (!this.documents.isLive(changes.kind, changes.id)) this.#dropCheckpoint(batch, changes);
    }
    for (const queue of this.#dirtyQueues) this.#schedule.touch(queue, commit);
    for (const session of this.#dirtySessions) this.#schedule.touch(session, commit);
    if (source !== null) this.#putDueCheckpoints(batch, commit, source);
    this.#putDelta(batch, commit);
    for (const queue of this.#dirtyQueues) queue.clear();
    for (const session of this.#dirtySessions) session.clear();
    this.#dirtyQueues.length = 0;
    this.#dirtySessions.length = 0;
    this.#slotBytes = 0;
    if (this.#garbage.length === 0) return;
    for (const key of this.#garbage.splice(-GARBAGE_PER_COMMIT)) batch.delete(key);
  }

  /** Takes up the facts where the former run left them. */
  #resume(recovery: Recovery): void {
    const touched: [Checkpointed, number][] = [];
    for (const [id, facts] of recovery.queues) {
      const changes = this.#addQueue(id);
      changes.tail = facts.recovered.tail;
      touched.push(...this.#resumed(changes, facts));
    }
    for (const [id, facts] of recovery.sessions) {
      const changes = new SessionChanges(id);
      this.#sessions.set(id, changes);
      touched.push(...this.#resumed(changes, facts));
    }
    touched.sort(([, left], [, right]) => left - right);
    for (const [changes, commit] of touched) this.#schedule.touch(changes, commit);
  }

  #resumed(
    changes: Checkpointed,
    facts: { readonly checkpointCommit: number; readonly touchedCommit: number },
  ): [Checkpointed, number][] {
    changes.checkpointCommit = facts.checkpointCommit;
    return facts.touchedCommit > 0 ? [[changes, facts.touchedCommit]] : [];
  }

  /** As `queue`, for sessions. */
  #session(id: number): SessionChanges {
    let changes = this.#sessions.get(id);
    if (changes === undefined) {
      changes = new SessionChanges(id);
      this.#sessions.set(id, changes);
    }
    if (!changes.dirty) {
      changes.dirty = true;
      this.#dirtySessions.push(changes);
    }
    return changes;
  }

  #addQueue(id: number): QueueChanges {
    const changes = new QueueChanges(id);
    this.#queues.set(id, changes);
    return changes;
  }

  #putDueCheckpoints(batch: CommitBatch, commit: number, source: CheckpointSource): void {
    for (;;) {
      const due = this.#schedule.takeDue(commit);
      if (due === null) return;
      this.#dropCheckpoint(batch, due);
      if (this.#describe(due, source)) this.#putCheckpoint(batch, due, commit);
      else this.#forget(due);
    }
  }

  /** Writes all that is known into the writer. @returns false for what no longer exists */
  #describe(changes: Checkpointed, source: CheckpointSource): boolean {
    const { kind, id } = changes;
    if (!this.documents.isLive(kind, id)) return false;
    if (changes.kind === 'queue') {
      const state = source.queueState(id);
      if (state !== null) writeQueueCheckpoint(this.#writer, changes.tail, state);
      return state !== null;
    }
    const slots = source.sessionSlots(id);
    if (slots !== null) writeSessionCheckpoint(this.#writer, slots);
    return slots !== null;
  }

  #putCheckpoint(batch: CommitBatch, changes: Checkpointed, commit: number): void {
    changes.checkpointCommit = commit;
    const key = this.#keys.checkpoint(changes.kind, changes.id, commit);
    this.#put(batch, key, this.#writer.view());
    this.#inventory.toggle(key);
  }

  #dropCheckpoint(batch: CommitBatch, changes: Checkpointed): void {
    const { kind, id, checkpointCommit } = changes;
    if (checkpointCommit === 0) return;
    changes.checkpointCommit = 0;
    const key = this.#keys.checkpoint(kind, id, checkpointCommit);
    batch.delete(key);
    this.#inventory.toggle(key);
  }

  /** What the open commit still says of it goes into its delta. */
  #forget(changes: Checkpointed): void {
    if (changes.kind === 'session') this.#sessions.delete(changes.id);
    else this.#queues.delete(changes.id);
    if (this.#lastQueue === changes) this.#lastQueue = null;
  }

  #putDelta(batch: CommitBatch, commit: number): void {
    const oldest = this.#schedule.oldest(commit);
    while (this.#oldestDelta < oldest) batch.delete(this.#keys.delta(this.#oldestDelta++));
    const header = { oldest, inventory: this.#inventory.value };
    writeDelta(this.#writer, header, this.#dirtyQueues, this.#dirtySessions);
    this.#put(batch, this.#keys.delta(commit), this.#writer.view());
  }

  #putMeta(batch: CommitBatch, kind: 'format' | 'boot', number: number): void {
    const key = this.#keys.meta(kind, number);
    this.#put(batch, key, startRecord(this.#writer, RECORD[kind]).view());
    this.#inventory.toggle(key);
  }

  #put(batch: CommitBatch, key: Buffer, value: Buffer): void {
    sealValue(key, value);
    batch.put(key, value);
  }
}
