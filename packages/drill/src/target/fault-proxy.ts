import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Direction } from '../plan/fault.js';
import type { Address } from '../workload/client-settings.js';
import { DelayLine } from './delay-line.js';

/** What a proxy does to the bytes of one direction. */
export interface Impairment {
  /** They vanish. */
  readonly dropped?: boolean;
  /** Milliseconds that they take, and up to how many more. */
  readonly latency?: number;
  readonly jitter?: number;
  /** Bytes per second. */
  readonly rate?: number;
}

type Way = 'upstream' | 'downstream';
const WAYS: readonly Way[] = ['upstream', 'downstream'];
const BACKLOG = 4096;
/** More is not taken from the sender. */
const DELAYED_BYTES_MAX = 256 * 1024;

/** Passes connections on to a broker, well or badly. */
export class FaultProxy {
  readonly #target: Address;
  readonly #random: () => number;
  readonly #links = new Set<Link>();
  readonly #impairments: Record<Way, Impairment> = { upstream: {}, downstream: {} };
  #server: Server | null = null;
  #port = 0;
  #resets = false;

  /** @param random numbers from 0 up to 1, for jitter */
  constructor(target: Address, random: () => number) {
    this.#target = target;
    this.#random = random;
  }

  get address(): Address {
    return { host: '127.0.0.1', port: this.#port };
  }

  /** Listens, on the same port each time. */
  async open(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer({ noDelay: true }, (client) => this.#accept(client));
    this.#server = server;
    server.listen({ host: '127.0.0.1', port: this.#port, backlog: BACKLOG });
    await once(server, 'listening');
    this.#port = (server.address() as { port: number }).port;
  }

  /** Ends all connections, and refuses new ones until `open`. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = once(server, 'close');
    server.close();
    this.#endAll(false);
    await closed;
  }

  /** Resets all connections, and new ones too while `on`. */
  reset(on: boolean): void {
    this.#resets = on;
    if (on) this.#endAll(true);
  }

  impair(direction: Direction, impairment: Impairment): void {
    for (const way of WAYS) {
      if (direction === way || direction === 'both') this.#impairments[way] = impairment;
    }
  }

  /** Passes everything on again. Connections that have lost bytes end, as they make no sense. */
  heal(): void {
    const broken = WAYS.some((way) => this.#impairments[way].dropped === true);
    for (const way of WAYS) this.#impairments[way] = {};
    if (broken) this.#endAll(true);
  }

  #endAll(reset: boolean): void {
    for (const link of this.#links) link.end(reset);
  }

  #accept(client: Socket): void {
    if (this.#resets) {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    const link = new Link(client, this.#target, this.#random, (way) => this.#impairments[way]);
    this.#links.add(link);
    link.onEnd = () => this.#links.delete(link);
  }
}

/** A connection of a client, and the one to the broker that belongs to it. */
class Link {
  onEnd: () => void = () => {};
  readonly #client: Socket;
  readonly #broker: Socket;
  readonly #random: () => number;
  #ended = false;

  constructor(
    client: Socket,
    target: Address,
    random: () => number,
    impairment: (way: Way) => Impairment,
  ) {
    this.#client = client;
    this.#random = random;
    this.#broker = connect({ ...target, noDelay: true });
    this.#pipe(client, this.#broker, () => impairment('upstream'));
    this.#pipe(this.#broker, client, () => impairment('downstream'));
    for (const socket of [client, this.#broker]) {
      socket.on('error', () => this.end(true));
      socket.on('close', () => this.end(false));
    }
  }

  end(reset: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const socket of [this.#client, this.#broker]) {
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
    this.onEnd();
  }

  #pipe(from: Socket, to: Socket, impairment: () => Impairment): void {
    const line = new DelayLine((chunk) => {
      if (this.#ended || to.destroyed) return;
      if (chunk === null) to.end();
      else if (!to.write(chunk)) from.pause();
      if (line.bytes < DELAYED_BYTES_MAX && !to.writableNeedDrain) from.resume();
    });
    to.on('drain', () => from.resume());
    from.on('data', (chunk: Buffer) => {
      const { dropped, latency = 0, jitter = 0, rate } = impairment();
      if (dropped === true) return;
      const sending = rate === undefined ? 0 : (chunk.length / rate) * 1000;
      line.push(chunk, latency + jitter * this.#random(), sending);
      if (line.bytes >= DELAYED_BYTES_MAX) from.pause();
    });
    from.on('end', () => {
      if (impairment().dropped !== true) line.push(null, 0, 0);
    });
  }
}
