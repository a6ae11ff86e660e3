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
  /** Used within one call of `toTopic` only. */
  readonly #storing: Target[] = [];

  constructor(store: Store, router: Router, metrics: Metrics) {
    this.#store = store;
    this.#router = router;
    this.#metrics = metrics;
  }

  #behind: Queue | null = null;

  /** A queue that is behind and asks its producers to wait, of those reached since the last call. */
  takeBehind(): Queue | null {
    const behind = this.#behind;
    this.#behind = null;
    return behind;
  }

  /** Returns the number of queues that the topic's bindings lead to. */
  toTopic(message: Message): number {
    const { targets } = this.#router.route(message.address);
    const storing = this.#storing;
    let matched = 0;
    let behind = 0;
    let last: Queue | null = null;
    for (const target of targets) {
      const { queue } = target;
      if (target.noLocal && queue.ownerId === message.publisherId) continue;
      matched++;
      if (queue.stores(message, target)) storing.push(target);
      else {
        queue.addTransient(message, target);
        if (queue.asksToWait) {
          behind++;
          last = queue;
        }
      }
    }
    // One slow subscriber slows nobody else; when most are behind, the producer is too fast.
    if (behind * 2 > matched) this.#behind = last;
    if (storing.length === 1) this.#storeInOne(storing[0]!.queue, message, storing[0]!);
    else if (storing.length > 1) this.#storeInSeveral(message, storing);
    storing.length = 0;
    if (matched === 0) this.#metrics.messagesUnroutable++;
    return matched;
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
