import type { Consumer } from './consumer.js';
import type { Message } from './message.js';
import type { RecoveredQueue, StoredEntry } from './ports.js';
import type { Queue } from './queue.js';
import type { QueueContext } from './queue-context.js';
import { QueueEntry } from './queue-entry.js';
import { QueueLog } from './queue-log.js';
import { QueueRing } from './queue-ring.js';
import { QueueWindow } from './queue-window.js';
import type { Target } from './router.js';

/**
 * What rests in one queue. In order: a ring of entries in memory, then what is in the store only,
 * which is read ahead as the ring drains.
 */
export class QueueContents {
  readonly ring = new QueueRing();
  readonly window: QueueWindow;
  readonly log: QueueLog;
  readonly #queue: Queue;
  readonly #context: QueueContext;
  #length: number;

  constructor(queue: Queue, context: QueueContext, recovered?: RecoveredQueue) {
    this.#queue = queue;
    this.#context = context;
    this.window = new QueueWindow(context.limits, context);
    this.log = new QueueLog(queue.id, context.store, recovered);
    this.#length = this.log.length;
  }

  /** Messages that are not settled, wherever they are. */
  get length(): number {
    return this.#length;
  }

  /** Adds a message that was stored under `sequence`; `shared` when its body is stored apart. */
  addStored(message: Message, sequence: number, shared: boolean, target: Target | null): void {
    this.#length++;
    if (!this.log.followsMemory(sequence) || this.window.full) return;
    message.keep();
    const entry = new QueueEntry(this.#queue, message, sequence, this.#openCommit, target);
    entry.shared = shared;
    this.log.enteredMemory(sequence);
    this.#add(entry);
  }

  /** Adds a message that is in memory only. */
  addTransient(message: Message, target: Target | null): void {
    message.keep();
    this.#length++;
    this.#add(new QueueEntry(this.#queue, message, 0, 0, target));
  }

  /** Adds one that is handed out already. Nothing else may wait. */
  addTaken(message: Message, target: Target | null): QueueEntry {
    message.keep();
    this.#length++;
    const entry = new QueueEntry(this.#queue, message, 0, 0, target);
    this.ring.pushTaken(entry);
    return entry;
  }

  /** Takes the next entry that may be handed out now, or null. Entries that expired are dropped. */
  takeNext(): QueueEntry | null {
    for (;;) {
      const entry = this.ring.next();
      if (entry === null || !this.mayShow(entry)) return null;
      this.ring.take(entry);
      if (!this.#expireDue(entry)) {
        this.window.remove(entry.message);
        return entry;
      }
    }
  }

  /** Returns an acquired entry, which waits for its next consumer from now on. */
  giveBack(entry: QueueEntry): void {
    entry.release();
    entry.redelivered = true;
    entry.state = 'available';
    this.window.add(entry.message);
    this.ring.giveBack(entry);
  }

  /** Ends an entry that nobody waits for. */
  forget(entry: QueueEntry): void {
    entry.state = 'settled';
    this.#length--;
    this.ring.remove(entry);
    if (entry.sequence > 0) this.#settleStored(entry);
  }

  /** What a consumer holds, in order. */
  heldBy(consumer: Consumer): QueueEntry[] {
    const held: QueueEntry[] = [];
    if (consumer.unsettled === 0) return held;
    for (const entry of this.ring.handedOut()) {
      if (entry.consumer === consumer) held.push(entry);
    }
    return held;
  }

  /**
   * Settles up to `count` messages, in order, whoever holds them; reading them first if needed.
   * @returns whether nothing is left
   */
  purge(count: number): boolean {
    let left = count;
    for (const entry of this.ring.all()) {
      if (left-- === 0) return false;
      if (entry.state === 'acquired') entry.release();
      else this.window.remove(entry.message);
      this.forget(entry);
    }
    if (!this.log.backlog) return this.#length === 0;
    this.readAhead();
    return false;
  }

  /** Drops what has expired while it waited in memory. */
  sweepExpired(): void {
    if (!this.window.expires) return;
    for (const entry of this.ring.all()) {
      if (entry.state === 'available') this.#expireDue(entry);
    }
  }

  /** Reads ahead of what is handed out. */
  readAhead(): void {
    if (!this.window.low) return;
    const loading = this.log.load((entries) => {
      for (const stored of entries) this.#load(stored);
      this.#context.wake(this.#queue);
    });
    if (!loading) this.#context.wakeWhenDurable(this.#queue);
  }

  /** A stored entry is shown when it, and the note that it may be handed out, are durable. */
  mayShow(entry: QueueEntry): boolean {
    if (entry.sequence === 0 || this.log.mayShow(entry.sequence, entry.commit)) return true;
    this.#context.wakeWhenDurable(this.#queue);
    return false;
  }

  get #openCommit(): number {
    return this.#context.store.openCommit;
  }

  #add(entry: QueueEntry): void {
    if (entry.shared) this.#context.bodies.enter(entry.message);
    this.ring.push(entry);
    this.window.add(entry.message);
  }

  #settleStored(entry: QueueEntry): void {
    this.log.settle(entry.sequence);
    if (!entry.shared) return;
    this.#context.bodies.release(entry.message);
    this.#context.bodies.leave(entry.message);
  }

  /** @returns whether an entry that waits has expired, and is gone */
  #expireDue(entry: QueueEntry): boolean {
    const { expiresAt } = entry.message;
    // What was sent under a tag is finished under it, however long that takes [MQTT-4.3.3-7].
    if (expiresAt === 0 || entry.tag !== 0 || expiresAt > this.#context.clock.wallMs())
      return false;
    this.#context.metrics.messagesExpired++;
    this.window.remove(entry.message);
    this.forget(entry);
    return true;
  }

  /** An entry that was read ahead takes its place in the ring. */
  #load(stored: StoredEntry): void {
    const entry = this.#restore(stored);
    if (entry !== null) this.#add(entry);
  }

  #restore(stored: StoredEntry): QueueEntry | null {
    const { bodies } = this.#context;
    if (stored.message === null || stored.stale) {
      this.#discard(stored);
      return null;
    }
    const shared = stored.bodyId > 0;
    const message = shared ? bodies.adopt(stored) : stored.message;
    const target = this.#context.routeTarget(this.#queue, message, stored.direct);
    const entry = new QueueEntry(this.#queue, message, stored.sequence, 0, target);
    entry.shared = shared;
    this.log.recall(entry);
    return entry;
  }

  /** Settles what was read back, but is served to nobody. */
  #discard(stored: StoredEntry): void {
    const { bodies, metrics, log } = this.#context;
    const { sequence } = stored;
    if (stored.message === null) {
      metrics.messagesQuarantined++;
      log.error('message-damaged', { queue: this.#queue.name, sequence });
    } else if (stored.bodyId > 0) bodies.release(bodies.adopt(stored));
    this.#length--;
    this.log.settle(sequence);
  }
}
