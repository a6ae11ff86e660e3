import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import {
  BrokerError,
  type CertificateSubject,
  type Log,
  type Principal,
  type Protocol,
} from '@causeway/core';
import { hostAndPort } from './address-text.js';
import type { AggregatedLog } from './aggregated-log.js';
import type { Channel } from './channel.js';
import { Connection, type ConnectionServices } from './connection.js';
import type { ConnectionRegistry } from './connection-registry.js';
import { readHead } from './head-reader.js';
import type { Peer } from './peer.js';
import { parseProxyHeader } from './proxy-protocol.js';
import { type Sniffed, sniff } from './sniff.js';
import { SocketChannel } from './socket-channel.js';
import type { TlsConfig } from './tls-files.js';
import { TlsTerminator } from './tls-terminator.js';
import { WebSocketAcceptor } from './websocket-acceptor.js';

export interface ListenerConfig {
  /** The name of a protocol, `ws` for WebSocket, or `any` for all of them on one port. */
  readonly protocol: string;
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly tls?: TlsConfig | undefined;
  /**
   * Connections come from a trusted proxy that begins each with a PROXY header: one without it is
   * closed, since nobody else may say where a client is.
   */
  readonly proxyProtocol?: boolean | undefined;
  /** Web pages that may open WebSockets; all when absent. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Idle time in milliseconds after which the system probes the peer; never when absent. */
  readonly keepAliveMs?: number | undefined;
}

/** Where a listener can be reached. */
export interface BoundAddress {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

export interface ListenerServices {
  readonly protocols: readonly Protocol[];
  readonly connections: ConnectionServices;
  readonly registry: ConnectionRegistry;
  readonly log: Log;
  readonly notices: AggregatedLog;
  readonly certificatePollMs: number;
  principalOf(subject: CertificateSubject): Principal | null;
}

const ANY = 'any';
const WEBSOCKET = 'ws';
const NOTHING = Buffer.alloc(0);
const ACCEPT_BACKLOG = 4096;
const READ_BYTES = 64 * 1024;

/** Accepts connections on one address and finds out what each of them is. */
export class Listener {
  readonly #config: ListenerConfig;
  readonly #services: ListenerServices;
  /** The one protocol of this listener; null when each connection shows its own. */
  readonly #protocol: Protocol | null;
  readonly #server: Server;
  readonly #webSockets: WebSocketAcceptor;
  #tls: TlsTerminator | null = null;

