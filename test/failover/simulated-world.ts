import { decodeRecord, encodeRecord } from '@causeway/failover';
import type { MemoryState } from '@causeway/journal';
import { expect } from 'vitest';
import { SeededRandom } from '../support/seeded-random.js';
import { ChainedLog } from './chained-log.js';
import { SimulatedHistory, shortened } from './simulated-history.js';
import type { SimulatedLog } from './simulated-log.js';
import { type Commit, LEASE_MS, SimulatedNode } from './simulated-node.js';
import { type SimulatedSeams, SOUND_SEAMS } from './simulated-seams.js';

/** What it takes at most for one to lead, in tenths of a lease. */
const ROUNDS_MAX = 120;

type Action = readonly [weight: number, act: () => void];

export interface WorldOptions {
  readonly nodes: number;
  readonly log: () => SimulatedLog;
  readonly seams: SimulatedSeams;
  /** What the log may forget. */
  readonly forgettable: (nodes: readonly SimulatedNode[]) => number;
  /** Whether somebody changes what the log has: then nodes may fail, but not disagree. */
  readonly tampering: boolean;
}

/** What every node has on its disk. */
const SOUND_WORLD: WorldOptions = {
  nodes: 2,
  log: () => new ChainedLog(),
  seams: SOUND_SEAMS,
  forgettable: (nodes) => Math.min(...nodes.map(({ durable }) => durable)),
  tampering: false,
};

/** Nodes over one log, to which everything happens that a seed says. */
export class SimulatedWorld {
  readonly log: SimulatedLog;
  readonly nodes: readonly SimulatedNode[];
  readonly #options: WorldOptions;
  readonly #random: SeededRandom;
  readonly #history: SimulatedHistory;
  #tampered = false;
  /** For so many more steps the log answers nobody. */
  #awaySteps = 0;

