import { BrokerError } from '@causeway/core';

interface Waiting {
  readonly origin: string;
  start(): void;
}

/**
 * Lets a few pieces of slow work run at once and a bounded number wait. Nobody who floods it from
 * one place can take more than half of the places to wait.
 */
export class WorkGate {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waiting: Waiting[] = [];
  readonly #waitingByOrigin = new Map<string, number>();
  #running = 0;

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax;
    this.#waitingMax = waitingMax;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Runs `work` when it is its turn.
   * @param origin who asks, such as a remote address
   * @throws BrokerError `server-busy` when too many wait already
   */
  async run<T>(origin: string, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#runningMax) await this.#wait(origin);
    else this.#running++;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #wait(origin: string): Promise<void> {
    const fromOrigin = this.#waitingByOrigin.get(origin) ?? 0;
    if (this.#waiting.length >= this.#waitingMax || fromOrigin >= this.#waitingMax / 2) {
      throw new BrokerError('server-busy', 'too many logins are being checked');
    }
    this.#waitingByOrigin.set(origin, fromOrigin + 1);
    return new Promise((resolve) => {
      this.#waiting.push({ origin, start: resolve });
    });
  }

  /** Hands the place to the next one, so that nobody can slip in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#running--;
      return;
    }
    const left = this.#waitingByOrigin.get(next.origin)! - 1;
    if (left === 0) this.#waitingByOrigin.delete(next.origin);
    else this.#waitingByOrigin.set(next.origin, left);
    next.start();
  }
}
