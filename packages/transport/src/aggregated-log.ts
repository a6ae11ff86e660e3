import type { Clock, Log } from '@causeway/core';

type Level = 'debug' | 'info' | 'warn';
type Fields = Readonly<Record<string, unknown>>;

interface Entry {
  readonly level: Level;
  nextMs: number;
  held: number;
  fields: Fields;
}

const INTERVAL_MS = 1000;

/**
 * Log lines that a stranger can cause: each event is written at most once per second, with the
 * number of times it happened and the fields of its last time. Events are names of ours, so their
 * number is bounded.
 */
export class AggregatedLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  note(level: Level, event: string, fields: Fields): void {
    let entry = this.#entries.get(event);
    if (entry === undefined) {
      entry = { level, nextMs: 0, held: 0, fields };
      this.#entries.set(event, entry);
    }
    entry.held++;
    entry.fields = fields;
    this.#write(event, entry);
  }

  /** Writes what was held back and is due; call it about once a second or more often. */
  flush(): void {
    for (const [event, entry] of this.#entries) {
      if (entry.held > 0) this.#write(event, entry);
    }
  }

  #write(event: string, entry: Entry): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < entry.nextMs) return;
    const { held, fields } = entry;
    this.#log[entry.level](event, held === 1 ? fields : { ...fields, times: held });
    entry.nextMs = nowMs + INTERVAL_MS;
    entry.held = 0;
  }
}