  constructor(seed: number, options: Partial<WorldOptions> = {}) {
    this.#options = { ...SOUND_WORLD, ...options };
    const { log, nodes, seams } = this.#options;
    this.#random = new SeededRandom(seed);
    this.log = log();
    this.#history = new SimulatedHistory(this.log);
    this.nodes = Array.from({ length: nodes }, (_, index) => {
      return new SimulatedNode(`node-${index}`, this.log, this.#random, seams);
    });
    for (const node of this.nodes) node.start();
  }

  /** One thing happens, anywhere. */
  async step(): Promise<void> {
    const actions = this.nodes.flatMap((node) => this.#actions(node));
    actions.push([2, () => this.#pass(this.#random.below(LEASE_MS / 4))]);
    if (this.#awaySteps > 0) this.#awaySteps--;
    else if (this.#random.chance(0.01)) this.#awaySteps = this.#random.between(10, 60);
    if (this.#random.chance(0.01)) actions.push([5, () => this.log.vanish()]);
    if (this.#random.chance(0.1)) actions.push([5, () => this.#trim()]);
    if (this.#options.tampering && !this.#tampered) actions.push([0.2, () => this.#tamper()]);
    const total = actions.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.#random.next() * total;
    const chosen = actions.find(([weight]) => {
      at -= weight;
      return at < 0;
    });
    chosen?.[1]();
    await this.#settle();
    this.check();
  }

  /** No more faults: everything is answered, and time passes, until one node has led for a while. */
  async heal(): Promise<void> {
    this.#awaySteps = 0;
    for (const node of this.nodes) {
      node.frozen = false;
      if (node.run === null) node.start();
    }
    for (let round = 0; round < ROUNDS_MAX && !this.#settled; round++) {
      this.#pass(LEASE_MS / 10);
      for (let turn = 0; turn < 8; turn++) {
        for (const node of this.nodes) this.#answer(node);
        await this.#settle();
        this.check();
      }
    }
  }

  /** One serves, and all have every commit. */
  get #settled(): boolean {
    let last = this.log.tail;
    const { first } = this.log;
    while (last >= first && decodeRecord(this.log.record(last)!).kind !== 'batch') last--;
    const serves = this.nodes.some((node) => node.serving);
    return (
      serves &&
      this.nodes.every(({ failure, run, state }) => {
        // Who has not read all of it may not know yet that it was tampered with.
        const read = run !== null && run.replica.received >= this.log.tail;
        return failure !== null || (read && state.position.sequence >= last);
      })
    );
  }

  /** What must hold at any time. */
  check(): void {
    for (const { name, run } of this.nodes) {
      if (run?.replica.role !== 'active') continue;
      expect(run.replica.connected, `${name} is active because it leads`).toBe(true);
    }
    const serving = this.nodes.filter((node) => node.serving).map(({ name }) => name);
    expect(serving.length, `at a time, one serves: ${serving}`).toBeLessThan(2);
    if (this.#tampered) return;
    for (const { name, state } of this.nodes) {
      const { sequence } = state.position;
      expect(sequence, `${name} applies what is durable`).toBeLessThanOrEqual(this.log.vouched);
    }
  }

  /** What must hold at the end, when nothing is under way. */
  checkEnd(): void {
    const fit = this.nodes.filter(({ failure }) => failure === null);
    if (this.#tampered) {
      const states = fit.map(({ state }) => contents(state));
      for (const state of states) expect(state, 'those that are fit agree').toEqual(states[0]);
      return;
    }
    this.#history.replay();
    this.#checkConfirmed();
    for (const { failure, name, outdated, state } of this.nodes) {
      expect(outdated, `what ${name} lacks is forgotten`).toBe(false);
      expect(failure, `${name} has not failed`).toBeNull();
      expect(contents(state), `${name} has what the log says`).toEqual(this.#history.contents);
    }
    expect(fit.filter((node) => node.serving).length, 'one serves at the end').toBe(1);
  }

  #checkConfirmed(): void {
    const { contents } = this.#history;
    const commits: Commit[] = this.nodes.flatMap((node) => node.commits);
    for (const { value, outcome } of commits) {
      if (outcome !== 'confirmed') continue;
      expect(contents.has(`v ${value}`), `${value} was confirmed and is there`).toBe(true);
    }
    const numbers = [...contents].filter(([key]) => key.startsWith('v ')).map(([, n]) => n);
    expect(new Set(numbers).size, 'each commit has a number of its own').toBe(numbers.length);
  }

  #trim(): void {
    this.#history.trim(this.#options.forgettable(this.nodes));
  }

  /** Another record takes the place of one that somebody has not read yet. */
  #tamper(): void {
    const applied = Math.min(...this.nodes.map(({ state }) => state.position.sequence));
    const sequence = Math.max(this.#random.between(applied + 1, this.log.tail), this.log.first);
    const bytes = this.log.record(sequence);
    if (bytes === null) return;
    const record = decodeRecord(bytes);
    const value = record.body.indexOf('v node-');
    if (record.kind !== 'batch' || value < 0) return;
    this.#tampered = true;
    const body = Buffer.from(record.body);
    body.write('w', value);
    this.log.replace(sequence, encodeRecord(record, body));
  }

  #pass(realMs: number): void {
    for (const node of this.nodes) node.pass(realMs);
    for (const node of this.nodes) node.wake();
  }

  /** Everything that may happen to a node now. */
  #actions(node: SimulatedNode): Action[] {
    const { run } = node;
    if (run === null) return [[2, () => node.start()]];
    const random = this.#random;
    const actions: Action[] = [
      [0.05, () => node.crash(random.chance(0.3))],
      [0.1, () => this.#freeze(node)],
      [0.05, () => node.setWallClock(random.between(-20, 20) * LEASE_MS)],
    ];
    const { client } = run;
    if (this.#awaySteps > 0) return [...actions, ...this.#actionsWithoutLog(node)];
    for (const append of client.appends) {
      if (append.underWay) {
        actions.push([5, () => append.arrive()], [0.2, () => append.drop()]);
      }
      if (node.frozen) continue;
      if (append.answerable) actions.push([5, () => append.answer()]);
      if (!append.answered) actions.push([0.3, () => append.giveUp()]);
    }
    if (node.frozen) return actions;
    actions.push(...this.#actionsOfNode(node));
    for (const call of client.calls) {
      actions.push([5, () => call.answer()], [0.2, () => call.fail()]);
    }
    for (const reading of client.readings) {
      if (reading.ready) actions.push([6, () => reading.deliver()]);
    }
    actions.push([0.3, () => client.cut()]);
    return actions;
  }

  /** What happens while the log is away: requests are given up, and nothing is answered. */
  #actionsWithoutLog(node: SimulatedNode): Action[] {
    if (node.frozen) return [];
    const { client } = node.run!;
    const actions = this.#actionsOfNode(node);
    for (const append of client.appends) {
      if (!append.answered) actions.push([1, () => append.giveUp()]);
    }
    for (const call of client.calls) actions.push([1, () => call.fail()]);
    return actions;
  }

  #actionsOfNode(node: SimulatedNode): Action[] {
    const actions: Action[] = [];
    if (node.state.writing) actions.push([6, () => node.state.completeWrite()]);
    if (node.canCommit) {
      actions.push([4, () => node.commit()]);
      const successor = this.#random.chance(0.5) ? null : 'node-0';
      actions.push([0.1, () => node.handOver(successor)]);
    }
    return actions;
  }

  /** Stops a process or lets it go on: its timers are not the first thing that it gets to. */
  #freeze(node: SimulatedNode): void {
    node.frozen = !node.frozen;
  }

  #answer(node: SimulatedNode): void {
    const { client } = node.run!;
    for (const append of client.appends) {
      append.arrive();
      append.answer();
    }
    for (const call of client.calls) call.answer();
    for (const reading of client.readings) while (reading.ready) reading.deliver();
    node.state.completeWrite();
    client.tidy();
  }

  async #settle(): Promise<void> {
    for (let turn = 0; turn < 6; turn++) await null;
    for (const node of this.nodes) node.run?.client.tidy();
  }
}

function contents(state: MemoryState): Map<string, string> {
  return new Map(
    [...state.entries()].map(([key, value]) => {
      return [key, shortened(value)];
    }),
  );
}
