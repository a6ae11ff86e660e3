import { keyChecksum } from './checksum.js';

/**
 * A fingerprint of the keys that recovery depends on: live documents, censuses, checkpoints and
 * the meta records. Every commit stores it, so that a record that is lost without a trace, and an
 * old one found in its place, are noticed.
 */
export class Inventory {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  /** Adds a key that is not in it, or takes out one that is. */
  toggle(key: Buffer): void {
    this.#value = (this.#value ^ scramble(keyChecksum(key))) >>> 0;
  }
}

/** Checksums are linear: without this, exchanged commit numbers would cancel each other. */
function scramble(checksum: number): number {
  let mixed = Math.imul(checksum ^ (checksum >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
