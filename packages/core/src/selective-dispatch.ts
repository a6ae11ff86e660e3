import { BrowsingView } from './browsing-view.js';
import type { Consumer } from './consumer.js';
import type { ConsumerGroup } from './consumer-group.js';
import type { StoredEntry } from './ports.js';
import type { Queue } from './queue.js';
import type { QueueContents } from './queue-contents.js';
import type { QueueContext } from './queue-context.js';
import type { QueueEntry } from './queue-entry.js';
import type { QueueView } from './queue-view.js';
import { SelectiveView } from './selective-view.js';

interface Dependencies {
  readonly queue: Queue;
  readonly contents: QueueContents;
  readonly context: QueueContext;
  /** All that take messages, with a selector or without. */
  readonly takers: ConsumerGroup;
  readonly give: (entry: QueueEntry, consumer: Consumer) => void;
}

/**
 * How a queue serves its consumers while some of them have selectors or browse: each looks through
 * the whole queue at a pace of its own. What is in the store only is read once for all of them that
 * have come as far.
 */
export class SelectiveDispatch {
  readonly #dependencies: Dependencies;
  readonly #selective = new Map<Consumer, SelectiveView>();
  readonly #browsing = new Map<Consumer, BrowsingView>();
  #reading = false;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  get browsers(): Iterable<Consumer> {
    return this.#browsing.keys();
  }

  get idle(): boolean {
    return this.#selective.size === 0 && this.#browsing.size === 0;
  }

  add(consumer: Consumer): void {
    const { contents, context } = this.#dependencies;
    if (consumer.browses) {
      this.#browsing.set(consumer, new BrowsingView(consumer, contents, context, false));
    } else this.#selective.set(consumer, new SelectiveView(consumer, contents, context, true));
  }

  remove(consumer: Consumer): void {
    this.#viewOf(consumer)?.close();
    this.#selective.delete(consumer);
    this.#browsing.delete(consumer);
  }

  /** Whether the consumer has seen everything that is there; null for one that needs no view. */
  atEnd(consumer: Consumer): boolean | null {
    return this.#viewOf(consumer)?.atEnd ?? null;
  }

  /** A stored entry that was claimed waits again, in the store only. */
  cameBack(sequence: number): void {
    for (const view of this.#selective.values()) view.rewind(sequence);
  }

  /** Hands out as much as consumers take. */
  run(): void {
    for (const [consumer, view] of this.#browsing) {
      while (consumer.ready && view.show());
    }
    this.#serveTakers();
    this.#readOn();
  }

  /** In turn, until nobody who is ready finds anything. */
  #serveTakers(): void {
    const { takers, contents, give } = this.#dependencies;
    for (let without = 0; without < takers.size; ) {
      const consumer = takers.nextReady();
      if (consumer === null) return;
      const entry =
        consumer.selector === null
          ? contents.takeNext()
          : (this.#selective.get(consumer)?.take() ?? null);
      if (entry === null) {
        without++;
        takers.rotate();
      } else {
        without = 0;
        give(entry, consumer);
      }
    }
  }

  /** Reads from the store where the first of those is that have nothing else to look at. */
  #readOn(): void {
    const { queue, contents, context } = this.#dependencies;
    const { log, window } = contents;
    if (this.#reading || !log.backlog) return;
    // What is about to be read ahead is not read twice.
    const readAhead = window.low ? log.nextUnsettled(log.loadedBelow) : 0;
    let first = log.end;
    for (const view of this.#views()) {
      if (view.wantsMore && view.place > readAhead) first = Math.min(first, view.place);
    }
    if (first === log.end) return;
    this.#reading = log.scan(first, (entries, end) => this.#arrived(entries, first, end));
    if (!this.#reading) context.wakeWhenDurable(queue);
  }

  #arrived(entries: readonly StoredEntry[], first: number, end: number): void {
    const { queue, contents } = this.#dependencies;
    this.#reading = false;
    const readable = contents.sift(entries);
    for (const view of this.#views()) view.lookAt(readable, first, end);
    queue.wake();
  }

  #viewOf(consumer: Consumer): QueueView | undefined {
    return this.#selective.get(consumer) ?? this.#browsing.get(consumer);
  }

  *#views(): Generator<QueueView> {
    yield* this.#selective.values();
    yield* this.#browsing.values();
  }
}
