import {
  type BrokerApi,
  createLimits,
  Formats,
  type LimitName,
  type Outcome,
  type QueueEntry,
} from '@causeway/core';
import { OutputBuffer } from '@causeway/wire';
import type { AmqpClient } from '../client.js';
import { LinkRegistry } from '../link-registry.js';
import { type AmqpFrame, decodeFrames } from './amqp-frames.js';

interface FakeClientOptions {
  readonly containerId?: string;
  readonly user?: string;
  readonly remoteFrameBytesMax?: number;
  readonly remoteIdleTimeOutMs?: number;
  readonly limits?: Partial<Record<LimitName, number>>;
  readonly registry?: LinkRegistry;
}

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A client without a connection, over a broker that remembers what it is asked. */
export class FakeClient {
  readonly sink = { out: new OutputBuffer(), congested: false, held: false };
  readonly containerId: string;
  readonly remoteFrameBytesMax: number;
  readonly remoteIdleTimeOutMs: number;
  readonly connection;
  readonly registry: LinkRegistry;
  readonly termini = { attached() {}, detached() {} };
  readonly broker;
  readonly settled: (readonly [entry: QueueEntry, outcome: Outcome])[] = [];
  /** Tokens that wait to be confirmed. */
  readonly confirms: number[] = [];
  readonly failures: string[] = [];
  wrote = false;
  ended = false;
  partialBytes = 0;
  nowMs = 1000;
  #timers: Timer[] = [];

  constructor(options: FakeClientOptions = {}) {
    this.containerId = options.containerId ?? 'container';
    this.remoteFrameBytesMax = options.remoteFrameBytesMax ?? 512;
    this.remoteIdleTimeOutMs = options.remoteIdleTimeOutMs ?? 0;
    this.connection = { id: 1, info: { principal: { name: options.user ?? 'user' } } };
    this.registry = options.registry ?? new LinkRegistry();
    this.broker = {
      limits: createLimits(options.limits),
      formats: new Formats(),
      clock: { monotonicMs: () => this.nowMs, wallMs: () => this.nowMs },
      settle: (entry: QueueEntry, outcome: Outcome) => void this.settled.push([entry, outcome]),
      confirm: (_: unknown, token: number) => void this.confirms.push(token),
      requestTurn: () => undefined,
      schedule: (delayMs: number, callback: () => void) => this.#schedule(delayMs, callback),
    };
  }

  /** As what the code under test takes it for. */
  get real(): AmqpClient {
    return this as unknown as AmqpClient;
  }

  get api(): BrokerApi {
    return this.broker as unknown as BrokerApi;
  }

  get timers(): number {
    return this.#timers.length;
  }

  write(frame: Buffer): void {
    this.sink.out.copy(frame, 0, frame.length);
    this.flush();
  }

  flush(): void {
    this.wrote = true;
  }

  fail({ condition }: { readonly condition: string }): void {
    this.failures.push(condition);
  }

  /** What was written since the last call, with the bytes that it took. */
  take(): AmqpFrame[] {
    return decodeFrames(Buffer.concat(this.sink.out.take()));
  }

  /** Lets time pass, and has what is scheduled happen. */
  advance(milliseconds: number): void {
    const endMs = this.nowMs + milliseconds;
    for (;;) {
      const next = this.#timers.sort((left, right) => left.atMs - right.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#timers.shift();
      this.nowMs = next.atMs;
      next.callback();
    }
    this.nowMs = endMs;
  }

  #schedule(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }
}
