import { BrokerError, type Clock, type Log } from '@causeway/core';
import { hashRecord, RECORD_HEADER_BYTES, type RecordKind, sealRecord } from './log-record.js';
import type { RecordChain } from './record-chain.js';
import type { AppendResult, ShardLog } from './shard-log.js';

/** How long after an append without an answer it is tried again. */
const RETRY_MS = 50;
/** Renewals in the time of one lease. */
const RENEWALS = 3;

export interface LeadershipOptions {
  readonly log: ShardLog;
  /** Ends with this node's `open`. */
  readonly chain: RecordChain;
  readonly clock: Clock;
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  readonly leaseMs: number;
  /** Gives the next append a name of its own. */
  readonly nextBatchId: () => bigint;
  /** When the `open` was sent: the lease counts from there. */
  readonly openedMs: number;
  /** The highest sequence that is known to be durable: that of the `open`, or the one before. */
  readonly confirmed: number;
  /** It is over, and nothing more may be confirmed or delivered; called once. */
  readonly onLost: (reason: string) => void;
  readonly logger: Log;
}

interface Append {
  readonly kind: RecordKind;
  /** With the place for its header. */
  readonly record: Buffer;
  readonly done: AppendDone | null;
}

/**
 * Called once the record is durable, or with `not-active` when leadership ends before that is known.
 * @param free whether the bytes may change now: an attempt without an answer may still be on its way
 */
export type AppendDone = (error: BrokerError | null, free: boolean) => void;

