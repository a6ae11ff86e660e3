/** Something that holds output until the end of the turn. */
export interface Flushable {
  /** Writes what is held; called once per turn at most. */
  flushNow(): void;
}

export interface TickLoopOptions {
  /** Brings the clock up to date: called before each turn. */
  refresh(): void;
  /** The broker's turn: dispatch, then seal the commit. */
  turn(): void;
  /** Whether anything may leave at this moment; without it, always. */
  serving?(): boolean;
}

/**
 * Runs one turn per iteration of the event loop that had work: first all sockets are read, then
 * the broker takes its turn, then every connection with output writes once. `setImmediate` runs
 * after the poll phase, which is what makes a turn see everything that one iteration read. Once
 * nothing may leave any more, what is held stays held.
 */
export class TickLoop {
  readonly #options: TickLoopOptions;
  readonly #run: () => void;
  #dirty: Flushable[] = [];
  #spare: Flushable[] = [];
  #scheduled = false;
  #afterTurn: (() => void) | null = null;

  constructor(options: TickLoopOptions) {
    this.#options = options;
    this.#run = () => this.#tick();
  }

  /** Has a turn run in this iteration of the event loop, or in the next one if one is running. */
  request(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  /** Has `flushable` flushed at the end of the turn. The caller adds itself once per turn. */
  add(flushable: Flushable): void {
    this.#dirty.push(flushable);
    this.request();
  }

  /** Has `callback` run between each turn and its flush. */
  afterTurn(callback: () => void): void {
    this.#afterTurn = callback;
  }

  #tick(): void {
    this.#scheduled = false;
    this.#options.refresh();
    this.#options.turn();
    this.#afterTurn?.();
    if (this.#options.serving?.() === false) return;
    const dirty = this.#dirty;
    // What becomes dirty while flushing belongs to the next turn.
    this.#dirty = this.#spare;
    for (const flushable of dirty) flushable.flushNow();
    dirty.length = 0;
    this.#spare = dirty;
  }
}
