import { BrokerError, invariant } from '@causeway/core';
import type { CommitBatch } from '@causeway/journal';
import { Applier } from './applier.js';
import { Candidacy } from './candidacy.js';
import {
  type FarewellNote,
  type LeaderNote,
  readFarewell,
  readLeaderNote,
  type TakeoverReason,
  writeNote,
} from './leader-notes.js';
import { type AppendDone, Leadership } from './leadership.js';
import { encodeRecord, RECORD_HEADER_BYTES } from './log-record.js';
import type { ReplicaRole } from './node-status.js';
import { type ChainedRecord, RecordChain } from './record-chain.js';
import type { ReplicaOptions } from './replica-options.js';
import type { LogReading } from './shard-log.js';

/** How much faster than the leader's a standby's clock may run. */
const DRIFT = 1.05;
/** Beyond drift: timers that fire early, clocks that are read in steps. */
const WAIT_SLACK_MS = 100;
/** How long after the log went away it is tried again. */
const RETRY_MS = 100;

/**
 * One node's part in a shared log: it follows and applies what the leader appends, takes over when
 * the lease has run out, and leads until the log says that another does. Timing only protects what
 * is delivered and read; that no two nodes write is the log's doing alone. Synchronous but for the
 * log and the state; time and chance are handed in.
 */
