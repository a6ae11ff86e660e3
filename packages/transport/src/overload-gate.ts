/** A connection that can be stopped from reading. */
export interface Pausable {
  pauseReading(): void;
  resumeReading(): void;
}

/**
 * Keeps producers from being read while too much waits for the disk. A connection is held after
 * the chunk that it had sent already, and let go in the first turn after the disk caught up.
 */
export class OverloadGate<Member extends Pausable> {
  readonly #overloaded: () => boolean;
  #held: Set<Member> = new Set();

  constructor(overloaded: () => boolean) {
    this.#overloaded = overloaded;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Holds the connection if the broker is overloaded: called after each chunk of input. */
  check(member: Member): void {
    if (!this.#overloaded() || this.#held.has(member)) return;
    this.#held.add(member);
    member.pauseReading();
  }

  /** The connection is gone. */
  forget(member: Member): void {
    this.#held.delete(member);
  }

  /** Lets everybody go if the broker is no longer overloaded: called after each turn. */
  release(): void {
    if (this.#held.size === 0 || this.#overloaded()) return;
    const held = this.#held;
    this.#held = new Set();
    for (const member of held) member.resumeReading();
  }
}
