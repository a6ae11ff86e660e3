import type { Queue } from './queue.js';

/** Messages of a deleted queue that are settled in one turn. */
const PURGE_PER_TURN = 1000;

/** Which queues have something to do: now, once a commit is durable, or until they are empty. */
export class QueueSchedule {
  #awake: Queue[] = [];
  #gated: Queue[] = [];
  #purging: Queue[] = [];
  readonly #requestTurn: () => void;

  constructor(requestTurn: () => void) {
    this.#requestTurn = requestTurn;
  }

  /** The queue dispatches at the end of the turn, which comes soon. */
  wake(queue: Queue): void {
    if (queue.awake) return;
    queue.awake = true;
    if (this.#awake.push(queue) === 1) this.#requestTurn();
  }

  /** Whether a queue waits for a commit. */
  get gated(): boolean {
    return this.#gated.length > 0;
  }

  /** The queue dispatches when what is staged now is durable. */
  wakeWhenDurable(queue: Queue): void {
    if (queue.gated) return;
    queue.gated = true;
    this.#gated.push(queue);
  }

  committed(commit: number): void {
    const gated = this.#gated;
    this.#gated = [];
    for (const queue of gated) {
      queue.gated = false;
      if (queue.waitsBeyond(commit)) this.wakeWhenDurable(queue);
      this.wake(queue);
    }
  }

  /** Queues that are woken while others run are served in the next round of the same turn. */
  dispatch(): void {
    while (this.#awake.length > 0) {
      const awake = this.#awake;
      this.#awake = [];
      for (const queue of awake) {
        queue.awake = false;
        queue.dispatch();
      }
    }
  }

  /** Settles what a deleted queue holds, a part in each turn. */
  purge(queue: Queue): void {
    this.#purging.push(queue);
  }

  /** @returns whether there is more to do in the next turn */
  runPurges(forget: (queue: Queue) => void): boolean {
    if (this.#purging.length === 0) return false;
    this.#purging = this.#purging.filter((queue) => {
      const empty = queue.purge(PURGE_PER_TURN);
      if (empty) forget(queue);
      return !empty;
    });
    return this.#purging.length > 0;
  }
}