export class ShardReplica {
  readonly #options: ReplicaOptions;
  readonly #applier: Applier;
  readonly #waitMs: number;
  #chain: RecordChain;
  #role: ReplicaRole = 'standby';
  #epoch = 0;
  #reading: LogReading | null = null;
  /** Counts the attempts to follow the log: answers to earlier ones are void. */
  #attempt = 0;
  /** The end of the log when it was last asked. */
  #target = 0;
  #caughtUp = false;
  /** The highest sequence that is known to be durable. */
  #confirmed = 0;
  #lastRecordMs = 0;
  #silenceMs = 0;
  #candidacy: Candidacy | null = null;
  #leadership: Leadership | null = null;
  #stopped = false;
  #promoted = false;
  #cancelWait: () => void = () => {};
  #cancelRetry: () => void = () => {};

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#waitMs = options.leaseMs * DRIFT + WAIT_SLACK_MS;
    this.#chain = new RecordChain(options.state.position);
    this.#applier = new Applier({
      state: options.state,
      clock: options.clock,
      onFailure: (error) => this.#fail(asBrokerError(error)),
      onDurable: options.onDurable,
    });
  }

  get role(): ReplicaRole {
    return this.#role;
  }

  /** Whether clients may be served at this moment: asked before anything leaves. */
  get serving(): boolean {
    return this.#role === 'active' && this.#leadership?.valid === true;
  }

  /** Like `serving`, but a lease that has run out also ends the leadership: before anything leaves. */
  serve(): boolean {
    if (this.serving) return true;
    if (this.#role === 'active') this.#leadership?.expire();
    return false;
  }

  /** How long the log was silent before this node began to lead, in milliseconds. */
  get silenceMs(): number {
    return this.#silenceMs;
  }

  /** Whether a standby is at the end of the log, as far as it knows. */
  get connected(): boolean {
    return this.#leadership !== null || this.#caughtUp;
  }

  /** The highest that it has heard of; what it follows may be behind for a while. */
  get epoch(): number {
    this.#epoch = Math.max(this.#epoch, this.#chain.epoch);
    return this.#epoch;
  }

  /** Sequence of the newest record that is known here. */
  get received(): number {
    return this.#chain.sequence;
  }

  /** The latest time that a leader has written down: a later one's clock does not go back behind it. */
  get wallMs(): number {
    return this.#chain.wallMs;
  }

  get leader(): LeaderNote | null {
    return readLeaderNote(this.#chain.leader);
  }

  /** Begins to follow the log. */
  start(): void {
    this.#follow();
  }

  /** When nothing of a leadership that is over is left: follows the log again. */
  resume(): void {
    if (this.#role !== 'fenced') return;
    this.#role = 'standby';
    this.#applier.whenIdle(() => this.#follow());
  }

  /**
   * Appends a commit to the log, then applies it.
   * @param changes with the place for the header, from `ChangeWriter`; left alone until `done`
   * @param batch the same changes for the state
   * @param done once both are done; with `not-active` if leadership ended before
   */
  commit(changes: Buffer, batch: CommitBatch, commit: number, done: AppendDone): void {
    const chain = this.#chain;
    invariant(this.#leadership !== null, 'only who leads commits');
    this.#leadership.append('batch', changes, (error, free) => {
      if (error !== null) {
        this.#options.state.discard(batch);
        done(error, free);
        return;
      }
      const { sequence, hash, epoch, leader } = chain;
      const position = { sequence, hash, epoch, leader, commit };
      this.#applier.apply(batch, position, () => done(null, free));
    });
  }

  /**
   * Ends this node's leadership in order; nothing may be served or committed any more.
   * @param successor who shall lead next; null for whoever comes first
   * @param done when the log has it, or another leads already
   */
  handOver(successor: string | null, done: () => void): void {
    const leadership = this.#leadership;
    if (leadership === null) {
      done();
      return;
    }
    this.#role = 'fenced';
    leadership.append('close', this.#farewell(successor), () => {
      this.#leadership = null;
      leadership.stop();
      done();
    });
  }

  /**
   * An operator's wish: this node takes over as soon as it may, even if a leader that has stopped
   * named another one.
   */
  promote(): void {
    if (this.#role !== 'standby') return;
    this.#promoted = true;
    this.#wait();
  }

  /** Ends everything at once, without a word. */
  stop(): void {
    this.#stopped = true;
    this.#attempt++;
    this.#reading?.stop();
    this.#leadership?.stop();
    this.#endCandidacy();
    this.#cancelWait();
    this.#cancelRetry();
  }

  #farewell(successor: string | null): Buffer {
    const note: FarewellNote = { node: this.#options.node, successor };
    return Buffer.concat([Buffer.alloc(RECORD_HEADER_BYTES), writeNote(note)]);
  }

  /** Reads the log from what is applied on: anything beyond that may have changed. */
  #follow(): void {
    if (this.#stopped || this.#role === 'failed' || this.#leadership !== null) return;
    const attempt = ++this.#attempt;
    const { log } = this.#options;
    this.#reading?.stop();
    this.#reading = null;
    this.#caughtUp = false;
    this.#endCandidacy();
    this.#role = 'standby';
    this.#applier.reset();
    this.#rewind();
    Promise.all([log.first(), log.tail()]).then(
      ([first, tail]) => {
        if (attempt === this.#attempt)
          this.#applier.whenIdle(() => this.#read(attempt, first, tail));
      },
      () => {
        if (attempt === this.#attempt) this.#followLater();
      },
    );
  }

  /** Knows what is applied, and nothing beyond. */
  #rewind(): void {
    const { position } = this.#options.state;
    this.#chain = new RecordChain(position);
    this.#confirmed = position.sequence;
  }

  #followLater(): void {
    this.#cancelRetry();
    this.#cancelRetry = this.#options.schedule(RETRY_MS, () => this.#follow());
  }

  #read(attempt: number, first: number, tail: number): void {
    if (attempt !== this.#attempt) return;
    const { log, state } = this.#options;
    this.#rewind();
    const { sequence } = state.position;
    if (sequence > tail) {
      this.#fail(rewound(sequence, tail));
      return;
    }
    if (sequence + 1 < first) {
      this.#options.logger.warn('behind the log', { applied: sequence, first });
      this.stop();
      this.#options.listener.outdated();
      return;
    }
    this.#target = tail;
    // The newest record that is applied is read once more: it must be the one that was applied.
    const from = sequence >= first && sequence > 0 ? sequence : sequence + 1;
    this.#reading = log.read(from, {
      record: (at, bytes) => {
        if (attempt === this.#attempt) this.#record(at, bytes);
      },
      ended: (cause) => {
        if (attempt !== this.#attempt) return;
        this.#options.logger.warn('log lost', { reason: cause.message });
        this.#caughtUp = false;
        this.#followLater();
      },
    });
    if (from > tail) this.#catchUp();
  }

  #record(sequence: number, bytes: Buffer): void {
    let chained: ChainedRecord | null;
    try {
      chained = this.#chain.follow(sequence, bytes);
    } catch (error) {
      this.#fail(asBrokerError(error));
      return;
    }
    this.#lastRecordMs = this.#options.clock.monotonicMs();
    if (chained !== null) this.#take(chained, bytes);
    if (!this.#caughtUp && this.#chain.sequence >= this.#target) this.#catchUp();
    else if (this.#caughtUp && this.#chain.farewell !== null) this.#wait();
  }

  #take(chained: ChainedRecord, bytes: Buffer): void {
    const { record, sequence } = chained;
    this.#applier.push(chained);
    this.#confirmed = Math.max(this.#confirmed, record.lastConfirmed);
    this.#applier.confirm(this.#confirmed);
    const candidacy = this.#candidacy;
    if (candidacy !== null && sequence === candidacy.expectedTail + 1) {
      if (bytes.equals(candidacy.record)) {
        this.#won(candidacy, candidacy.sentMs, false);
        return;
      }
      this.#endCandidacy();
      this.#role = 'standby';
      this.#wait();
    }
    if (record.kind === 'open' && this.#caughtUp) this.#tellLeader();
  }

  /** Everything that was in the log is known: from here on, silence means something. */
  #catchUp(): void {
    this.#caughtUp = true;
    this.#lastRecordMs = this.#options.clock.monotonicMs();
    this.#tellLeader();
    this.#wait();
  }

  #tellLeader(): void {
    const { leader } = this;
    if (leader !== null) this.#options.listener.followed(leader);
  }

  /** Waits until the leader's lease must have run out, unless it said farewell or there was none. */
  #wait(): void {
    if (!this.#caughtUp || this.#candidacy !== null || this.#leadership !== null) return;
    const { clock, schedule } = this.#options;
    const reason = this.#invitation();
    if (reason !== null) {
      this.#stand(reason);
      return;
    }
    const leftMs = this.#lastRecordMs + this.#waitMs - clock.monotonicMs();
    if (leftMs <= 0) {
      this.#stand(this.#promoted ? 'promote' : 'lease');
      return;
    }
    this.#cancelWait();
    this.#cancelWait = schedule(leftMs, () => this.#wait());
  }

  /** Why this node need not wait; null when it must. */
  #invitation(): TakeoverReason | null {
    const chain = this.#chain;
    if (chain.sequence === 0) return 'first';
    if (chain.farewell === null) return null;
    const { successor } = readFarewell(chain.farewell);
    if (successor === null || successor === this.#options.node) return 'hand-over';
    return this.#promoted ? 'promote' : null;
  }

  /**
   * Appends `open` behind the last record that was here when the wait began: success proves that
   * nobody has renewed a lease meanwhile.
   */
  #stand(reason: TakeoverReason): void {
    const { clock, endpoints, log, node, schedule } = this.#options;
    const chain = this.#chain;
    const record = encodeRecord(
      {
        kind: 'open',
        epoch: chain.epoch + 1,
        batchId: this.#nextBatchId(),
        lastConfirmed: this.#confirmed,
        wallMs: clock.wallMs(),
        previousHash: chain.hash,
      },
      writeNote({ node, endpoints: endpoints(), reason }),
    );
    const candidacy: Candidacy = new Candidacy({
      log,
      clock,
      schedule,
      expectedTail: chain.sequence,
      record,
      reason,
      onWon: (sentMs) => this.#won(candidacy, sentMs, true),
      onFenced: () => this.#fenced(candidacy),
    });
    this.#role = 'candidate';
    this.#silenceMs = candidacy.sentMs - this.#lastRecordMs;
    this.#candidacy = candidacy;
    candidacy.send();
  }

  /**
   * What is in the way is on its way here; should it be this node's own, it has won after all. When
   * nothing comes, what this node has read is not what the log has.
   */
  #fenced(candidacy: Candidacy): void {
    this.#role = 'standby';
    this.#cancelRetry();
    this.#cancelRetry = this.#options.schedule(this.#waitMs, () => {
      if (this.#candidacy === candidacy) this.#follow();
    });
  }

  #endCandidacy(): void {
    this.#candidacy?.end();
    this.#candidacy = null;
  }

  /** @param vouched whether the log said so itself: what is only read may still vanish */
  #won(candidacy: Candidacy, sentMs: number, vouched: boolean): void {
    const { clock, leaseMs, log, logger, schedule } = this.#options;
    this.#attempt++;
    this.#reading?.stop();
    this.#reading = null;
    this.#endCandidacy();
    this.#promoted = false;
    this.#cancelWait();
    this.#cancelRetry();
    this.#role = 'candidate';
    const chain = this.#chain;
    if (chain.sequence === candidacy.expectedTail) {
      const chained = chain.follow(candidacy.expectedTail + 1, candidacy.record);
      if (chained !== null) this.#applier.push(chained);
    }
    const leadership = new Leadership({
      log,
      chain,
      clock,
      schedule,
      leaseMs,
      nextBatchId: () => this.#nextBatchId(),
      openedMs: sentMs,
      confirmed: vouched ? chain.sequence : this.#confirmed,
      onLost: (reason) => this.#lost(reason),
      logger,
    });
    this.#leadership = leadership;
    leadership.start();
    if (vouched) this.#activate(leadership, candidacy.reason);
    else {
      leadership.barrier((error) => {
        if (error === null) this.#activate(leadership, candidacy.reason);
      });
    }
  }

  #activate(leadership: Leadership, reason: TakeoverReason): void {
    this.#applier.confirm(this.#chain.sequence);
    this.#applier.whenIdle(() => {
      if (this.#leadership !== leadership || this.#stopped) return;
      if (!leadership.valid) {
        // Applying took longer than a lease, or the `open` was found late: it is renewed first.
        leadership.barrier((error) => {
          if (error === null) this.#activate(leadership, reason);
        });
        return;
      }
      this.#role = 'active';
      this.#options.listener.activated(reason);
    });
  }

  #lost(reason: string): void {
    const role = this.#role;
    this.#leadership = null;
    // While it hands over, whoever asked for it makes it a standby.
    if (role === 'fenced') return;
    this.#role = 'fenced';
    if (role === 'active') this.#options.listener.deposed(reason);
    else this.resume();
  }

  #fail(error: BrokerError): void {
    if (this.#role === 'failed' || this.#stopped) return;
    const leadership = this.#leadership;
    this.#role = 'failed';
    this.#attempt++;
    this.#reading?.stop();
    this.#cancelWait();
    this.#cancelRetry();
    // A successor need not wait for the lease of a leader whose disk is broken.
    leadership?.append('close', this.#farewell(null), () => leadership.stop());
    this.#options.listener.failed(error);
  }

  /** Never the same again, whichever node and run asks. */
  #nextBatchId(): bigint {
    return BigInt(`0x${this.#options.random.hex(8)}`);
  }
}

function asBrokerError(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  return new BrokerError('storage-failed', String(error), error);
}

function rewound(applied: number, tail: number): BrokerError {
  return new BrokerError(
    'storage-corrupt',
    `the log ends at record ${tail}, but this node has applied record ${applied}: the log was set ` +
      'back, or the data folder belongs to another cluster; nothing was changed',
  );
}
