import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { Log } from '@causeway/core';
import type { FrontNode } from './front-node.js';
import { probeNode, type Readiness } from './probe-node.js';

export interface NodeWatchOptions {
  readonly nodes: readonly FrontNode[];
  /** How often each node is asked. */
  readonly probeMs: number;
  readonly log: Log;
  /** Another node serves from now on; null when none does. */
  changed(active: FrontNode | null): void;
  /** The node says that it does not serve, or is not there: its connections are worth nothing. */
  deposed(node: FrontNode): void;
}

/** What is known of a node. */
export interface WatchedNode {
  readonly name: string;
  readonly answer: Readiness['answer'] | 'another' | 'behind' | 'unknown';
  readonly role: string;
  readonly epoch: number;
}

const SILENCE_MS_MIN = 500;
const SILENCE_PROBES = 5;

/**
 * Asks nodes again and again whether they serve, and knows which one does: of those that say so the
 * one with the highest epoch, and none whose epoch is older than one that was seen. A node that is
 * silent keeps its connections until another one serves, since it may only be slow.
 */
export class NodeWatch {
  readonly #options: NodeWatchOptions;
  readonly #known = new Map<string, WatchedNode>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #agents = {
    plain: new Agent({ keepAlive: true, maxSockets: 16 }),
    secure: new SecureAgent({ keepAlive: true, maxSockets: 16 }),
  };
  readonly #timeoutMs: number;
  #active: FrontNode | null = null;
  #epoch = 0;
  #stopped = false;

  constructor(options: NodeWatchOptions) {
    this.#options = options;
    this.#timeoutMs = Math.max(SILENCE_MS_MIN, SILENCE_PROBES * options.probeMs);
    for (const { name } of options.nodes) {
      this.#known.set(name, { name, answer: 'unknown', role: 'unknown', epoch: 0 });
    }
  }

  get active(): FrontNode | null {
    return this.#active;
  }

  get nodes(): readonly WatchedNode[] {
    return [...this.#known.values()];
  }

  /** Asks every node once, and goes on asking. */
  async start(): Promise<void> {
    await Promise.all(this.#options.nodes.map((node) => this.#probe(node)));
    if (this.#active === null) this.#lament();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#agents.plain.destroy();
    this.#agents.secure.destroy();
  }

  async #probe(node: FrontNode): Promise<void> {
    const startMs = performance.now();
    const agent = node.admin.secure ? this.#agents.secure : this.#agents.plain;
    const readiness = await probeNode(node, agent, this.#timeoutMs);
    if (this.#stopped) return;
    this.#learn(node, readiness);
    const restMs = this.#options.probeMs - (performance.now() - startMs);
    const again = () => void this.#probe(node);
    this.#timers.set(node.name, setTimeout(again, Math.max(restMs, 1)));
  }

  #learn(node: FrontNode, readiness: Readiness): void {
    const before = this.#known.get(node.name)!;
    const known = this.#judge(node, before, readiness);
    this.#known.set(node.name, known);
    if (known.answer !== before.answer) this.#report(known, readiness);
    if (known.answer === 'ready') this.#epoch = Math.max(this.#epoch, known.epoch);
    this.#choose();
    if (known.answer !== 'ready' && known.answer !== 'silent') this.#options.deposed(node);
  }

  #judge({ name }: FrontNode, before: WatchedNode, readiness: Readiness): WatchedNode {
    if (readiness.answer === 'down' || readiness.answer === 'silent') {
      return { ...before, answer: readiness.answer, role: 'unknown' };
    }
    const { role, epoch } = readiness;
    if (readiness.answer === 'not-ready') return { name, answer: 'not-ready', role, epoch };
    if (readiness.name !== name) return { name, answer: 'another', role, epoch };
    return { name, answer: epoch < this.#epoch ? 'behind' : 'ready', role, epoch };
  }

  #choose(): void {
    let best: FrontNode | null = null;
    let bestEpoch = -1;
    for (const node of this.#options.nodes) {
      const known = this.#known.get(node.name)!;
      if (known.answer !== 'ready') continue;
      // Of two that say they lead in one epoch, which cannot be, the one that is used stays.
      const stays = node === this.#active && known.epoch === bestEpoch;
      if (known.epoch > bestEpoch || stays) {
        best = node;
        bestEpoch = known.epoch;
      }
    }
    if (best === this.#active) return;
    this.#active = best;
    if (best === null) this.#lament();
    else this.#options.log.info('node serves', { node: best.name, epoch: bestEpoch });
    this.#options.changed(best);
  }

  #lament(): void {
    const nodes = this.nodes.map(({ name, answer, role }) => `${name}: ${answer}, ${role}`);
    this.#options.log.warn('no node serves', { nodes: nodes.join('; ') });
  }

  #report({ name, answer, role, epoch }: WatchedNode, readiness: Readiness): void {
    const { log } = this.#options;
    if (answer === 'another' && readiness.answer === 'ready') {
      log.error('node has another name', { node: name, says: readiness.name });
    } else if (answer === 'behind') {
      log.warn('node is behind', { node: name, epoch, newest: this.#epoch });
    } else {
      log.info('node', { node: name, answer, role, epoch });
    }
  }
}
