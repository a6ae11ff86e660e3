import { setTimeout as sleep } from 'node:timers/promises';
import { DrillError } from '../drill-error.js';
import { askSocket } from './unix-http.js';

/** A process of a pair, as its supervisor describes it. */
export interface Part {
  readonly name: string;
  readonly kind: 'node' | 'region' | 'front';
  readonly pid: number | null;
  readonly state: string;
  readonly control: string;
}

/** What a proxy is told to do, in Toxiproxy's words. */
export interface Toxic {
  readonly type: string;
  readonly direction?: 'upstream' | 'downstream';
  readonly attributes?: Readonly<Record<string, number>>;
}

const POLL_MS = 100;
const READY_MS = 40_000;

/** The control socket of `causeway up --multi-az`. */
export class Supervisor {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async parts(): Promise<Part[]> {
    return (await askSocket(this.#path, 'GET', '/parts')) as Part[];
  }

  /** @throws DrillError when there is none of this name */
  async part(name: string): Promise<Part> {
    const part = (await this.parts()).find((candidate) => candidate.name === name);
    if (part === undefined) throw new DrillError(`the pair has no part ${name}`);
    return part;
  }

  async signal(name: string, signal: NodeJS.Signals): Promise<void> {
    await askSocket(this.#path, 'POST', `/parts/${name}/signal`, { signal });
  }

  async hold(name: string): Promise<void> {
    await askSocket(this.#path, 'POST', `/parts/${name}/hold`, {});
  }

  async release(name: string): Promise<void> {
    await askSocket(this.#path, 'POST', `/parts/${name}/release`, {});
  }

  async add(edge: string, toxic: Toxic): Promise<void> {
    await askSocket(this.#path, 'POST', `/proxies/${edge}/toxics`, toxic);
  }

  async heal(edge: string): Promise<void> {
    await askSocket(this.#path, 'DELETE', `/proxies/${edge}/toxics`);
  }

  /**
   * Resolves when the part runs, as another process than `before`.
   * @throws DrillError when it does not come back
   */
  async waitUntilBack(name: string, before: number | null): Promise<void> {
    const deadline = performance.now() + READY_MS;
    for (;;) {
      const { pid, state } = await this.part(name);
      if (state === 'ready' && pid !== before) return;
      if (performance.now() > deadline)
        throw new DrillError(`${name} does not come back: ${state}`);
      await sleep(POLL_MS);
    }
  }

  /** Resolves when the part is a process no more. */
  async waitUntilGone(name: string, before: number | null): Promise<void> {
    const deadline = performance.now() + READY_MS;
    for (;;) {
      const { pid, state } = await this.part(name);
      if (state !== 'ready' || pid !== before) return;
      if (performance.now() > deadline) throw new DrillError(`${name} does not end`);
      await sleep(POLL_MS);
    }
  }
}
