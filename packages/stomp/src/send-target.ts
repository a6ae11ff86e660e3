import type { Address } from '@causeway/core';
import type { Frame } from './codec/frame.js';

/** Where a destination header leads, once its names and permissions were checked. */
interface SendTarget {
  /** The header's bytes. */
  readonly key: Buffer;
  readonly addresses: readonly Address[];
}

/** A cache: beyond it destinations are checked again. */
const TARGETS_MAX = 1000;

/** The destinations that a connection sent to, found by their bytes. */
export class SendTargets {
  #last: SendTarget | null = null;
  readonly #byKey = new Map<string, SendTarget>();

  /** The addresses of the frame's destination header, or null when it is a new one. */
  find(frame: Frame, index: number): readonly Address[] | null {
    const last = this.#last;
    if (last !== null) {
      const same = sameBytes(
        last.key,
        frame.buffer,
        frame.valueStart(index),
        frame.valueEnd(index),
      );
      if (same) return last.addresses;
    }
    const target = this.#byKey.get(frame.valueLatin1(index));
    if (target === undefined) return null;
    this.#last = target;
    return target.addresses;
  }

  add(frame: Frame, index: number, addresses: readonly Address[]): readonly Address[] {
    const key = frame.valueLatin1(index);
    if (this.#byKey.size >= TARGETS_MAX) this.#byKey.clear();
    this.#last = { key: Buffer.from(key, 'latin1'), addresses };
    this.#byKey.set(key, this.#last);
    return addresses;
  }
}

function sameBytes(key: Buffer, buffer: Buffer, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let index = key.length - 1; index >= 0; index--) {
    if (key[index] !== buffer[start + index]) return false;
  }
  return true;
}
