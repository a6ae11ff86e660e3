import { DueIndex } from './due-index.js';
import { BrokerError } from './errors.js';
import type { Limits } from './limits.js';
import type { Message } from './message.js';
import type { Metrics } from './metrics.js';
import type { Clock, Log, QueueState, RecoveredQueue, Store, StoredEntry } from './ports.js';
import { QueueLog } from './queue-log.js';

interface Dependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  readonly requestTurn: () => void;
  /** Creates the queue that the messages rest in; returns its id. */
  readonly createQueue: () => number;
  /** Whether too much waits for the disk. */
  readonly overloaded: () => boolean;
  /** Publishes a message whose time has come. */
  readonly release: (message: Message) => void;
}

/** Messages read from the store at a time. */
const READ_MESSAGES = 256;
/** What a record has room for. */
const NOT_BEFORE_MAX = 2 ** 48 - 1;

/**
 * Messages that nobody may see before their time. They rest in the store, in a queue of their own
 * that has no consumers; in memory there are two numbers for each. When its time has come, a
 * message is read back and published, and leaves this queue in the same commit.
 */
export class DelayedMessages {
  readonly #dependencies: Dependencies;
  /** Sequences by the wall-clock time at which they are due. */
  readonly #index = new DueIndex();
  /** 0 and null until there is a first message. */
  #queueId = 0;
  #log: QueueLog | null = null;
  #reading = false;
  /** The first message is due, and waits for a commit. */
  #gated = false;
  /** The wall-clock time that a deadline is set for. */
  #deadlineAt = Number.POSITIVE_INFINITY;
  #cancelDeadline: () => void = () => {};

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  get length(): number {
    return this.#log?.length ?? 0;
  }

  /** Whether it waits for a commit. */
  get gated(): boolean {
    return this.#gated;
  }

  /** What is known of the queue, if it is the one of that id. */
  stateOf(queueId: number): QueueState | null {
    return queueId === this.#queueId && this.#log !== null ? this.#log.state : null;
  }

  /** @throws BrokerError `quota-exceeded` unless there is room for this many more */
  checkRoom(more: number): void {
    const { scheduledMessagesMax } = this.#dependencies.limits;
    if (more === 0 || this.length + more <= scheduledMessagesMax) return;
    throw new BrokerError('quota-exceeded', `there are ${this.length} delayed messages already`);
  }

  /** @throws BrokerError `quota-exceeded` */
  add(message: Message): void {
    this.checkRoom(1);
    const { store, createQueue } = this.#dependencies;
    message.notBefore = Math.min(Math.ceil(message.notBefore), NOT_BEFORE_MAX);
    if (this.#log === null) {
      this.#queueId = createQueue();
      this.#log = new QueueLog(this.#queueId, store);
    }
    const sequence = this.#log.takeSequence(false);
    store.putEntry(this.#queueId, sequence, message, false);
    this.#index.add(message.notBefore, sequence);
    this.#arm();
  }

  /** Reads back when the messages of earlier runs are due. */
  async restore(queueId: number, recovered: RecoveredQueue | undefined): Promise<void> {
    const log = new QueueLog(queueId, this.#dependencies.store, recovered);
    this.#queueId = queueId;
    this.#log = log;
    while (log.backlog) {
      const entries = await new Promise<StoredEntry[]>((resolve) => {
        if (!log.load(resolve)) resolve([]);
      });
      for (const entry of entries) {
        if (this.#isServed(entry)) this.#index.add(entry.message!.notBefore, entry.sequence);
        else log.settle(entry.sequence);
      }
    }
  }

  /** A commit is durable. */
  committed(): void {
    if (!this.#gated) return;
    this.#gated = false;
    this.run();
  }

  /**
   * Brings what is due on its way. Called when something may be due: at a deadline, and now and
   * then, since the wall clock may be set.
   */
  run(): void {
    if (this.#reading || this.#gated) return;
    const due = this.#takeDue();
    if (due.length > 0) this.#read(due);
    else if (this.#index.nextDueAt > this.#dependencies.clock.wallMs()) this.#arm();
    else this.#gated = true;
  }

  /**
   * Takes out what is due and durable, in order, as long as the sequences rise: mostly that is all,
   * and it can be read in one go.
   */
  #takeDue(): number[] {
    const due: number[] = [];
    const { clock, overloaded } = this.#dependencies;
    if (overloaded()) return due;
    const nowMs = clock.wallMs();
    let last = 0;
    while (due.length < READ_MESSAGES && this.#index.nextDueAt <= nowMs) {
      const sequence = this.#index.next;
      if (sequence < last || !this.#log!.isDurable(sequence)) break;
      due.push(sequence);
      last = sequence;
      this.#index.shift();
    }
    return due;
  }

  #read(due: readonly number[]): void {
    let place = 0;
    const range = {
      first: due[0]!,
      below: due.at(-1)! + 1,
      count: due.length,
      next: (sequence: number): number => {
        while (due[place]! < sequence) place++;
        return due[place] ?? sequence;
      },
    };
    this.#reading = true;
    this.#dependencies.store.readEntries(this.#queueId, range, (entries) => {
      this.#reading = false;
      for (const entry of entries) this.#end(entry);
      // Fewer came when their bodies are large.
      for (const sequence of due.slice(entries.length)) this.#index.add(0, sequence);
      this.run();
      this.#dependencies.requestTurn();
    });
  }

  /** A message leaves the queue: published, or not to be served any more. */
  #end(entry: StoredEntry): void {
    const { clock, metrics, release } = this.#dependencies;
    this.#log!.settle(entry.sequence);
    if (!this.#isServed(entry)) return;
    const message = entry.message!;
    if (message.expiresAt > 0 && message.expiresAt <= clock.wallMs()) {
      metrics.messagesExpired++;
      return;
    }
    message.notBefore = 0;
    release(message);
  }

  #isServed({ message, sequence, stale }: StoredEntry): boolean {
    if (message !== null) return !stale;
    this.#dependencies.metrics.messagesQuarantined++;
    this.#dependencies.log.error('message-damaged', { queue: 'delayed messages', sequence });
    return false;
  }

  /** Sets the deadline for the first message, unless there is an earlier one. */
  #arm(): void {
    const { nextDueAt } = this.#index;
    if (nextDueAt >= this.#deadlineAt) return;
    this.#cancelDeadline();
    this.#deadlineAt = nextDueAt;
    const delayMs = Math.max(nextDueAt - this.#dependencies.clock.wallMs(), 0);
    this.#cancelDeadline = this.#dependencies.schedule(delayMs, () => {
      this.#deadlineAt = Number.POSITIVE_INFINITY;
      this.run();
    });
  }
}
