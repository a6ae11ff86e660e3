import type { Message } from './message.js';
import type { Metrics } from './metrics.js';
import type { Store } from './ports.js';
import type { Queue } from './queue.js';
import type { Router, Target } from './router.js';

/** Brings published messages into their queues, stored where that was promised. */
export class Distributor {
  readonly #store: Store;
  readonly #router: Router;
  readonly #metrics: Metrics;
  /** A list to collect targets in; null while a call of `toTopic` uses it. */
  #spare: Target[] | null = [];
  #behind: Queue | null = null;

  constructor(store: Store, router: Router, metrics: Metrics) {
    this.#store = store;
    this.#router = router;
    this.#metrics = metrics;
  }

  /** A queue that is behind and asks its producers to wait, of those reached since the last call. */
  takeBehind(): Queue | null {
    const behind = this.#behind;
    this.#behind = null;
    return behind;
  }

  /** Returns the number of queues that the topic's bindings lead to. */
  toTopic(message: Message): number {
    const targets = this.#router.route(message.address).targetsFor(message);
    const storing = this.#spare ?? [];
    this.#spare = null;
    let matched = 0;
    for (const target of targets) {
      if (isExcluded(target, message)) continue;
      matched++;
      if (target.queue.stores(message, target)) storing.push(target);
    }
    if (storing.length === 1) this.#storeInOne(storing[0]!.queue, message, storing[0]!);
    else if (storing.length > 1) this.#storeInSeveral(message, storing);
    // A delivery may lead to another publish, whose message is younger: it finds this one stored.
    if (matched > storing.length) this.#passOn(message, targets, storing, matched);
    else if (matched === 0) this.#metrics.messagesUnroutable++;
    storing.length = 0;
    this.#spare = storing;
    return matched;
  }

  /** Brings a message into the queues that did not store it. */
  #passOn(
    message: Message,
    targets: readonly Target[],
    stored: readonly Target[],
    matched: number,
  ): void {
    let next = 0;
    let behind = 0;
    let last: Queue | null = null;
    for (const target of targets) {
      if (target === stored[next]) {
        next++;
        continue;
      }
      if (isExcluded(target, message)) continue;
      const { queue } = target;
      queue.addTransient(message, target);
      if (queue.asksToWait) {
        behind++;
        last = queue;
      }
    }
    // One slow subscriber slows nobody else; when most are behind, the producer is too fast.
    if (behind * 2 > matched) this.#behind = last;
  }

  toQueue(queue: Queue, message: Message, target: Target | null): void {
    if (queue.stores(message, target)) this.#storeInOne(queue, message, target);
    else queue.addTransient(message, target);
  }

  #storeInOne(queue: Queue, message: Message, target: Target | null): void {
    const sequence = queue.takeSequence();
    this.#store.putEntry(queue.id, sequence, message, target?.direct === true);
    queue.addStored(message, sequence, false, target);
  }

  /** A body that goes to several queues is stored once. */
  #storeInSeveral(message: Message, targets: readonly Target[]): void {
    const references: number[] = [];
    for (const { queue } of targets) references.push(queue.id, queue.takeSequence());
    message.storedReferences = targets.length;
    this.#store.putBody(message, references);
    for (let index = 0; index < targets.length; index++) {
      const target = targets[index]!;
      const sequence = references[index * 2 + 1]!;
      this.#store.putReference(target.queue.id, sequence, message.id, false);
      target.queue.addStored(message, sequence, true, target);
    }
  }
}

function isExcluded({ noLocal, queue }: Target, message: Message): boolean {
  return noLocal && queue.ownerId === message.publisherId;
}
