import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { BrokerError, type Log } from '@causeway/core';
import { splice } from './splice.js';

export interface PassageListener {
  /** What is spoken there, such as `mqtt`, or `mqtts` with TLS. */
  readonly name: string;
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
}

export interface PassageOptions {
  readonly listeners: readonly PassageListener[];
  /** Where clients of a listener are served, as `host:port`; null while nobody knows. */
  readonly elsewhere: (listener: string) => string | null;
  /** Connections at a time, over all listeners. */
  readonly connectionsMax: number;
  readonly log: Log;
}

/** How long the broker that serves may take to accept a connection. */
const CONNECT_MS = 2000;

/** The ports of a standby that passes its clients on, bytes and all, to the broker that serves. */
export class Passage {
  readonly #options: PassageOptions;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  constructor(options: PassageOptions) {
    this.#options = options;
  }

  /**
   * @returns the ports, in the order of the listeners
   * @throws BrokerError `config-invalid` when an address cannot be bound
   */
  async listen(): Promise<number[]> {
    const ports: number[] = [];
    for (const { name, host, port } of this.#options.listeners) {
      const server = createServer({ noDelay: true }, (client) => this.#accept(name, client));
      this.#servers.push(server);
      try {
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          server.listen(port, host, resolve);
        });
      } catch (error) {
        const reason = (error as Error).message;
        throw new BrokerError('config-invalid', `cannot listen for ${name}: ${reason}`, error);
      }
      ports.push((server.address() as AddressInfo).port);
    }
    return ports;
  }

  /** Stops, and resets every connection, at once. */
  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #accept(name: string, client: Socket): void {
    const { connectionsMax, elsewhere, log } = this.#options;
    this.#keep(client);
    const address = this.#sockets.size > 2 * connectionsMax ? null : elsewhere(name);
    if (address === null) {
      client.destroy();
      return;
    }
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    const broker = connect({ host, port: Number(address.slice(colon + 1)), noDelay: true });
    this.#keep(broker);
    broker.setTimeout(CONNECT_MS, () => broker.destroy());
    broker.once('connect', () => {
      broker.setTimeout(0);
      splice(client, broker);
    });
    broker.once('error', (error) => {
      log.debug('client not passed on', { address, reason: error.message });
    });
    broker.once('close', () => client.destroy());
    client.once('close', () => broker.destroy());
    client.pause();
    broker.once('connect', () => client.resume());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // Every error is followed by `close`.
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
