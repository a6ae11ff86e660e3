import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { BrokerError, type Log } from '@causeway/core';
import type { SocketAddress } from '../proxy/fault-proxy.js';
import { Admission } from './admission.js';
import type { FrontNode } from './front-node.js';
import { NodeWatch, type WatchedNode } from './node-watch.js';
import { encodeProxyHeader, type ProxyHeaderVersion } from './proxy-header.js';
import { splice } from './splice.js';

export interface FrontOptions {
  /** What clients connect to. */
  readonly listeners: readonly SocketAddress[];
  readonly nodes: readonly FrontNode[];
  /** How long a connection is held while no node serves. */
  readonly waitMs: number;
  readonly probeMs: number;
  readonly connectionsMax: number;
  readonly admitPerSecond: number;
  /** Null for none. */
  readonly proxyHeader: ProxyHeaderVersion | null;
  readonly log: Log;
}

export interface FrontStatus {
  readonly process: number;
  /** Name of the node that gets connections. */
  readonly active: string | null;
  readonly nodes: readonly WatchedNode[];
  /** Connections that are passed on, that wait, and that were refused since the start. */
  readonly connections: number;
  readonly waiting: number;
  readonly refused: number;
}

/** A connection of a client, which is not read before it is passed on. */
interface Held {
  readonly client: Socket;
  /** Which listener it came through. */
  readonly place: number;
  readonly sinceMs: number;
}

const BACKLOG = 4096;
const KEEP_ALIVE_MS = 60_000;
const REPORT_MS = 1000;
const REDIAL_MS = 50;

/**
 * The one address of several nodes: it takes connections, and passes each on to the node that
 * serves. It knows nothing of what is spoken. When another node serves, connections to the former
 * one are reset, so that their clients come back and find the other.
 */
export class Front {
  readonly #options: FrontOptions;
  readonly #servers: Server[] = [];
  readonly #clients = new Set<Socket>();
  /** Connections by the node that they are passed on to. */
  readonly #spliced = new Map<FrontNode, Set<Socket>>();
  readonly #watch: NodeWatch;
  readonly #admission: Admission<Held>;
  #refused = 0;
  #unreported = 0;
  #reportTimer: NodeJS.Timeout | undefined;

  constructor(options: FrontOptions) {
    this.#options = options;
    for (const node of options.nodes) this.#spliced.set(node, new Set());
    this.#admission = new Admission({
      waitMs: options.waitMs,
      perSecond: options.admitPerSecond,
      admit: (held) => this.#passOn(held),
      expire: ({ client }) => this.#refuse(client),
    });
    this.#watch = new NodeWatch({
      nodes: options.nodes,
      probeMs: options.probeMs,
      log: options.log,
      changed: (active) => this.#changed(active),
      deposed: (node) => this.#depose(node),
    });
  }

  /**
   * Binds everything, and asks each node once.
   * @returns the bound addresses, in the order of the listeners
   * @throws BrokerError `config-invalid` when an address cannot be bound
   */
  async start(): Promise<readonly SocketAddress[]> {
    const bound: SocketAddress[] = [];
    try {
      for (const [place, address] of this.#options.listeners.entries()) {
        bound.push(await this.#listen(address, place));
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    await this.#watch.start();
    return bound;
  }

  get status(): FrontStatus {
    let connections = 0;
    for (const sockets of this.#spliced.values()) connections += sockets.size;
    return {
      process: process.pid,
      active: this.#watch.active?.name ?? null,
      nodes: this.#watch.nodes,
      connections,
      waiting: this.#admission.waiting,
      refused: this.#refused,
    };
  }

  async close(): Promise<void> {
    this.#watch.stop();
    const closing = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    this.#admission.close();
    for (const client of this.#clients) client.destroy();
    this.#report();
    await Promise.all(closing);
  }

  async #listen({ host, port }: SocketAddress, place: number): Promise<SocketAddress> {
    const server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    server.on('connection', (client) => this.#accept(client, place));
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, backlog: BACKLOG }, resolve);
      });
    } catch (error) {
      const reason = (error as Error).message;
      throw new BrokerError('config-invalid', `cannot listen on ${host}:${port}: ${reason}`, error);
    }
    server.removeAllListeners('error');
    server.on('error', (error) =>
      this.#options.log.error('cannot accept', { port, reason: error.message }),
    );
    this.#servers.push(server);
    const bound = server.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  #accept(client: Socket, place: number): void {
    this.#clients.add(client);
    client.on('error', () => {});
    client.on('close', () => this.#clients.delete(client));
    if (this.#clients.size > this.#options.connectionsMax) this.#refuse(client);
    else this.#admission.add({ client, place, sinceMs: performance.now() });
  }

  #passOn(held: Held): void {
    const { client, place } = held;
    const node = this.#watch.active;
    if (client.destroyed) return;
    // It served a moment ago.
    if (node === null) {
      this.#admission.add(held);
      return;
    }
    const server = connect({ ...node.endpoints[place]!, allowHalfOpen: true, noDelay: true });
    const sockets = this.#spliced.get(node)!;
    sockets.add(server);
    let connected = false;
    server.on('connect', () => {
      connected = true;
      this.#introduce(client, server);
      splice(client, server);
      client.resume();
    });
    server.on('error', () => {});
    server.on('close', () => {
      sockets.delete(server);
      if (!connected) this.#redial(held);
    });
  }

  /** Nobody has read anything of it yet: another node, or the same one a little later, may have it. */
  #redial(held: Held): void {
    const { client, sinceMs } = held;
    if (client.destroyed) return;
    if (performance.now() - sinceMs > this.#options.waitMs) this.#refuse(client);
    else setTimeout(() => this.#admission.add(held), REDIAL_MS);
  }

  #introduce(client: Socket, server: Socket): void {
    const { proxyHeader } = this.#options;
    if (proxyHeader === null) return;
    const source = { host: client.remoteAddress ?? '', port: client.remotePort ?? 0 };
    const destination = { host: client.localAddress ?? '', port: client.localPort ?? 0 };
    server.write(encodeProxyHeader(proxyHeader, source, destination));
  }

  #changed(active: FrontNode | null): void {
    this.#admission.turn(active !== null);
    if (active === null) return;
    for (const node of this.#spliced.keys()) if (node !== active) this.#depose(node);
  }

  #depose(node: FrontNode): void {
    const sockets = this.#spliced.get(node)!;
    if (sockets.size === 0) return;
    this.#options.log.info('connections reset', { node: node.name, count: sockets.size });
    for (const socket of sockets) socket.resetAndDestroy();
  }

  #refuse(client: Socket): void {
    client.resetAndDestroy();
    this.#refused++;
    this.#unreported++;
    this.#reportTimer ??= setTimeout(() => this.#report(), REPORT_MS);
  }

  #report(): void {
    clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
    if (this.#unreported === 0) return;
    const why = this.#watch.active === null ? 'no node serves' : 'too many connections';
    this.#options.log.warn('connections refused', { count: this.#unreported, why });
    this.#unreported = 0;
  }
}
