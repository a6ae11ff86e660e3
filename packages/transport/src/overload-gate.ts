import type { Backpressure } from '@causeway/core';

/** A connection that can be stopped from reading. */
export interface Pausable {
  pauseReading(): void;
  resumeReading(): void;
}

/**
 * Keeps producers from being read while what they sent cannot move on. A connection is held after
 * the chunk that met a reason to wait, and let go in the first turn after the reason is over.
 */
export class OverloadGate<Member extends Pausable> {
  readonly #backpressure: () => Backpressure | null;
  readonly #held = new Map<Member, Backpressure>();

  constructor(backpressure: () => Backpressure | null) {
    this.#backpressure = backpressure;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Whether the connection is held, so that its silence says nothing about its client. */
  holds(member: Member): boolean {
    return this.#held.has(member);
  }

  /** Holds the connection if its input met a reason to wait: called after each chunk of input. */
  check(member: Member): void {
    const reason = this.#backpressure();
    if (reason === null) return;
    if (!this.#held.has(member)) member.pauseReading();
    this.#held.set(member, reason);
  }

  /** The connection is gone. */
  forget(member: Member): void {
    this.#held.delete(member);
  }

  /** Lets those go whose reason is over: called after each turn. */
  release(): void {
    if (this.#held.size === 0) return;
    for (const [member, reason] of this.#held) {
      if (!reason.over) continue;
      this.#held.delete(member);
      member.resumeReading();
    }
  }
}
