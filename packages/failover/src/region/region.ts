import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { BrokerError } from '@causeway/core';
import { LogStore } from '../log-store.js';
import { clusterIdentity } from './cluster-identity.js';
import { encodeDocument } from './frame.js';
import { FRAME } from './frame-type.js';
import { MemberTable } from './member-table.js';
import { NodeRegistry } from './node-registry.js';
import { RegionConnection, type RegionServices } from './region-connection.js';
import {
  MEMBERS_DEFAULT,
  REGION_LIMITS,
  RETENTION,
  type RegionLimits,
  type RegionOptions,
} from './region-options.js';
import type { RegionStatus } from './region-status.js';
import { SnapshotStore } from './snapshot-store.js';
import { Trimmer } from './trimmer.js';

const SWEEP_MS = 200;
/** How often the log is measured. */
const CHECK_MS = 5000;

/** The log of a cluster, served over TCP to its nodes. */
export class Region {
  readonly #server: Server;
  readonly #services: RegionServices;
  readonly #connections = new Set<RegionConnection>();
  readonly #sweeper: NodeJS.Timeout;
  readonly #checker: NodeJS.Timeout;
  readonly #limits: RegionLimits;
  #checking: Promise<void> = Promise.resolve();
  #sweptMs = performance.now();
  #closing: Promise<void> | null = null;

  private constructor(services: Omit<RegionServices, 'closed'>) {
    this.#limits = services.limits;
    this.#services = {
      ...services,
      closed: (connection) => {
        this.#connections.delete(connection);
      },
    };
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#checker = setInterval(() => {
      this.#checking = this.check();
    }, CHECK_MS);
  }

  /**
   * Opens the log and listens.
   * @throws BrokerError `storage-locked`, `storage-corrupt`, `storage-newer`, `storage-failed`;
   *   `config-invalid` for a folder of another cluster, and for an address that cannot be used
   */
  static async start(options: RegionOptions): Promise<Region> {
    const { folder, log } = options;
    const onFatal = (error: BrokerError): void => {
      log.error('store failed', { code: error.code, reason: error.message });
      options.onFatal(error);
    };
    const limits = { ...REGION_LIMITS, ...options.limits };
    const store = await LogStore.open({ folder, log, onFatal });
    try {
      const members = await MemberTable.load(store, log);
      const identity = await clusterIdentity(store, options.cluster);
      const snapshots = await SnapshotStore.open(folder, limits.snapshotBytesMax, log);
      const registry = new NodeRegistry(limits);
      const trimmer = new Trimmer({
        store,
        members,
        snapshots,
        copies: options.members ?? MEMBERS_DEFAULT,
        retention: { ...RETENTION, ...options.retention },
        log,
        isConnected: ({ name }) => registry.get(name) !== null,
        wantSnapshot: () => {
          const frame = encodeDocument(FRAME.snapshotWanted, 0, { node: null });
          for (const node of registry.all()) node.tell(frame);
        },
      });
      const services = { store, identity, members, trimmer, snapshots, registry, limits, log };
      const region = new Region(services);
      await region.#listen(options.host, options.port);
      region.#checking = region.check();
      log.info('region ready', { ...region.status(), members: members.all().length });
      return region;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get address(): string {
    return this.#bound.address;
  }

  get port(): number {
    return this.#bound.port;
  }

  get pid(): number {
    return process.pid;
  }

  status(): RegionStatus {
    const { store, identity, members, registry, trimmer, snapshots } = this.#services;
    return {
      process: process.pid,
      cluster: identity.name,
      clusterId: identity.id,
      address: this.address,
      port: this.port,
      folder: store.location,
      first: store.first,
      tail: store.tail,
      bytes: trimmer.bytes,
      snapshot: snapshots.latest,
      members: members.all().map(({ name, durable }) => {
        return { name, durable, connected: registry.get(name) !== null };
      }),
    };
  }

  /** Measures the log, and sees to one that is kept for too long; does so by itself now and then. */
  async check(): Promise<void> {
    const { trimmer, log } = this.#services;
    await trimmer.check().catch((error: unknown) => {
      log.warn('the log could not be checked', { reason: (error as Error).message });
    });
  }

  /** Closes all connections, writes what was accepted, and gives the folder back. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  get #bound(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  async #listen(host: string, port: number): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen({ host, port }, resolve);
      });
    } catch (error) {
      this.#stopTimers();
      const reason = (error as Error).message;
      throw new BrokerError(
        'config-invalid',
        `the region cannot listen on ${host}:${port}: ${reason}`,
        error,
      );
    }
    this.#server.removeAllListeners('error');
    this.#server.on('error', (error) => {
      this.#services.log.warn('the region cannot accept', { reason: error.message });
    });
  }

  #accept(socket: Socket): void {
    const strangers = [...this.#connections].filter(({ isAdmitted }) => !isAdmitted);
    if (strangers.length >= this.#limits.strangersMax) {
      strangers[0]!.close('too many connections have not said who they are');
    }
    this.#connections.add(new RegionConnection(socket, this.#services));
  }

  #sweep(): void {
    const nowMs = performance.now();
    const wasHeldUp = nowMs - this.#sweptMs > 4 * SWEEP_MS;
    this.#sweptMs = nowMs;
    // What has arrived meanwhile has not been read yet: this process was silent, not the nodes.
    if (wasHeldUp) return;
    for (const connection of this.#connections) connection.sweep(nowMs);
  }

  async #close(): Promise<void> {
    const { store, registry, snapshots } = this.#services;
    this.#stopTimers();
    registry.close();
    const ended = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#checking;
    await store.close();
    for (const connection of this.#connections) connection.close('the region stops');
    await ended;
    await snapshots.close();
  }

  #stopTimers(): void {
    clearInterval(this.#sweeper);
    clearInterval(this.#checker);
  }
}