/**
 * What the leader may do: append, one record at a time, while its lease lasts. The lease is the
 * log: it runs from when the last acknowledged record was sent. An append without an answer is
 * tried again, with the same bytes and the same condition, until the log says what became of it.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #chain: RecordChain;
  #waiting: Append[] = [];
  #appending: Append | null = null;
  #sentMs = 0;
  /** Whether an earlier attempt may have got through. */
  #unsure = false;
  #deadlineMs: number;
  /** Until when a lease that has run out before it began may be renewed. */
  readonly #graceMs: number;
  /** The highest sequence that the log has vouched for. */
  #confirmed: number;
  #over = false;
  #cancelTimer: () => void = () => {};
  #cancelRetry: () => void = () => {};

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#chain = options.chain;
    this.#deadlineMs = options.openedMs + options.leaseMs;
    this.#sentMs = options.openedMs;
    this.#confirmed = options.confirmed;
    this.#graceMs = options.clock.monotonicMs() + options.leaseMs;
  }

  /** Begins to renew the lease. */
  start(): void {
    this.#tick();
  }

  /** Whether clients may be served at this moment. */
  get valid(): boolean {
    return !this.#over && this.#options.clock.monotonicMs() < this.#deadlineMs;
  }

  /**
   * Appends a record after those that wait.
   * @param record begins with the place for its header; it is left alone until `done`
   * @param done runs in a later turn, unless leadership is over already
   */
  append(kind: RecordKind, record: Buffer, done: AppendDone | null): void {
    if (this.#over) {
      done?.(overError(), false);
      return;
    }
    for (const append of this.#split(kind, record, done)) this.#waiting.push(append);
    this.#next();
  }

  /** Appends a record before those that wait: once it is durable, so is all before it. */
  barrier(done: AppendDone | null): void {
    this.#waiting.unshift({ kind: 'lease', record: Buffer.alloc(RECORD_HEADER_BYTES), done });
    this.#next();
  }

  /** Ends it without a word; what waits is dropped. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer();
    this.#cancelRetry();
    const unfinished = [this.#appending, ...this.#waiting.splice(0)];
    for (const append of unfinished) append?.done?.(overError(), false);
  }

  #split(kind: RecordKind, record: Buffer, done: AppendDone | null): Append[] {
    const { recordBytesMax } = this.#options.log.capabilities;
    if (record.length <= recordBytesMax) return [{ kind, record, done }];
    const appends: Append[] = [];
    const room = recordBytesMax - RECORD_HEADER_BYTES;
    for (let at = RECORD_HEADER_BYTES; at < record.length; at += room) {
      const last = at + room >= record.length;
      const piece = Buffer.concat([
        Buffer.alloc(RECORD_HEADER_BYTES),
        record.subarray(at, at + room),
      ]);
      appends.push({ kind: last ? kind : 'part', record: piece, done: last ? done : null });
    }
    return appends;
  }

  #next(): void {
    if (this.#appending !== null) return;
    const append = this.#waiting.shift();
    if (append === undefined) return;
    const { clock, nextBatchId } = this.#options;
    this.#appending = append;
    this.#unsure = false;
    sealRecord(
      {
        kind: append.kind,
        epoch: this.#chain.epoch,
        batchId: nextBatchId(),
        lastConfirmed: this.#confirmed,
        wallMs: clock.wallMs(),
        previousHash: this.#chain.hash,
      },
      append.record,
    );
    this.#send(append);
  }

  #send(append: Append): void {
    const sentMs = this.#options.clock.monotonicMs();
    this.#sentMs = sentMs;
    this.#options.log.append(this.#chain.sequence, append.record, (result) => {
      if (!this.#over) this.#answered(append, sentMs, result);
    });
  }

  #answered(append: Append, sentMs: number, result: AppendResult): void {
    if (result.outcome === 'ok') {
      this.#appended(append, sentMs);
    } else if (result.outcome === 'unknown') {
      this.#unsure = true;
      this.#options.logger.warn('log append unanswered', { reason: result.cause.message });
      this.#cancelRetry = this.#options.schedule(RETRY_MS, () => this.#send(append));
    } else if (this.#unsure) {
      this.#lookForOwn(append, result.tail);
    } else {
      this.#lose(`another node writes to the log: it ends at ${result.tail}`);
    }
  }

  /**
   * An attempt without an answer may be what is in the way now. It counts as durable once a record
   * behind it does: what is only read may still vanish.
   */
  #lookForOwn(append: Append, tail: number): void {
    const { log } = this.#options;
    const expected = this.#chain.sequence + 1;
    const reading = log.read(expected, {
      record: (_sequence, bytes) => {
        reading.stop();
        if (this.#over) return;
        if (bytes.equals(append.record)) {
          this.#advance(append);
          this.barrier((error) => append.done?.(error, false));
        } else this.#lose(`another node writes to the log: it ends at ${tail}`);
      },
      ended: () => {
        if (this.#over) return;
        this.#cancelRetry = this.#options.schedule(RETRY_MS, () => this.#send(append));
      },
    });
  }

  #appended(append: Append, sentMs: number): void {
    this.#advance(append);
    this.#confirmed = this.#chain.sequence;
    this.#deadlineMs = Math.max(this.#deadlineMs, sentMs + this.#options.leaseMs);
    append.done?.(null, !this.#unsure);
    if (!this.#over) this.#next();
  }

  #advance(append: Append): void {
    this.#chain.sequence++;
    this.#chain.hash = hashRecord(append.record);
    this.#appending = null;
  }

  /** Renews the lease while nothing else does, and ends when it has run out. */
  #tick(): void {
    const { clock, leaseMs, schedule } = this.#options;
    const nowMs = clock.monotonicMs();
    const endMs = Math.max(this.#deadlineMs, this.#graceMs);
    if (nowMs >= endMs) {
      this.#lose('the lease has run out: the log did not answer in time');
      return;
    }
    const renewMs = leaseMs / RENEWALS;
    const dueMs = this.#sentMs + renewMs;
    const idle = this.#appending === null;
    if (idle && nowMs >= dueMs) this.append('lease', Buffer.alloc(RECORD_HEADER_BYTES), null);
    const nextMs = idle && nowMs < dueMs ? dueMs : nowMs + renewMs;
    this.#cancelTimer = schedule(Math.min(nextMs, endMs) - nowMs, () => this.#tick());
  }

  /** The lease has run out, as somebody has seen who had to know. */
  expire(): void {
    this.#lose('the lease has run out: this node did not get to renew it in time');
  }

  #lose(reason: string): void {
    if (this.#over) return;
    this.stop();
    this.#options.onLost(reason);
  }
}

function overError(): BrokerError {
  return new BrokerError('not-active', 'this node does not lead any more');
}
