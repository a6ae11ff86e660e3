import type { FaultProxy } from './fault-proxy.js';
import type { Toxic } from './toxic.js';

/** The proxies between two parts: what happens to one of their connections happens to all. */
export class Edge {
  /** Such as `az-a~region`: who connects, and to whom. */
  readonly name: string;
  readonly proxies: readonly FaultProxy[];
  #toxics: readonly Toxic[] = [];
  /** Changes are made one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(name: string, proxies: readonly FaultProxy[]) {
    this.name = name;
    this.proxies = proxies;
  }

  get toxics(): readonly Toxic[] {
    return this.#toxics;
  }

  get links(): number {
    return this.proxies.reduce((sum, proxy) => sum + proxy.links, 0);
  }

  async start(): Promise<void> {
    for (const proxy of this.proxies) await proxy.start();
  }

  /** A toxic takes the place of another one of its type and direction. */
  add(toxics: readonly Toxic[]): Promise<void> {
    const kept = this.#toxics.filter(
      (old) =>
        !toxics.some(({ type, direction }) => old.type === type && old.direction === direction),
    );
    return this.#use([...kept, ...toxics]);
  }

  clear(): Promise<void> {
    return this.#use([]);
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }

  #use(toxics: readonly Toxic[]): Promise<void> {
    this.#toxics = toxics;
    this.#last = this.#last
      .catch(() => {})
      .then(async () => {
        await Promise.all(this.proxies.map((proxy) => proxy.use(toxics)));
      });
    return this.#last;
  }
}
