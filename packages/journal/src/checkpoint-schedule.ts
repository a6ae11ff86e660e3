import { Ring } from '@causeway/wire';
import type { QueueChanges, SessionChanges } from './changes.js';

export type Checkpointed = QueueChanges | SessionChanges;

/**
 * Decides when a queue or session is written as a whole: a fixed number of commits after it was
 * first changed, so that no delta is needed for longer, and the work is spread over the commits.
 */
export class CheckpointSchedule {
  readonly #waiting = new Ring<Checkpointed>();
  readonly #interval: number;

  /** @param interval commits */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** Notes that `commit` changes something; commits come in order. */
  touch(changes: Checkpointed, commit: number): void {
    if (changes.touchedCommit > 0) return;
    changes.touchedCommit = commit;
    this.#waiting.push(changes);
  }

  /** Takes out the next one whose time has come with `commit`. */
  takeDue(commit: number): Checkpointed | null {
    const first = this.#waiting.peek();
    if (first === undefined || first.touchedCommit > commit - this.#interval) return null;
    this.#waiting.shift();
    first.touchedCommit = 0;
    return first;
  }

  /** The oldest commit whose delta is needed, given that the one of `commit` always is. */
  oldest(commit: number): number {
    return Math.min(this.#waiting.peek()?.touchedCommit ?? commit, commit);
  }
}
