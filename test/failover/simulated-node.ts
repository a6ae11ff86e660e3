import { SILENT_LOG } from '@causeway/core';
import type { ShardReplica } from '@causeway/failover';
import { type CommitBatch, type CommitLog, MemoryState } from '@causeway/journal';
import type { SeededRandom } from '../support/seeded-random.js';
import type { SimulatedClient } from './simulated-client.js';
import type { SimulatedLog } from './simulated-log.js';
import type { SimulatedSeams } from './simulated-seams.js';

export const LEASE_MS = 1000;
/** Small, so that commits have to be split. */
const RECORD_BYTES_MAX = 1024;
/** What a wall clock shows at the start of a simulation. */
const WALL_MS = 1_700_000_000_000;

interface Timer {
  readonly dueMs: number;
  callback: (() => void) | null;
}

/** A commit whose durability a node has promised, or not yet. */
export interface Commit {
  readonly node: string;
  readonly value: string;
  outcome: 'waiting' | 'confirmed' | 'failed';
}

/** What a node's process would hold: everything here is gone when it crashes. */
interface Run {
  readonly client: SimulatedClient;
  readonly replica: ShardReplica;
  readonly timers: Timer[];
}

/** A node in a simulation, with a clock of its own that runs a little fast or slow. */
export class SimulatedNode {
  readonly name: string;
  readonly commits: Commit[] = [];
  /** Why it failed for good, if it did. */
  failure: Error | null = null;
  /** Whether the log has forgotten what it lacks. */
  outdated = false;
  frozen = false;
  state = new MemoryState();
  run: Run | null = null;
  /** What it has last said to have on its disk. */
  durable = 0;
  readonly #seams: SimulatedSeams;
  readonly #log: SimulatedLog;
  readonly #random: SeededRandom;
  /** How fast its clock runs. */
  readonly #speed: number;
  #nowMs: number;
  #wallOffsetMs = WALL_MS;
  #commitLog: CommitLog | null = null;
  #batch: CommitBatch | null = null;
  #committed = 0;

  constructor(name: string, log: SimulatedLog, random: SeededRandom, seams: SimulatedSeams) {
    this.name = name;
    this.#log = log;
    this.#seams = seams;
    this.#random = random;
    this.#speed = 1 + (random.next() - 0.5) * 0.04;
    this.#nowMs = random.between(0, 1_000_000);
  }

  get serving(): boolean {
    return this.run !== null && !this.frozen && this.run.replica.serving;
  }

  /** Whether it may be asked to commit: its journal has one commit under way at a time. */
  get canCommit(): boolean {
    return this.serving && this.#commitLog !== null && this.#batch === null;
  }

  start(): void {
    const client = this.#log.connect(false, RECORD_BYTES_MAX);
    const timers: Timer[] = [];
    const seams = this.#seams;
    const replica = seams.replica({
      log: seams.shardLog(client, this.#log),
      state: this.state,
      clock: seams.clock({
        monotonicMs: () => this.#nowMs,
        wallMs: () => Math.floor(this.#nowMs + this.#wallOffsetMs),
      }),
      random: this.#random,
      schedule: (delayMs, callback) => {
        const timer: Timer = { dueMs: this.#nowMs + delayMs, callback };
        timers.push(timer);
        return () => {
          timer.callback = null;
        };
      },
      node: this.name,
      endpoints: () => [{ name: 'mqtt', address: `${this.name}.example:1883` }],
      leaseMs: LEASE_MS,
      listener: {
        activated: () => {
          this.#commitLog = seams.commitLog(replica, this.state);
        },
        deposed: () => {
          this.#forget();
          replica.resume();
        },
        failed: (error) => {
          this.failure = error;
          this.#forget();
        },
        outdated: () => {
          this.outdated = true;
        },
        followed: () => {},
      },
      onDurable: (sequence) => {
        this.durable = sequence;
      },
      logger: SILENT_LOG,
    });
    this.run = { client, replica, timers };
    replica.start();
  }

  /** Time passes; a frozen process sees it later. */
  pass(realMs: number): void {
    this.#nowMs += realMs * this.#speed;
  }

  /** Somebody sets its wall clock. */
  setWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Runs what is due. */
  wake(): void {
    if (this.run === null || this.frozen) return;
    const { timers } = this.run;
    const due = timers.filter((timer) => timer.dueMs <= this.#nowMs);
    timers.splice(0, timers.length, ...timers.filter((timer) => timer.dueMs > this.#nowMs));
    for (const timer of due) timer.callback?.();
  }

  commit(): void {
    const log = this.#commitLog!;
    const value = `${this.name} ${this.#committed++}`;
    const commit: Commit = { node: this.name, value, outcome: 'waiting' };
    const batch = log.begin();
    // Now and then one that has to be split.
    const filling = this.#random.chance(0.1) ? 2500 : this.#random.below(100);
    batch.put(Buffer.from(`v ${value}`), Buffer.from(`${log.tail + 1}`));
    batch.put(Buffer.from(`f ${value}`), Buffer.alloc(filling));
    batch.delete(Buffer.from(`f ${this.name} ${this.#committed - 2}`));
    this.commits.push(commit);
    this.#batch = batch;
    log.append(log.tail, batch, (error) => {
      commit.outcome = error === null ? 'confirmed' : 'failed';
      this.#batch = null;
    });
  }

  handOver(successor: string | null): void {
    const { replica } = this.run!;
    if (!this.serving || this.#batch !== null) return;
    this.#forget();
    replica.handOver(successor, () => replica.resume());
  }

  /** @param power whether the machine dies, not only the process */
  crash(power: boolean): void {
    this.run?.client.crash();
    this.run?.replica.stop();
    this.run = null;
    this.frozen = false;
    this.#forget();
    this.state = this.state.crash(power);
  }

  #forget(): void {
    this.#commitLog = null;
    this.#batch = null;
  }
}
