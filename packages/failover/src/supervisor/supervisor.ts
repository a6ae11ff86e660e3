import { BrokerError, type Log } from '@causeway/core';
import type { Edge } from '../proxy/edge.js';
import { Part, type PartKind, type PartSpec, type PartStatus } from './part.js';
import { startSupervisorControl } from './supervisor-control.js';

export interface SupervisorOptions {
  readonly parts: readonly PartSpec[];
  readonly edges: readonly Edge[];
  /** Path of the socket on which it is told what to do. */
  readonly socket: string;
  readonly log: Log;
  /** Takes the lines that parts write. */
  writeLine(line: string): void;
}

/** Clients lose their way in first, and nodes their log last. */
const STOP_ORDER: readonly PartKind[] = ['front', 'node', 'region'];

/** Runs the parts of a pair as child processes, and the proxies between them in this one. */
export class Supervisor {
  readonly edges: readonly Edge[];
  readonly #options: SupervisorOptions;
  readonly #parts: readonly Part[];
  #control: { close(): Promise<void> } | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.edges = options.edges;
    this.#parts = options.parts.map((spec) => new Part(spec, options));
  }

  get parts(): readonly PartStatus[] {
    return this.#parts.map((part) => part.status);
  }

  /** @throws BrokerError `address-not-found` when there is no such part */
  part(name: string): Part {
    const part = this.#parts.find(({ spec }) => spec.name === name);
    if (part !== undefined) return part;
    const known = this.#parts.map(({ spec }) => spec.name).join(', ');
    throw new BrokerError('address-not-found', `there is no part ${name}: there are ${known}`);
  }

  /** @throws BrokerError `address-not-found` when there is no such edge */
  edge(name: string): Edge {
    const edge = this.edges.find((each) => each.name === name);
    if (edge !== undefined) return edge;
    const known = this.edges.map((each) => each.name).join(', ');
    throw new BrokerError('address-not-found', `there is no edge ${name}: there are ${known}`);
  }

  /**
   * Starts the proxies, then the log, then everything else; resolves when all parts are ready.
   * @throws PartError when a part cannot start
   * @throws BrokerError `config-invalid`, `storage-locked` when another supervisor runs there
   */
  async start(): Promise<void> {
    this.#control = await startSupervisorControl(this, this.#options.socket);
    for (const edge of this.edges) await edge.start();
    const isLog = ({ spec }: Part) => spec.kind === 'region';
    await startAll(this.#parts.filter(isLog));
    await startAll(this.#parts.filter((part) => !isLog(part)));
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#options.log.info('stopping');
    for (const kind of STOP_ORDER) {
      await Promise.all(
        this.#parts.filter(({ spec }) => spec.kind === kind).map((part) => part.stop()),
      );
    }
    await Promise.all(this.edges.map((edge) => edge.close()));
    await this.#control?.close();
    this.#options.log.info('stopped');
  }
}

async function startAll(parts: readonly Part[]): Promise<void> {
  for (const part of parts) part.start();
  await Promise.all(parts.map((part) => part.firstReady));
}
