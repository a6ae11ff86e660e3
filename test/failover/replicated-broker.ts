import { SILENT_LOG } from '@causeway/core';
import { ReplicatedLog, ShardReplica } from '@causeway/failover';
import { type CommitLog, MemoryState } from '@causeway/journal';
import { TestBroker, type TestBrokerOptions } from '../support/test-broker.js';
import type { SimulatedClient } from './simulated-client.js';
import type { SimulatedLog } from './simulated-log.js';

const LEASE_MS = 1000;
/** How finely time passes, so that leases are renewed. */
const STEP_MS = 100;
/** Answers to answers, at most. */
const TURNS = 20;

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** A test broker that is one node of several: it works once this node leads. */
export class ReplicatedBroker extends TestBroker {
  readonly state = new MemoryState();
  readonly replica: ShardReplica;
  readonly #client: SimulatedClient;
  #timers: Timer[] = [];
  #commitLog: CommitLog | null = null;

  constructor(log: SimulatedLog, node: string, options: TestBrokerOptions = {}) {
    super(options);
    this.#client = log.connect(false);
    this.replica = new ShardReplica({
      log: this.#client,
      state: this.state,
      clock: this.clock,
      random: this.random,
      schedule: (delayMs, callback) => {
        const timer = { dueMs: this.clock.nowMs + delayMs, callback, cancelled: false };
        this.#timers.push(timer);
        return () => {
          timer.cancelled = true;
        };
      },
      node,
      endpoints: () => [],
      leaseMs: LEASE_MS,
      listener: {
        activated: () => {
          this.#commitLog = new ReplicatedLog(this.replica, this.state);
        },
        deposed: (reason) => {
          throw new Error(reason);
        },
        failed: (error) => {
          throw error;
        },
        outdated: () => {},
        followed: () => {},
      },
      onDurable: () => {},
      logger: SILENT_LOG,
    });
    this.replica.start();
  }

  protected override get commitLog(): CommitLog {
    return this.#commitLog!;
  }

  /** Reads what is in the log. */
  async follow(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) {
      this.#answer();
      await null;
    }
  }

  /** Waits until the lease of whoever led has run out, and leads. */
  async lead(): Promise<void> {
    while (this.#commitLog === null) {
      await this.follow();
      this.#pass(STEP_MS);
    }
    await this.start();
  }

  override advance(milliseconds: number): void {
    for (let leftMs = milliseconds; leftMs > 0; leftMs -= STEP_MS) {
      this.#pass(Math.min(leftMs, STEP_MS));
      this.#answer();
    }
    super.advance(0);
  }

  override completeCommit(): boolean {
    return this.#answer();
  }

  /** Its process dies. @param arrives whether what it has just sent still reaches the log */
  die(arrives: boolean): void {
    for (const append of this.#client.appends) {
      if (arrives) append.arrive();
      else append.drop();
    }
    this.#client.crash();
    this.#timers = [];
  }

  #pass(milliseconds: number): void {
    this.clock.nowMs += milliseconds;
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.clock.nowMs);
    this.#timers = this.#timers.filter((timer) => !due.includes(timer));
    for (const { callback, cancelled } of due) if (!cancelled) callback();
  }

  /** Everything under way is answered. @returns whether anything was */
  #answer(): boolean {
    const client = this.#client;
    let answered = false;
    for (const append of client.appends) {
      append.arrive();
      append.answer();
      answered = true;
    }
    for (const call of client.calls) call.answer();
    for (const reading of client.readings) while (reading.ready) reading.deliver();
    if (this.state.completeWrite()) answered = true;
    client.tidy();
    return answered;
  }
}
