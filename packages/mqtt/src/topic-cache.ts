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
/** A power of two. */
const PLACES = 64;

/**
 * Finds the target of a topic by its bytes: most clients publish to few topics, many to one. A
 * topic's length and last bytes say where it was put last time; comparing its bytes there is
 * cheaper than making a text of them.
 */
export class TopicCache {
  readonly #targets = new Map<string, PublishTarget>();
  readonly #places: (PublishTarget | null)[] = [];

  find(view: Buffer, start: number, end: number): PublishTarget | null {
    const place = placeOf(view, start, end);
    const likely = this.#places[place];
    if (likely != null && isEqual(likely.topic, view, start, end)) return likely;
    const target = this.#targets.get(view.toString('latin1', start, end));
    if (target === undefined) return null;
    this.#places[place] = target;
    return target;
  }

  add(target: PublishTarget): void {
    const { topic } = target;
    if (this.#targets.size >= CACHED_MAX) this.#targets.clear();
    if (this.#places.length === 0) this.#places.push(...new Array<null>(PLACES).fill(null));
    this.#targets.set(topic.toString('latin1'), target);
    this.#places[placeOf(topic, 0, topic.length)] = target;
  }
}

/** The last bytes of topics differ more often than the first. */
function placeOf(view: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length < 2) return length;
  return (view[end - 1]! + view[end - 2]! * 7 + length) & (PLACES - 1);
}

function isEqual(topic: Buffer, view: Buffer, start: number, end: number): boolean {
  const { length } = topic;
  if (length !== end - start) return false;
  for (let index = 0; index < length; index++) {
    if (topic[index] !== view[start + index]) return false;
  }
  return true;
}
