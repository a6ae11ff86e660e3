import type { Socket } from 'node:net';
import type { Limits, Metrics } from '@causeway/core';
import type { AggregatedLog } from './aggregated-log.js';
import { Peer, type PeerOwner } from './peer.js';
import type { RefreshableClock } from './refreshable-clock.js';
import type { Sweep } from './sweep.js';

export interface RegistryOptions {
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly clock: RefreshableClock;
  readonly sweep: Sweep<Peer>;
  readonly notices: AggregatedLog;
}

/** Counts everybody who is connected, in all and per address, and turns away who is too many. */
export class ConnectionRegistry implements PeerOwner {
  readonly #options: RegistryOptions;
  readonly #perAddress = new Map<string, number>();
  #onEmpty: (() => void) | null = null;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#options.sweep.size;
  }

  get peers(): Peer[] {
    return this.#options.sweep.members();
  }

  /** Has `callback` run once, when nobody is connected any more; at once if nobody is. */
  onEmpty(callback: () => void): void {
    if (this.size === 0) callback();
    else this.#onEmpty = callback;
  }

  /**
   * Takes in an accepted socket.
   * @param proxied the address is the proxy's: it is counted when `claim` tells the client's
   * @returns null when it was refused and closed
   */
  accept(socket: Socket, proxied: boolean): Peer | null {
    const { clock, limits, metrics, sweep } = this.#options;
    clock.refresh();
    const peer = new Peer(this, socket, clock.monotonicMs() + limits.handshakeTimeoutMs);
    sweep.add(peer);
    metrics.connectionsOpened++;
    metrics.connectionsOpen++;
    if (sweep.size > limits.connectionsMax) return this.#refuse(peer, 'connectionsMax');
    return proxied || this.#count(peer) ? peer : null;
  }

  /** A trusted proxy says where the client is. @returns false when it was refused and closed */
  claim(peer: Peer, address: string, port: number): boolean {
    peer.remoteAddress = address;
    peer.remotePort = port;
    return this.#count(peer);
  }

  timedOut(peer: Peer): void {
    this.#options.notices.note(
      peer.heard ? 'info' : 'debug',
      peer.heard ? 'login timed out' : 'silent connection timed out',
      { remote: peer.remote, port: peer.localPort },
    );
    peer.destroy();
  }

  gone(peer: Peer): void {
    const { metrics, notices, sweep } = this.#options;
    sweep.remove(peer);
    metrics.connectionsOpen--;
    this.#uncount(peer);
    // Health checks connect and leave without a word, all day long.
    if (!peer.heard) notices.note('debug', 'connection without input', { remote: peer.remote });
    if (sweep.size > 0) return;
    this.#onEmpty?.();
    this.#onEmpty = null;
  }

  #count(peer: Peer): boolean {
    const address = peer.remoteAddress;
    const count = (this.#perAddress.get(address) ?? 0) + 1;
    this.#perAddress.set(address, count);
    peer.countedAddress = address;
    if (count <= this.#options.limits.connectionsPerAddressMax) return true;
    this.#refuse(peer, 'connectionsPerAddressMax');
    return false;
  }

  #uncount(peer: Peer): void {
    const address = peer.countedAddress;
    if (address === null) return;
    const count = (this.#perAddress.get(address) ?? 1) - 1;
    if (count === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, count);
  }

  #refuse(peer: Peer, limit: 'connectionsMax' | 'connectionsPerAddressMax'): null {
    const { metrics, notices } = this.#options;
    metrics.connectionsRefused++;
    notices.note('warn', 'connection refused', { limit, remote: peer.remote });
    peer.socket.destroy();
    return null;
  }
}
