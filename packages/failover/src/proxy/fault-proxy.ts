import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { BrokerError } from '@causeway/core';
import { ProxyLink } from './proxy-link.js';
import { seededRandom } from './seeded-random.js';
import type { Toxic } from './toxic.js';

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

export interface FaultProxyOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly target: SocketAddress;
  /** Repeats what jitter and slices look like, connection by connection. */
  readonly seed: number;
}

/** How many connections wait to be accepted. */
const BACKLOG = 4096;

/**
 * A TCP proxy that can be told to treat connections badly. Without toxics it passes chunks on as
 * they come, and holds back the side that sends faster than the other takes.
 */
export class FaultProxy {
  readonly #options: FaultProxyOptions;
  readonly #links = new Set<ProxyLink>();
  #server: Server | null = null;
  #port: number;
  #toxics: readonly Toxic[] = [];
  #connections = 0;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  /** Where it listens; the same after it was down. */
  get address(): SocketAddress {
    return { host: this.#options.host, port: this.#port };
  }

  get target(): SocketAddress {
    return this.#options.target;
  }

  /** Connections that it has now. */
  get links(): number {
    return this.#links.size;
  }

  /** @throws BrokerError `config-invalid` when the address cannot be bound */
  async start(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.on('connection', (client) => this.#accept(client));
    const { host } = this.#options;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port: this.#port, backlog: BACKLOG }, resolve);
      });
    } catch (error) {
      const where = `${host}:${this.#port}`;
      const reason = (error as Error).message;
      throw new BrokerError('config-invalid', `cannot listen on ${where}: ${reason}`, error);
    }
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** These toxics from now on, and no others, for connections that are there, too. */
  async use(toxics: readonly Toxic[]): Promise<void> {
    this.#toxics = toxics;
    const down = toxics.some(({ type }) => type === 'down');
    if (down) {
      await this.close();
      return;
    }
    for (const link of this.#links) link.change(toxics);
    if (this.#server === null) await this.start();
  }

  /** Stops listening and resets all connections. */
  async close(): Promise<void> {
    for (const link of this.#links) link.reset();
    this.#links.clear();
    const server = this.#server;
    this.#server = null;
    if (server !== null) await new Promise((resolve) => server.close(resolve));
  }

  #accept(client: Socket): void {
    const { target, seed } = this.#options;
    const link: ProxyLink = new ProxyLink({
      client,
      connect: () => connect({ ...target, allowHalfOpen: true, noDelay: true }),
      toxics: this.#toxics,
      random: seededRandom(seed + this.#connections++),
      closed: () => this.#links.delete(link),
    });
    this.#links.add(link);
  }
}
