import { Ring } from '@causeway/wire';
import type { Confirmable } from './broker-api.js';

/** Confirms that wait for commits, in the order they were asked for. Three rings, no objects. */
export class ConfirmRing {
  readonly #waiters = new Ring<Confirmable>(1024);
  readonly #tokens = new Ring<number>(1024);
  readonly #commits = new Ring<number>(1024);
  #lastCommit = 0;

  push(who: Confirmable, token: number, commit: number): void {
    who.pendingConfirms++;
    this.#lastCommit = Math.max(this.#lastCommit, commit);
    this.#waiters.push(who);
    this.#tokens.push(token);
    this.#commits.push(this.#lastCommit);
  }

  /** The commit of the youngest confirm: whoever must come after it waits for the same. */
  get lastCommit(): number {
    return this.#lastCommit;
  }

  run(durableCommit: number): void {
    while (this.#waiters.length > 0 && this.#commits.peek()! <= durableCommit) {
      this.#commits.shift();
      const who = this.#waiters.shift()!;
      who.pendingConfirms--;
      who.confirmed(this.#tokens.shift()!);
    }
  }
}
