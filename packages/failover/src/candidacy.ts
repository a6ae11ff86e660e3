import type { Clock } from '@causeway/core';
import type { TakeoverReason } from './leader-notes.js';
import type { ShardLog } from './shard-log.js';

/** How long after an answer failed to come the same is appended again. */
const RETRY_MS = 100;

export interface CandidacyOptions {
  readonly log: ShardLog;
  readonly clock: Clock;
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  /** The last record that the candidate knows. */
  readonly expectedTail: number;
  /** Its `open`. */
  readonly record: Buffer;
  readonly reason: TakeoverReason;
  /** The log has it. @param sentMs when the attempt was sent that the log has acknowledged */
  readonly onWon: (sentMs: number) => void;
  /** Something is in its place, or an earlier attempt was its own. */
  readonly onFenced: () => void;
}

/** A node's attempt to lead: its `open`, appended until the log says what became of it. */
export class Candidacy {
  readonly expectedTail: number;
  readonly record: Buffer;
  readonly reason: TakeoverReason;
  /** When it was first sent: the lease of one that is only read counts from there. */
  readonly sentMs: number;
  readonly #options: CandidacyOptions;
  #over = false;
  #cancelRetry: () => void = () => {};

  constructor(options: CandidacyOptions) {
    this.#options = options;
    this.expectedTail = options.expectedTail;
    this.record = options.record;
    this.reason = options.reason;
    this.sentMs = options.clock.monotonicMs();
  }

  send(): void {
    const { clock, log, onFenced, onWon, schedule } = this.#options;
    const sentMs = clock.monotonicMs();
    log.append(this.expectedTail, this.record, ({ outcome }) => {
      if (this.#over) return;
      if (outcome === 'ok') onWon(sentMs);
      else if (outcome === 'fenced') onFenced();
      else this.#cancelRetry = schedule(RETRY_MS, () => this.send());
    });
  }

  /** What comes of it does not matter any more. */
  end(): void {
    this.#over = true;
    this.#cancelRetry();
  }
}
