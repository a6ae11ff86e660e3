import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import type { CertificateSubject, Limits, Log, Principal } from '@causeway/core';
import type { AggregatedLog } from './aggregated-log.js';
import { certificateSubject } from './certificate-subject.js';
import { unread } from './head-reader.js';
import { ignoreError, type Peer, tagSocket } from './peer.js';
import { type TlsConfig, TlsFiles } from './tls-files.js';

export interface TlsTerminatorOptions {
  readonly limits: Limits;
  readonly log: Log;
  readonly notices: AggregatedLog;
  /** Who a verified client certificate stands for, or null. */
  principalOf(subject: CertificateSubject): Principal | null;
  /** A handshake has succeeded. */
  secured(peer: Peer, socket: TLSSocket): void;
}

/**
 * Takes TLS off accepted sockets. Certificates are read again when their files change: new
 * handshakes then use the new ones. While the new files do not fit together the old ones stay.
 */
export class TlsTerminator {
  readonly #config: TlsConfig;
  readonly #files: TlsFiles;
  readonly #options: TlsTerminatorOptions;
  readonly #server: Server;
  /** Peers in their handshake. A TLS server does not tell which socket a secured one lies over. */
  readonly #handshakes = new Map<string, Peer>();
  #timer: NodeJS.Timeout | null = null;
  #checking = false;

  private constructor(
    config: TlsConfig,
    files: TlsFiles,
    context: SecureContextOptions,
    options: TlsTerminatorOptions,
  ) {
    this.#config = config;
    this.#files = files;
    this.#options = options;
    const clientAuth = config.clientAuth ?? 'none';
    // This server never listens: sockets are handed to it.
    this.#server = createServer({
      ...context,
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'require',
      handshakeTimeout: options.limits.handshakeTimeoutMs,
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#failed(error, socket));
  }

  /** Reads the files. @throws Error that names what is wrong with them */
  static async open(config: TlsConfig, options: TlsTerminatorOptions): Promise<TlsTerminator> {
    // Without authorities of its own TLS would trust those of the web: anybody can get a
    // certificate with somebody's name from one of them.
    if ((config.clientAuth ?? 'none') !== 'none' && config.ca === undefined) {
      throw new Error('client certificates need `ca`, the authorities they must come from');
    }
    const files = new TlsFiles(config);
    return new TlsTerminator(config, files, await files.read(), options);
  }

  /** Whether nobody may be served without a certificate. */
  get required(): boolean {
    return this.#config.clientAuth === 'require';
  }

  /** Starts the handshake; `head` was read from the socket before. */
  accept(peer: Peer, head: Buffer): void {
    const key = handshakeKey(peer.socket);
    this.#handshakes.set(key, peer);
    peer.socket.once('close', () => this.#forget(key, peer));
    unread(peer.socket, head);
    this.#server.emit('connection', peer.socket);
  }

  /** Looks at the files every `intervalMs`. */
  watch(intervalMs: number): void {
    this.#timer = setInterval(() => void this.reloadIfChanged(), intervalMs);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** @returns whether new certificates are in use */
  async reloadIfChanged(): Promise<boolean> {
    if (this.#checking) return false;
    this.#checking = true;
    try {
      if (!(await this.#files.changed())) return false;
      this.#server.setSecureContext(await this.#files.read());
      this.#options.log.info('certificates reloaded', { cert: this.#config.cert });
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log.error('certificates not reloaded, the old ones stay in use', {
        cert: this.#config.cert,
        reason,
      });
      return false;
    } finally {
      this.#checking = false;
    }
  }

  #secured(socket: TLSSocket): void {
    socket.on('error', ignoreError);
    const key = handshakeKey(socket);
    const peer = this.#handshakes.get(key);
    if (peer === undefined) {
      socket.destroy();
      return;
    }
    this.#handshakes.delete(key);
    const subject = certificateSubject(socket);
    peer.certificatePrincipal = subject === null ? null : this.#options.principalOf(subject);
    peer.secure = true;
    tagSocket(socket, peer);
    this.#options.secured(peer, socket);
  }

  #failed(error: Error, socket: TLSSocket): void {
    const peer = this.#handshakes.get(handshakeKey(socket));
    this.#options.notices.note('info', 'TLS handshake failed', {
      remote: peer?.remote,
      code: (error as NodeJS.ErrnoException).code,
      reason: error.message,
    });
    socket.on('error', ignoreError);
    socket.destroy();
    peer?.socket.destroy();
  }

  #forget(key: string, peer: Peer): void {
    if (this.#handshakes.get(key) === peer) this.#handshakes.delete(key);
  }
}

/** Both ends of the TCP connection below: the same for a socket and for the TLS socket over it. */
function handshakeKey(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`;
}
