import type { Address } from '@causeway/core';
import type { Reason } from './codec/reason.js';

/** Where a connection's publishes to one topic go, decided once. */
export interface PublishTarget {
  readonly address: Address;
  /** Success when the client may publish there; otherwise why not. */
  readonly refusal: Reason;
  /** The topic as the client writes it. */
  readonly topic: Buffer;
}

const CACHED_MAX = 1024;

/**
 * Finds the target of a topic by its bytes: most clients publish to few topics, many to one. The
 * bytes of the last topic are compared first; the others are found without decoding them.
 */
export class TopicCache {
  readonly #targets = new Map<string, PublishTarget>();
  #last: PublishTarget | null = null;

  find(view: Buffer, start: number, end: number): PublishTarget | null {
    if (this.#last !== null && isEqual(this.#last.topic, view, start, end)) return this.#last;
    const target = this.#targets.get(view.toString('latin1', start, end));
    if (target === undefined) return null;
    this.#last = target;
    return target;
  }

  add(target: PublishTarget): void {
    if (this.#targets.size >= CACHED_MAX) this.#targets.clear();
    this.#targets.set(target.topic.toString('latin1'), target);
    this.#last = target;
  }
}

function isEqual(topic: Buffer, view: Buffer, start: number, end: number): boolean {
  const { length } = topic;
  if (length !== end - start) return false;
  for (let index = 0; index < length; index++) {
    if (topic[index] !== view[start + index]) return false;
  }
  return true;
}
