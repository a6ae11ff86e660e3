import { closeSync, openSync, writeSync } from 'node:fs';
import type { LedgerEntry, LedgerEvent } from './ledger-event.js';

const BUFFER_CHARACTERS = 256 * 1024;
const FLUSH_MS = 500;

/** Where a drill writes down what happens. */
export interface Ledger {
  record(entry: LedgerEntry): void;
}

/**
 * A ledger in a file, one line of JSON for each event. Lines are gathered, and written when there
 * are many, twice a second, and whenever `flush` is called.
 */
export class LedgerFile implements Ledger {
  readonly #descriptor: number;
  readonly #start = process.hrtime.bigint();
  readonly #timer: NodeJS.Timeout;
  readonly #watch: (event: LedgerEvent) => void;
  #lines: string[] = [];
  #characters = 0;

  /** @param watch is told of every event, such as to show how far the drill is */
  constructor(path: string, watch: (event: LedgerEvent) => void = () => {}) {
    this.#descriptor = openSync(path, 'wx');
    this.#watch = watch;
    this.#timer = setInterval(() => this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  record(entry: LedgerEntry): void {
    const event: LedgerEvent = { t: Number(process.hrtime.bigint() - this.#start), ...entry };
    const line = JSON.stringify(event);
    this.#lines.push(line);
    this.#characters += line.length;
    if (this.#characters > BUFFER_CHARACTERS) this.flush();
    this.#watch(event);
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    writeSync(this.#descriptor, `${this.#lines.join('\n')}\n`);
    this.#lines = [];
    this.#characters = 0;
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
    closeSync(this.#descriptor);
  }
}
