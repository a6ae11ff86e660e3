import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '@causeway/core';

/** How long a password that was right is believed without computing its hash again. */
const LIFETIME_MS = 60_000;
const ENTRIES_MAX = 10_000;

/**
 * Remembers for a minute which passwords were right, so that a fleet of clients can reconnect
 * without a slow hash for each. It holds no password and nothing to guess one from: only an HMAC
 * under a key that never leaves this process.
 */
export class VerifiedCache {
  readonly #key = randomBytes(32);
  readonly #clock: Clock;
  readonly #entriesMax: number;
  /** Digest to the monotonic time at which it is forgotten; oldest first. */
  readonly #entries = new Map<string, number>();

  constructor(clock: Clock, entriesMax: number = ENTRIES_MAX) {
    this.#clock = clock;
    this.#entriesMax = entriesMax;
  }

  /** What stands for a name and password here. */
  digest(name: string, password: Buffer): string {
    // The length keeps ("ab", "c") and ("a", "bc") apart.
    return createHmac('sha256', this.#key)
      .update(`${Buffer.byteLength(name)}:${name}`)
      .update(password)
      .digest('base64');
  }

  has(digest: string): boolean {
    const forgottenAt = this.#entries.get(digest);
    if (forgottenAt === undefined) return false;
    if (this.#clock.monotonicMs() < forgottenAt) return true;
    this.#entries.delete(digest);
    return false;
  }

  add(digest: string): void {
    this.#entries.delete(digest);
    if (this.#entries.size >= this.#entriesMax) {
      const oldest = this.#entries.keys().next().value;
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(digest, this.#clock.monotonicMs() + LIFETIME_MS);
  }
}
