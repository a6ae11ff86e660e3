import type { Consumer } from './consumer.js';
import type { Message } from './message.js';
import type { StoredEntry } from './ports.js';
import type { QueueContents } from './queue-contents.js';
import type { QueueContext } from './queue-context.js';
import type { RingCursor } from './queue-ring.js';

/**
 * How far one consumer has looked through its queue, in a way of its own: first through the ring,
 * then through what is in the store only. Of that it keeps what it wants, and nothing else.
 */
export abstract class QueueView {
  readonly consumer: Consumer;
  protected readonly contents: QueueContents;
  protected readonly cursor: RingCursor;
  /** Stored entries below it were looked at. */
  protected seenBelow = 0;
  protected readonly context: QueueContext;
  /** What was found in the store and not used yet, in order. */
  #found: StoredEntry[] = [];

  /** @param rewinds whether it goes back to what came back */
  constructor(
    consumer: Consumer,
    contents: QueueContents,
    context: QueueContext,
    rewinds: boolean,
  ) {
    this.consumer = consumer;
    this.contents = contents;
    this.cursor = contents.ring.openCursor(rewinds);
    this.context = context;
  }

  /** The first stored entry that is not in the ring, not settled, and not looked at. */
  get place(): number {
    const { log } = this.contents;
    return log.nextUnsettled(Math.max(this.seenBelow, log.loadedBelow));
  }

  /** Whether it takes deliveries and has nothing left to look at but what is in the store. */
  get wantsMore(): boolean {
    return this.consumer.ready && this.#memorySeen && this.place < this.contents.log.end;
  }

  /** Whether it has looked at everything that is there. */
  get atEnd(): boolean {
    return this.#memorySeen && this.place >= this.contents.log.end;
  }

  /** Looks at entries that were read from the store: all that are not settled from `first` to `end`. */
  lookAt(entries: readonly StoredEntry[], first: number, end: number): void {
    const { place } = this;
    if (place < first || place >= end || !this.wantsMore) return;
    // When all queues together keep too much, it keeps no more than it can hand out now.
    const countMax = this.#crowded ? this.consumer.credit : Number.POSITIVE_INFINITY;
    this.seenBelow = end;
    for (const stored of entries) {
      if (stored.sequence < place || !this.selects(stored.message!)) continue;
      if (this.#found.length >= countMax) {
        this.seenBelow = stored.sequence;
        return;
      }
      this.#found.push(stored);
      this.context.windowBytes += stored.message!.size;
    }
  }

  /** Looks again at a stored entry that came back, and at what follows it. */
  rewind(sequence: number): void {
    if (sequence >= this.seenBelow) return;
    this.seenBelow = sequence;
    this.#keepFound((stored) => stored.sequence < sequence);
  }

  close(): void {
    this.contents.ring.closeCursor(this.cursor);
    this.#keepFound(() => false);
  }

  protected selects(message: Message): boolean {
    const { selector } = this.consumer;
    return selector === null || selector.matches(message);
  }

  protected get firstFound(): StoredEntry | undefined {
    return this.#found[0];
  }

  protected dropFirstFound(): void {
    this.context.windowBytes -= this.#found.shift()!.message!.size;
  }

  get #memorySeen(): boolean {
    return this.#found.length === 0 && this.contents.ring.seek(this.cursor) === null;
  }

  get #crowded(): boolean {
    return this.context.windowBytes >= this.context.limits.windowBytesTotal;
  }

  #keepFound(keeps: (stored: StoredEntry) => boolean): void {
    const kept = this.#found.filter(keeps);
    for (const stored of this.#found) {
      if (!keeps(stored)) this.context.windowBytes -= stored.message!.size;
    }
    this.#found = kept;
  }
}
