import type { Socket } from 'node:net';
import { Flow } from './flow.js';
import { flowSettings } from './flow-settings.js';
import type { Toxic } from './toxic.js';

export interface ProxyLinkOptions {
  readonly client: Socket;
  /** Dials the target. */
  connect(): Socket;
  readonly toxics: readonly Toxic[];
  readonly random: () => number;
  /** Both sides are gone. */
  closed(): void;
}

/** One connection through a fault proxy: two sockets, and a flow in each direction. */
export class ProxyLink {
  readonly #client: Socket;
  /** Null when the connection never got through. */
  readonly #target: Socket | null;
  readonly #upstream: Flow;
  readonly #downstream: Flow;
  readonly #closed: () => void;
  #toxics: readonly Toxic[];
  #timers: NodeJS.Timeout[] = [];

  constructor({ client, connect, toxics, random, closed }: ProxyLinkOptions) {
    this.#client = client;
    this.#toxics = toxics;
    this.#closed = closed;
    // To connect takes both directions: where one is cut, the target hears of nothing.
    this.#target =
      vanishes(toxics, 'upstream') || vanishes(toxics, 'downstream') ? null : connect();
    const settings = (direction: Toxic['direction']) => flowSettings(toxics, direction);
    this.#upstream = this.#flow(client, this.#target, settings('upstream'), random);
    this.#downstream = this.#flow(this.#target, client, settings('downstream'), random);
    this.#watch(client, this.#target, this.#upstream, this.#downstream);
    if (this.#target !== null) {
      this.#watch(this.#target, client, this.#downstream, this.#upstream);
    }
    this.#schedule();
  }

  change(toxics: readonly Toxic[]): void {
    const lost = this.#upstream.lost || this.#downstream.lost || this.#target === null;
    this.#toxics = toxics;
    const vanishing = vanishes(toxics, 'upstream') || vanishes(toxics, 'downstream');
    // A stream with a hole in it cannot go on: its ends learn of it when they can be reached again.
    if (lost && !vanishing) {
      this.reset();
      return;
    }
    this.#upstream.change(flowSettings(toxics, 'upstream'));
    this.#downstream.change(flowSettings(toxics, 'downstream'));
    this.#schedule();
  }

  /** Ends both sides without ceremony, so that they get an error. */
  reset(): void {
    this.#stop();
    if (!this.#client.destroyed) this.#client.resetAndDestroy();
    if (this.#target !== null && !this.#target.destroyed) this.#target.resetAndDestroy();
  }

  /** Ends both sides. */
  close(): void {
    this.#stop();
    this.#client.destroy();
    this.#target?.destroy();
  }

  #flow(
    source: Socket | null,
    sink: Socket | null,
    settings: ReturnType<typeof flowSettings>,
    random: () => number,
  ): Flow {
    return new Flow(
      {
        pause: () => source?.pause(),
        resume: () => source?.resume(),
        write: (bytes) => sink === null || !sink.writable || sink.write(bytes),
        end: () => sink?.end(),
        cut: () => this.close(),
      },
      settings,
      random,
    );
  }

  #watch(source: Socket, sink: Socket | null, out: Flow, back: Flow): void {
    source.on('data', (chunk: Buffer) => out.push(chunk));
    source.on('end', () => out.finish());
    source.on('drain', () => back.drained());
    source.on('error', () => {});
    source.on('close', () => {
      // What ends in the middle of a stream ends the other side, too, if that can hear of it.
      const heard = !vanishes(this.#toxics, out === this.#upstream ? 'upstream' : 'downstream');
      if (!heard) out.close();
      else if (!out.finished && sink !== null && !sink.destroyed) sink.resetAndDestroy();
      back.drained();
      if (sink === null || sink.destroyed) {
        this.#stop();
        this.#closed();
      }
    });
  }

  #schedule(): void {
    this.#cancel();
    for (const { type, attributes } of this.#toxics) {
      const afterMs = attributes.timeout ?? 0;
      if (type === 'reset_peer') this.#timers.push(setTimeout(() => this.reset(), afterMs));
      if (type === 'timeout' && afterMs > 0) {
        this.#timers.push(setTimeout(() => this.close(), afterMs));
      }
    }
  }

  #cancel(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }

  #stop(): void {
    this.#cancel();
    this.#upstream.close();
    this.#downstream.close();
  }
}

function vanishes(toxics: readonly Toxic[], direction: Toxic['direction']): boolean {
  return flowSettings(toxics, direction).vanish;
}
