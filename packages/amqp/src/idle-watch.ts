import type { AmqpClient } from './client.js';
import { EMPTY_FRAME } from './codec/encode-frame.js';
import { CONDITION, errorInfo } from './errors.js';

/** Below this the engine's tick of about a second is too coarse, and the broker's clock is asked. */
const EXACT_BELOW_MS = 4000;

/**
 * Silence in both directions (part 2.4.5): the client hears something at least every half of what
 * it asked for, and is given up after `idleTimeoutMs`, of which it was told the half.
 */
export class IdleWatch {
  /** Something came since the last look. */
  heard = true;
  readonly #client: AmqpClient;
  readonly #sendEveryMs: number;
  #heardMs: number;
  #sentMs: number;
  #cancel: (() => void) | null = null;

  constructor(client: AmqpClient) {
    this.#client = client;
    this.#sendEveryMs = client.remoteIdleTimeOutMs / 2;
    this.#heardMs = client.broker.clock.monotonicMs();
    this.#sentMs = this.#heardMs;
    if (this.#sendEveryMs > 0 && this.#sendEveryMs < EXACT_BELOW_MS) this.#schedule();
  }

  tick(nowMs: number): void {
    this.#expect(nowMs);
    if (this.#cancel === null) this.#send(nowMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #schedule(): void {
    const { broker } = this.#client;
    this.#cancel = broker.schedule(this.#sendEveryMs / 2, () => {
      this.#schedule();
      this.#send(broker.clock.monotonicMs());
      broker.requestTurn();
    });
  }

  #send(nowMs: number): void {
    const client = this.#client;
    if (client.ended || this.#sendEveryMs === 0) return;
    if (client.wrote) {
      client.wrote = false;
      this.#sentMs = nowMs;
      return;
    }
    // A tick may be late by one: what falls due before the next one is sent now.
    const sooner = this.#cancel === null ? 1000 : this.#sendEveryMs / 2;
    if (nowMs - this.#sentMs + sooner < this.#sendEveryMs) return;
    this.#sentMs = nowMs;
    client.write(EMPTY_FRAME);
    client.wrote = false;
  }

  #expect(nowMs: number): void {
    const client = this.#client;
    const { idleTimeoutMs } = client.broker.limits;
    // The silence of a client that we do not read from says nothing.
    if (this.heard || client.sink.held || client.sink.congested) {
      this.heard = false;
      this.#heardMs = nowMs;
      return;
    }
    if (idleTimeoutMs === 0 || nowMs - this.#heardMs < idleTimeoutMs || client.ended) return;
    client.fail(errorInfo(CONDITION.resourceLimit, 'local-idle-timeout expired'));
  }
}
