import { cpSync, rmSync } from 'node:fs';
import { SILENT_LOG } from '@causeway/core';
import {
  type ConnectOptions,
  connectRegion,
  type Region,
  type RegionLog,
  type RegionOptions,
  startRegion,
} from '@causeway/failover';
import { temporaryFolder } from '../journal/store-fixture.js';

export const CLUSTER = 'test';

/** Regions in this process, and nodes that are connected to the last one. */
export class RegionFixture {
  readonly #folders = [temporaryFolder()];
  readonly #options: Partial<RegionOptions>;
  readonly #clients: RegionLog[] = [];
  #region: Region | null = null;
  #nodes = 0;

  constructor(options: Partial<RegionOptions> = {}) {
    this.#options = options;
  }

  get folder(): string {
    return this.#folders.at(-1)!;
  }

  get region(): Region {
    return this.#region!;
  }

  async start(options: Partial<RegionOptions> = {}): Promise<Region> {
    this.#region = await startRegion({
      folder: this.folder,
      host: '127.0.0.1',
      port: 0,
      cluster: CLUSTER,
      log: SILENT_LOG,
      onFatal: (error) => {
        throw error;
      },
      ...this.#options,
      ...options,
    });
    return this.#region;
  }

  /** A client under a name of its own, unless it is said otherwise. */
  connect(options: Partial<ConnectOptions> = {}): RegionLog {
    const name = `node-${++this.#nodes}`;
    const client = connectRegion({
      host: '127.0.0.1',
      port: this.region.port,
      cluster: CLUSTER,
      node: { name, instance: `${name}-first` },
      log: SILENT_LOG,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** Stops the region and starts it again on the same port. */
  async restart(): Promise<void> {
    const { port } = this.region;
    await this.region.close();
    await this.start({ port });
  }

  /**
   * What the files hold at this moment is what a process that is killed leaves behind: the next
   * region has that. Nobody hears from the one before any more.
   */
  async crash(): Promise<void> {
    for (const client of this.#clients) await client.close();
    const copy = temporaryFolder();
    cpSync(this.folder, copy, { recursive: true });
    this.#folders.push(copy);
    await this.region.close();
    await this.start();
  }

  async dispose(): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.#region?.close();
    for (const folder of this.#folders) rmSync(folder, { recursive: true });
  }
}