  /** @throws BrokerError `config-invalid` when there is no such protocol */
  constructor(config: ListenerConfig, services: ListenerServices) {
    this.#config = config;
    this.#services = services;
    this.#protocol = findProtocol(config.protocol, services.protocols);
    this.#webSockets = new WebSocketAcceptor({
      protocols: services.protocols,
      limits: services.connections.limits,
      allowedOrigins: config.allowedOrigins ?? null,
      opened: (peer, channel, protocol) => this.#open(peer, channel, protocol),
    });
    this.#server = createServer({
      // A peer that has sent its last byte still gets our answer; the connection ends it.
      allowHalfOpen: true,
      noDelay: true,
      highWaterMark: READ_BYTES,
      keepAlive: config.keepAliveMs !== undefined,
      keepAliveInitialDelay: config.keepAliveMs ?? 0,
    });
    this.#server.on('connection', (socket) => this.#accepted(socket));
  }

  /** @throws BrokerError `config-invalid` when certificates or the address cannot be used */
  async listen(): Promise<BoundAddress> {
    const { host, port, protocol, tls } = this.#config;
    if (tls !== undefined) await this.#openTls(tls);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen({ host, port, backlog: ACCEPT_BACKLOG }, resolve);
      });
    } catch (error) {
      this.#tls?.close();
      throw unusable(`cannot listen on ${hostAndPort(host, port)}`, error);
    }
    this.#server.removeAllListeners('error');
    this.#server.on('error', (error) =>
      this.#services.notices.note('warn', 'cannot accept', { port, reason: error.message }),
    );
    const bound = this.#server.address() as AddressInfo;
    return { protocol, host: bound.address, port: bound.port, secure: tls !== undefined };
  }

  /** Stops accepting. Connections that are open stay so. */
  close(): void {
    this.#server.close();
    this.#tls?.close();
  }

  /** Reads the certificates again if they changed. @returns whether new ones are in use */
  async reloadCertificates(): Promise<boolean> {
    return (await this.#tls?.reloadIfChanged()) ?? false;
  }

  async #openTls(config: TlsConfig): Promise<void> {
    const { certificatePollMs, connections, log, notices, principalOf } = this.#services;
    try {
      this.#tls = await TlsTerminator.open(config, {
        limits: connections.limits,
        log,
        notices,
        principalOf,
        secured: (peer, socket) => this.#secured(peer, socket),
      });
    } catch (error) {
      throw unusable('cannot use the certificates', error);
    }
    this.#tls.watch(certificatePollMs);
  }

  #accepted(socket: Socket): void {
    const proxied = this.#config.proxyProtocol === true;
    const peer = this.#services.registry.accept(socket, proxied);
    if (peer === null) return;
    if (proxied) this.#readProxyHeader(peer);
    else this.#greet(peer, NOTHING);
  }

  #readProxyHeader(peer: Peer): void {
    readHead(peer.socket, NOTHING, (head) => {
      const header = parseProxyHeader(head);
      switch (header.kind) {
        case 'more':
          return null;
        case 'malformed':
          return () => this.#turnAway(peer, 'malformed PROXY header', head);
        case 'header':
          return () => {
            const { source, length } = header;
            const { registry } = this.#services;
            if (source !== null && !registry.claim(peer, source.address, source.port)) return;
            this.#greet(peer, head.subarray(length));
          };
      }
    });
  }

  #greet(peer: Peer, head: Buffer): void {
    if (this.#config.protocol === ANY) this.#sniff(peer, peer.socket, head);
    else if (this.#tls !== null) this.#tls.accept(peer, head);
    else this.#serve(peer, peer.socket, head);
  }

  #secured(peer: Peer, socket: Socket): void {
    if (this.#config.protocol === ANY) this.#sniff(peer, socket, NOTHING);
    else this.#serve(peer, socket, NOTHING);
  }

  #serve(peer: Peer, socket: Socket, head: Buffer): void {
    if (this.#protocol === null) this.#webSockets.accept(socket, head);
    else this.#openSocket(peer, socket, head, this.#protocol);
  }

  #sniff(peer: Peer, socket: Socket, start: Buffer): void {
    readHead(socket, start, (head) => {
      const sniffed = sniff(head, this.#services.protocols);
      if (sniffed.kind === 'more') return null;
      return () => this.#take(peer, socket, head, sniffed);
    });
  }

  #take(peer: Peer, socket: Socket, head: Buffer, sniffed: Sniffed): void {
    const tls = this.#tls;
    if (sniffed.kind === 'tls' && tls !== null && !peer.secure) {
      tls.accept(peer, head);
    } else if (tls?.required && !peer.secure) {
      // A client that must show a certificate cannot get around it by leaving TLS out.
      this.#turnAway(peer, 'TLS required', head);
    } else if (sniffed.kind === 'http') {
      this.#webSockets.accept(socket, head);
    } else if (sniffed.kind === 'protocol') {
      this.#openSocket(peer, socket, head, sniffed.protocol);
    } else {
      this.#turnAway(peer, sniffed.kind === 'tls' ? 'no certificate for TLS' : 'unknown', head);
    }
  }

  #openSocket(peer: Peer, socket: Socket, head: Buffer, protocol: Protocol): void {
    const connection = this.#open(peer, new SocketChannel(socket), protocol);
    if (head.length > 0) connection.received(head);
  }

  #open(peer: Peer, channel: Channel, protocol: Protocol): Connection {
    const connection = new Connection(this.#services.connections, peer, channel, protocol);
    peer.connection = connection;
    return connection;
  }

  #turnAway(peer: Peer, reason: string, head: Buffer): void {
    this.#services.notices.note('info', 'connection not recognised', {
      reason,
      remote: peer.remote,
      port: peer.localPort,
      // Enough to tell a protocol, too little to hold a password.
      firstBytes: head.toString('hex', 0, 8),
    });
    peer.destroy();
  }
}

function findProtocol(name: string, protocols: readonly Protocol[]): Protocol | null {
  if (name === ANY || name === WEBSOCKET) return null;
  const found = protocols.find((protocol) => protocol.name === name);
  if (found !== undefined) return found;
  const known = [...protocols.map((protocol) => protocol.name), WEBSOCKET, ANY].join(', ');
  throw new BrokerError('config-invalid', `no protocol ${name}; there are ${known}`);
}

function unusable(what: string, cause: unknown): BrokerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BrokerError('config-invalid', `${what}: ${reason}`, cause);
}
