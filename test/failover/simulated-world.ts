import { applyChanges, decodeRecord } from '@causeway/failover';
import type { MemoryState } from '@causeway/journal';
import { expect } from 'vitest';
import { SeededRandom } from '../support/seeded-random.js';
import { ChainedLog } from './chained-log.js';
import { type Commit, LEASE_MS, SimulatedNode } from './simulated-node.js';

/** What it takes at most for one to lead, in tenths of a lease. */
const ROUNDS_MAX = 120;

type Action = readonly [weight: number, act: () => void];

/** Nodes over one log, to which everything happens that a seed says. */
export class SimulatedWorld {
  readonly log = new ChainedLog();
  readonly nodes: readonly SimulatedNode[];
  /** What happened, for whoever has to find out why. */
  readonly trace: string[] = [];
  readonly #random: SeededRandom;
  /** What the log's records add up to, and how far that has come. */
  readonly #model = new Map<string, string>();
  #parts: Buffer[] = [];

  constructor(seed: number, nodes = 2) {
    this.#random = new SeededRandom(seed);
    this.nodes = Array.from({ length: nodes }, (_, index) => {
      return new SimulatedNode(`node-${index}`, this.log, this.#random);
    });
    for (const node of this.nodes) node.start();
  }

  /** One thing happens, anywhere. */
  async step(): Promise<void> {
    const actions = this.nodes.flatMap((node) => this.#actions(node));
    actions.push([2, () => this.#pass(this.#random.below(LEASE_MS / 4))]);
    if (this.#random.chance(0.01)) actions.push([5, () => this.log.vanish()]);
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
    while (last > 0 && decodeRecord(this.log.record(last)!).kind !== 'batch') last--;
    const serves = this.nodes.some((node) => node.serving);
    return serves && this.nodes.every(({ state }) => state.position.sequence >= last);
  }

  /** What must hold at any time. */
  check(): void {
    const serving = this.nodes.filter((node) => node.serving).map(({ name }) => name);
    expect(serving.length, `at a time, one serves: ${serving}`).toBeLessThan(2);
    for (const { name, state } of this.nodes) {
      const { sequence } = state.position;
      expect(sequence, `${name} applies what is durable`).toBeLessThanOrEqual(this.log.vouched);
    }
  }

  /** What must hold at the end, when nothing is under way. */
  checkEnd(): void {
    const leaders = this.nodes.filter((node) => node.serving);
    expect(leaders.length, 'one serves at the end').toBe(1);
    this.#followLog();
    this.#checkConfirmed();
    for (const node of this.nodes) {
      expect(node.failure, `${node.name} has not failed`).toBeNull();
      expect(contents(node.state), `${node.name} has what the log says`).toEqual(this.#model);
    }
  }

  #checkConfirmed(): void {
    const commits: Commit[] = this.nodes.flatMap((node) => node.commits);
    for (const { value, outcome } of commits) {
      if (outcome !== 'confirmed') continue;
      expect(this.#model.has(`v ${value}`), `${value} was confirmed and is there`).toBe(true);
    }
    const numbers = [...this.#model].filter(([key]) => key.startsWith('v ')).map(([, n]) => n);
    expect(new Set(numbers).size, 'each commit has a number of its own').toBe(numbers.length);
  }

  /** Replays the log, and checks that each epoch has one writer. */
  #followLog(): void {
    let epoch = 0;
    let writer = '';
    for (let sequence = 1; sequence <= this.log.tail; sequence++) {
      const record = decodeRecord(this.log.record(sequence)!);
      if (record.kind === 'open') {
        expect(record.epoch, 'epochs grow by one').toBe(epoch + 1);
        writer = JSON.parse(record.body.toString()).node;
        this.#parts = [];
      }
      epoch = record.epoch;
      if (record.kind === 'part') this.#parts.push(record.body);
      if (record.kind !== 'batch') continue;
      this.#apply(Buffer.concat([...this.#parts, record.body]), writer);
      this.#parts = [];
    }
  }

  #apply(changes: Buffer, writer: string): void {
    applyChanges(changes, {
      operations: 0,
      bytes: 0,
      put: (key, value) => {
        const text = key.toString();
        expect(text.slice(2).startsWith(writer), `${text} is written by ${writer}`).toBe(true);
        this.#model.set(text, value.length > 20 ? String(value.length) : value.toString());
      },
      delete: (key) => this.#model.delete(key.toString()),
    });
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
    ];
    const { client } = run;
    for (const append of client.appends) {
      if (append.underWay) {
        actions.push([5, () => append.arrive()], [0.2, () => append.drop()]);
      }
      if (node.frozen) continue;
      if (append.answerable) actions.push([5, () => append.answer()]);
      if (!append.answered) actions.push([0.3, () => append.giveUp()]);
    }
    if (node.frozen) return actions;
    for (const call of client.calls) {
      actions.push([5, () => call.answer()], [0.2, () => call.fail()]);
    }
    for (const reading of client.readings) {
      if (reading.ready) actions.push([6, () => reading.deliver()]);
    }
    actions.push([0.05, () => client.cut()]);
    if (node.state.writing) actions.push([6, () => node.state.completeWrite()]);
    if (node.canCommit) {
      actions.push([4, () => node.commit()]);
      actions.push([0.1, () => node.handOver(random.chance(0.5) ? null : 'node-0')]);
    }
    return actions;
  }

  #freeze(node: SimulatedNode): void {
    node.frozen = !node.frozen;
    if (!node.frozen) node.wake();
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
      return [key, value.length > 20 ? String(value.length) : value.toString()];
    }),
  );
}
