import { Amendments } from './amendments.js';
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
 * which is read ahead as the ring drains. An entry may be claimed before it is read ahead: then it
 * is in memory, but has no place in the ring yet.
 */
export class QueueContents {
  readonly ring = new QueueRing();
  readonly window: QueueWindow;
  readonly log: QueueLog;
  readonly amendments: Amendments;
  readonly #queue: Queue;
  readonly #context: QueueContext;
  /** By sequence; consumers hold all of them. */
  readonly #claimed = new Map<number, QueueEntry>();
  #length: number;

  constructor(queue: Queue, context: QueueContext, recovered?: RecoveredQueue) {
    this.#queue = queue;
    this.#context = context;
    this.window = new QueueWindow(context.limits, context);
    this.amendments = new Amendments(context.limits, context);
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
      if (entry === null || !this.mayShow(entry.sequence, entry.commit)) return null;
      this.ring.take(entry);
      if (!this.expireDue(entry)) {
        this.window.remove(entry.message);
        return entry;
      }
    }
  }

  /** Takes an entry of the ring that waits, before its turn. */
  takeOutOfTurn(entry: QueueEntry): void {
    this.window.remove(entry.message);
  }

  /** Whether an entry that was read from the store still waits there, and there only. */
  isWaiting({ sequence }: StoredEntry): boolean {
    const { log } = this;
    return sequence >= log.loadedBelow && !this.#claimed.has(sequence) && !log.isSettled(sequence);
  }

  /** Takes an entry that waits in the store only. */
  claim(stored: StoredEntry): QueueEntry {
    const entry = this.#restore(stored);
    if (entry.shared) this.#context.bodies.enter(entry.message);
    this.#claimed.set(entry.sequence, entry);
    return entry;
  }

  /**
   * Returns an acquired entry, which waits for its next consumer from now on.
   * @returns false when it leaves the memory, since its turn to be read ahead has not come
   */
  giveBack(entry: QueueEntry): boolean {
    entry.release();
    entry.redelivered = true;
    if (this.#unclaim(entry)) {
      entry.state = 'settled';
      this.log.remember(entry);
      if (entry.shared) this.#context.bodies.leave(entry.message);
      return false;
    }
    entry.state = 'available';
    this.window.add(entry.message);
    this.ring.giveBack(entry);
    return true;
  }

  /** Ends an entry that nobody waits for. */
  forget(entry: QueueEntry): void {
    entry.state = 'settled';
    this.#length--;
    if (!this.#unclaim(entry)) this.ring.remove(entry);
    this.amendments.forget(entry);
    if (entry.sequence > 0) this.#settleStored(entry);
  }

  /** What a consumer holds, in order. */
  heldBy(consumer: Consumer): QueueEntry[] {
    if (consumer.unsettled === 0) return [];
    const outOfTurn = consumer.selector !== null;
    const held = this.ring.heldBy(consumer, outOfTurn);
    if (!outOfTurn) return held;
    const claimed = [...this.#claimed.values()].filter((entry) => entry.consumer === consumer);
    return held.concat(claimed.sort((left, right) => left.sequence - right.sequence));
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
      if (entry.state === 'available') this.expireDue(entry);
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
  mayShow(sequence: number, commit: number): boolean {
    if (sequence === 0 || this.log.mayShow(sequence, commit)) return true;
    this.#context.wakeWhenDurable(this.#queue);
    return false;
  }

  /** A copy of a stored entry is shown when it is durable. */
  isDurable({ sequence }: QueueEntry): boolean {
    if (sequence === 0 || this.log.isDurable(sequence)) return true;
    this.#context.wakeWhenDurable(this.#queue);
    return false;
  }

  hasExpired({ expiresAt }: Message): boolean {
    return expiresAt > 0 && expiresAt <= this.#context.clock.wallMs();
  }

  /** @returns whether an entry of the ring that waits has expired, and is gone */
  expireDue(entry: QueueEntry): boolean {
    // What was sent under a tag is finished under it, however long that takes [MQTT-4.3.3-7].
    if (entry.tag !== 0 || !this.hasExpired(entry.message)) return false;
    this.#context.metrics.messagesExpired++;
    this.window.remove(entry.message);
    this.forget(entry);
    return true;
  }

  /** @returns whether an entry that waits in the store only has expired, and is gone */
  expireStored(stored: StoredEntry): boolean {
    if (!this.hasExpired(stored.message!)) return false;
    this.#context.metrics.messagesExpired++;
    this.#discard(stored);
    return true;
  }

  /** Settles what was read from the store and can be served to nobody; returns the rest. */
  sift(entries: readonly StoredEntry[]): StoredEntry[] {
    return entries.filter((stored) => {
      const { sequence, message, stale } = stored;
      if (sequence < this.log.loadedBelow || this.log.isSettled(sequence)) return false;
      if (this.#claimed.has(sequence)) return message !== null;
      if (message === null || stale) this.#discard(stored);
      return message !== null && !stale && !this.expireStored(stored);
    });
  }

  /** How a message that is in the store only found this queue. */
  targetOf(message: Message, direct: boolean): Target | null {
    return this.#context.routeTarget(this.#queue, message, direct);
  }

  get #openCommit(): number {
    return this.#context.store.openCommit;
  }

  #unclaim({ sequence }: QueueEntry): boolean {
    return this.#claimed.size > 0 && this.#claimed.delete(sequence);
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

  /** An entry that was read ahead takes its place in the ring. */
  #load(stored: StoredEntry): void {
    const { sequence } = stored;
    if (this.log.isSettled(sequence)) return;
    const claimed = this.#claimed.get(sequence);
    if (claimed !== undefined) {
      this.#claimed.delete(sequence);
      this.ring.push(claimed);
    } else if (stored.message === null || stored.stale) this.#discard(stored);
    else this.#add(this.#restore(stored));
  }

  #restore(stored: StoredEntry): QueueEntry {
    const shared = stored.bodyId > 0;
    const message = shared ? this.#context.bodies.adopt(stored) : stored.message!;
    const target = this.targetOf(message, stored.direct);
    const entry = new QueueEntry(this.#queue, message, stored.sequence, 0, target);
    entry.shared = shared;
    this.log.recall(entry);
    entry.shown = this.amendments.shown(stored.sequence, message);
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
    this.amendments.forgetStored(sequence);
    this.log.settle(sequence);
  }
}
