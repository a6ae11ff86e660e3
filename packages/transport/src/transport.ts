import {
  type Backpressure,
  BrokerError,
  type CertificateSubject,
  type EngineContext,
  type Limits,
  type Log,
  type Metrics,
  type Principal,
  type Protocol,
} from '@causeway/core';
import { AggregatedLog } from './aggregated-log.js';
import type { Connection, ConnectionServices } from './connection.js';
import { ConnectionRegistry } from './connection-registry.js';
import { type BoundAddress, Listener, type ListenerConfig } from './listener.js';
import { OverloadGate } from './overload-gate.js';
import type { Peer } from './peer.js';
import type { RefreshableClock } from './refreshable-clock.js';
import { Sweep } from './sweep.js';
import type { TickLoop } from './tick-loop.js';

export interface TransportDependencies {
  readonly protocols: readonly Protocol[];
  /** What engines are opened with. */
  readonly context: EngineContext;
  readonly loop: TickLoop;
  readonly clock: RefreshableClock;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Why the producer of the chunk that was just received should not be read for now, or null. */
  backpressure(): Backpressure | null;
  /** Who a verified client certificate stands for, or null. */
  principalOf(subject: CertificateSubject): Principal | null;
  /** How often certificate files are looked at, in milliseconds. */
  readonly certificatePollMs?: number;
}

const CERTIFICATE_POLL_MS = 5000;

/** All listeners and connections of a broker. */
export class Transport {
  readonly #dependencies: TransportDependencies;
  readonly #sweep: Sweep<Peer>;
  readonly #notices: AggregatedLog;
  readonly #registry: ConnectionRegistry;
  readonly #connections: ConnectionServices;
  readonly #listeners: Listener[] = [];

  constructor(dependencies: TransportDependencies) {
    const { clock, context, limits, log, loop, metrics } = dependencies;
    this.#dependencies = dependencies;
    this.#sweep = new Sweep(clock);
    this.#notices = new AggregatedLog(log, clock);
    this.#registry = new ConnectionRegistry({
      limits,
      metrics,
      clock,
      sweep: this.#sweep,
      notices: this.#notices,
    });
    const overload = new OverloadGate<Connection>(() => dependencies.backpressure());
    this.#connections = { loop, clock, limits, metrics, overload, context };
    loop.afterTurn(() => overload.release());
    this.#sweep.onVisit(() => {
      overload.release();
      this.#notices.flush();
    });
  }

  /** Connections that are open, those that have not logged in included. */
  get connectionCount(): number {
    return this.#registry.size;
  }

  /** Starts a listener. @throws BrokerError `config-invalid` when it cannot be started */
  async listen(config: ListenerConfig): Promise<BoundAddress> {
    const { certificatePollMs, log, principalOf, protocols } = this.#dependencies;
    const listener = new Listener(config, {
      protocols,
      connections: this.#connections,
      registry: this.#registry,
      log,
      notices: this.#notices,
      certificatePollMs: certificatePollMs ?? CERTIFICATE_POLL_MS,
      principalOf,
    });
    const bound = await listener.listen();
    this.#listeners.push(listener);
    this.#sweep.start();
    return bound;
  }

  /** Reads certificates again whose files changed. @returns how many listeners have new ones */
  async reloadCertificates(): Promise<number> {
    const reloads = this.#listeners.map((listener) => listener.reloadCertificates());
    return (await Promise.all(reloads)).filter((reloaded) => reloaded).length;
  }

  /**
   * Stops accepting, tells every client that the broker stops, and waits until all are gone.
   * @param graceMs after so long those that are left are cut off
   */
  async close(graceMs: number): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    const error = new BrokerError('shutting-down', 'the broker stops');
    for (const peer of this.#registry.peers) {
      if (peer.connection === null) peer.destroy();
      else peer.connection.closeWith(error);
    }
    await this.#drained(graceMs);
    this.#sweep.stop();
  }

  /** Stops accepting and cuts everybody off, at once and without a word. */
  abort(): void {
    for (const listener of this.#listeners) listener.close();
    for (const peer of this.#registry.peers) peer.socket.resetAndDestroy();
    this.#sweep.stop();
  }

  async #drained(graceMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const peer of this.#registry.peers) peer.destroy();
      }, graceMs);
      this.#registry.onEmpty(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
