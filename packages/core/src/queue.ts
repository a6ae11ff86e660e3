import type { Address } from './address.js';
import type { BodyTable } from './body-table.js';
import { CommittedMark } from './committed-mark.js';
import type { Consumer } from './consumer.js';
import type { Limits } from './limits.js';
import type { Message } from './message.js';
import type { Metrics } from './metrics.js';
import { MinHeap } from './min-heap.js';
import type { EffectivePolicy } from './policy.js';
import type { Clock, Log, QueueState, RecoveredQueue, Store, StoredEntry } from './ports.js';
import { QueueEntry } from './queue-entry.js';
import { QueueRing } from './queue-ring.js';
import type { Target } from './router.js';
import { SequenceRanges } from './sequence-ranges.js';
import type { Binding } from './subscription.js';

/** What kind of thing a queue plays. */
export type QueueKind = 'queue' | 'temporary' | 'subscription' | 'session';

export interface QueueDefinition {
  readonly id: number;
  readonly name: string;
  readonly kind: QueueKind;
  readonly address: Address;
  /** Its durable messages are stored, and it is found again after a restart. */
  readonly durable: boolean;
  readonly ownerId: number;
  /** Deleted when its last consumer closes. */
  readonly autoDelete: boolean;
}

/** What queues share with their broker. */
export interface QueueContext {
  readonly store: Store;
  readonly bodies: BodyTable;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Bytes of waiting messages in memory, over all queues. */
  windowBytes: number;
  /** Has the queue dispatch at the end of the turn. */
  wake(queue: Queue): void;
  /** Has the queue dispatch when the commit that is open now is durable. */
  wakeWhenDurable(queue: Queue): void;
  /** How a message that was read back found its queue; null when no binding matches any more. */
  routeTarget(queue: Queue, message: Message, direct: boolean): Target | null;
}

/** Bookkeeping of one waiting message in memory, beside its body. */
const ENTRY_BYTES = 256;
/** A queue whose share of memory is used up still holds this many, so that it makes progress. */
const SMALL_WINDOW_MESSAGES = 64;
/** How far ahead of need a queue with consumers declares that messages may be handed out. */
const DISPATCH_LOOKAHEAD = 1024;
/** Messages read from the store at a time. */
const LOAD_MESSAGES = 256;

/**
 * The only place where a message rests. In order: a ring of entries in memory, then what is in the
 * store only. While anything is in the store only, new messages go there too, so that the order
 * holds; they are read ahead as the ring drains.
 */
export class Queue {
  readonly definition: QueueDefinition;
  readonly bindings = new Map<string, Binding>();
  readonly consumers: Consumer[] = [];
  policy: EffectivePolicy;
  deleted = false;
  /** Set by the broker while the queue waits in one of its lists. */
  awake = false;
  gated = false;

  readonly #context: QueueContext;
  readonly #ring = new QueueRing();
  /** Position of the first entry that was never handed out. */
  #cursor = 0;
  /** Positions of entries that came back. */
  readonly #returned = new MinHeap<number>((left, right) => left < right);
  #waiting = 0;
  #waitingBytes = 0;
  #length = 0;
  #nextConsumer = 0;

  /** Sequences of stored entries start at 1. */
  readonly #settled: SequenceRanges;
  readonly #deliveryCounts = new Map<number, number>();
  /** The next sequence to use; its durable value bounds what can be read back. */
  readonly #tail: CommittedMark;
  /** Stored entries below it are in memory or settled. */
  #loadedBelow: number;
  #loading = false;
  readonly #dispatchedBelow: CommittedMark;
  /** Below it a recovered entry may have been delivered by an earlier run. */
  readonly #redeliveredBelow: number;
  #droppedSinceWarning = 0;

  constructor(
    definition: QueueDefinition,
    policy: EffectivePolicy,
    context: QueueContext,
    recovered?: RecoveredQueue,
  ) {
    this.definition = definition;
    this.policy = policy;
    this.#context = context;
    this.#settled = new SequenceRanges(recovered?.watermark ?? 1, recovered?.settledRanges);
    this.#tail = new CommittedMark(recovered?.tail ?? 1);
    this.#loadedBelow = this.#settled.watermark;
    this.#dispatchedBelow = new CommittedMark(recovered?.dispatchedBelow ?? 0);
    this.#redeliveredBelow = Math.min(recovered?.dispatchedBelow ?? 0, this.#tail.staged);
    const counts = recovered?.deliveryCounts ?? [];
    for (let index = 0; index < counts.length; index += 2) {
      this.#deliveryCounts.set(counts[index]!, counts[index + 1]!);
    }
    this.#length = this.#tail.staged - this.#settled.watermark - this.#settled.countAbove;
  }

  get id(): number {
    return this.definition.id;
  }

  get name(): string {
    return this.definition.name;
  }

  get kind(): QueueKind {
    return this.definition.kind;
  }

  get address(): Address {
    return this.definition.address;
  }

  get durable(): boolean {
    return this.definition.durable;
  }

  get ownerId(): number {
    return this.definition.ownerId;
  }

  /** Messages that are not settled, wherever they are. */
  get length(): number {
    return this.#length;
  }

  get state(): QueueState {
    return {
      watermark: this.#settled.watermark,
      settledRanges: this.#settled.ranges,
      deliveryCounts: [...this.#deliveryCounts].flat(),
      dispatchedBelow: this.#dispatchedBelow.staged,
    };
  }

  /** Whether something of it is staged in a commit after the given one. */
  waitsBeyond(commit: number): boolean {
    return this.#tail.commit > commit || this.#dispatchedBelow.commit > commit;
  }

  isSettled(sequence: number): boolean {
    return this.#settled.has(sequence);
  }

  /** Whether an arriving message will be stored with a sequence of this queue. */
  stores(message: Message, target: Target | null): boolean {
    if (!this.durable) return false;
    if (message.durable && (target === null || target.durable)) return true;
    // A message that need not survive is put aside on disk when memory is no place for it.
    return this.#backlog || (this.#windowFull && !this.#discardsTransient);
  }

  /** Takes the next sequence for a message that `stores` said would be stored. */
  takeSequence(): number {
    const { store } = this.#context;
    const sequence = this.#tail.staged;
    this.#tail.raise(sequence + 1, store.openCommit);
    if (this.consumers.length > 0 && sequence >= this.#dispatchedBelow.staged) {
      this.#declareDispatch(sequence);
    }
    return sequence;
  }

  /** Adds a message that was stored under `sequence`; `shared` when its body is stored apart. */
  addStored(message: Message, sequence: number, shared: boolean, target: Target | null): void {
    this.#length++;
    const inMemory = this.#loadedBelow === sequence && !this.#windowFull;
    if (inMemory) {
      message.keep();
      const commit = this.#context.store.openCommit;
      const entry = new QueueEntry(this, message, sequence, commit, target);
      entry.shared = shared;
      this.#loadedBelow = sequence + 1;
      this.#add(entry);
    }
    this.#context.wakeWhenDurable(this);
  }

  /** Adds or hands out a message that is not stored. */
  addTransient(message: Message, target: Target | null): void {
    if (this.#waiting === 0 && !this.#backlog) {
      const consumer = this.#readyConsumer();
      if (consumer !== null) {
        this.#handOver(message, target, consumer);
        return;
      }
    }
    if (this.#discardsTransient) return;
    if (this.#transientFull) {
      this.#drop();
      return;
    }
    message.keep();
    this.#length++;
    this.#add(new QueueEntry(this, message, 0, 0, target));
    this.wake();
  }

  addConsumer(consumer: Consumer): void {
    this.consumers.push(consumer);
    this.wake();
  }

  /** Takes a consumer away and returns what it holds, in order. */
  removeConsumer(consumer: Consumer): QueueEntry[] {
    const index = this.consumers.indexOf(consumer);
    if (index >= 0) this.consumers.splice(index, 1);
    const held: QueueEntry[] = [];
    if (consumer.unsettled === 0) return held;
    for (const entry of this.#ring.from(this.#ring.head)) {
      if (entry.position >= this.#cursor) break;
      if (entry.consumer === consumer) held.push(entry);
    }
    return held;
  }

  wake(): void {
    this.#context.wake(this);
  }

  /** Hands out as much as consumers take; runs once at the end of a turn. */
  dispatch(): void {
    for (;;) {
      const consumer = this.#readyConsumer();
      if (consumer === null) break;
      const entry = this.#nextAvailable();
      if (entry === null) break;
      this.#give(entry, consumer);
    }
    if (this.#backlog) this.#load();
    if (this.#droppedSinceWarning > 0 && this.#waiting === 0) this.#reportDropped();
  }

  /** Returns an acquired entry to the queue without counting a failure. */
  giveBack(entry: QueueEntry): void {
    this.#release(entry);
    entry.state = 'available';
    entry.redelivered = true;
    this.#waiting++;
    this.#charge(entry);
    this.#returned.push(entry.position);
    this.wake();
  }

  /** Counts a failed delivery, durably, and returns the number of them. */
  countFailure(entry: QueueEntry): number {
    entry.deliveryCount++;
    if (entry.sequence > 0) {
      this.#deliveryCounts.set(entry.sequence, entry.deliveryCount);
      this.#context.store.deliveryFailed(this.id, entry.sequence, entry.deliveryCount);
    }
    return entry.deliveryCount;
  }

  /** Ends an acquired entry for good. */
  finish(entry: QueueEntry): void {
    this.#release(entry);
    this.#forget(entry);
  }

  /**
   * Settles up to `count` messages, in order, whoever holds them; reading them first if needed.
   * @returns whether the queue is empty
   */
  purge(count: number): boolean {
    let left = count;
    for (const entry of this.#ring.from(this.#ring.head)) {
      if (left-- === 0) return false;
      if (entry.state === 'acquired') this.#release(entry);
      else this.#uncharge(entry);
      this.#forget(entry);
    }
    if (!this.#backlog) return this.#length === 0;
    this.#load();
    return false;
  }

  /** Drops what has expired while it waited in memory. */
  sweepExpired(nowMs: number): void {
    if (this.#waiting === 0) return;
    for (const entry of this.#ring.from(this.#ring.head)) {
      const { expiresAt } = entry.message;
      if (expiresAt > 0 && expiresAt <= nowMs && entry.state === 'available') this.#expire(entry);
    }
  }

  get #backlog(): boolean {
    return this.#loadedBelow < this.#tail.staged;
  }

  /** MQTT QoS 0 for a client that is away: nobody promised to keep it. */
  get #discardsTransient(): boolean {
    return this.kind === 'session' && this.consumers.length === 0;
  }

  get #windowFull(): boolean {
    const { limits, windowBytes } = this.#context;
    return (
      this.#waiting >= limits.queueWindowMessages ||
      this.#waitingBytes >= limits.queueWindowBytes ||
      (windowBytes >= limits.windowBytesTotal && this.#waiting >= SMALL_WINDOW_MESSAGES)
    );
  }

  get #transientFull(): boolean {
    const { limits } = this.#context;
    return (
      this.#waiting >= limits.transientMessagesMax || this.#waitingBytes >= limits.transientBytesMax
    );
  }

  #drop(): void {
    this.#context.metrics.messagesDropped++;
    if (this.#droppedSinceWarning++ === 0) {
      this.#context.log.warn('subscriber-too-slow', { queue: this.name, waiting: this.#waiting });
    }
  }

  #reportDropped(): void {
    const dropped = this.#droppedSinceWarning;
    this.#droppedSinceWarning = 0;
    this.#context.log.warn('subscriber-caught-up', { queue: this.name, dropped });
  }

  #readyConsumer(): Consumer | null {
    const { consumers } = this;
    for (let tried = 0; tried < consumers.length; tried++) {
      if (this.#nextConsumer >= consumers.length) this.#nextConsumer = 0;
      const consumer = consumers[this.#nextConsumer++]!;
      if (consumer.ready) return consumer;
    }
    return null;
  }

  /** The shortest way: nothing waits, somebody is ready, nothing is stored. */
  #handOver(message: Message, target: Target | null, consumer: Consumer): void {
    this.#context.metrics.messagesDelivered++;
    consumer.deliveries++;
    if (consumer.sink.settlesOnSend(consumer, message, target)) {
      consumer.sink.deliver(consumer, message, target, null);
      return;
    }
    message.keep();
    this.#length++;
    const entry = new QueueEntry(this, message, 0, 0, target);
    this.#ring.push(entry);
    this.#cursor = this.#ring.tail;
    this.#acquire(entry, consumer);
    consumer.sink.deliver(consumer, message, target, entry);
  }

  #give(entry: QueueEntry, consumer: Consumer): void {
    const { metrics } = this.#context;
    metrics.messagesDelivered++;
    if (entry.redelivered) metrics.messagesRedelivered++;
    consumer.deliveries++;
    this.#uncharge(entry);
    const { message, target } = entry;
    if (consumer.sink.settlesOnSend(consumer, message, target)) {
      this.#forget(entry);
      consumer.sink.deliver(consumer, message, target, null);
      return;
    }
    this.#acquire(entry, consumer);
    consumer.sink.deliver(consumer, message, target, entry);
  }

  #acquire(entry: QueueEntry, consumer: Consumer): void {
    entry.state = 'acquired';
    entry.consumer = consumer;
    consumer.credit--;
    consumer.unsettled++;
  }

  #release(entry: QueueEntry): void {
    if (entry.consumer !== null) entry.consumer.unsettled--;
    entry.consumer = null;
  }

  #add(entry: QueueEntry): void {
    if (entry.shared) this.#context.bodies.enter(entry.message);
    this.#ring.push(entry);
    this.#waiting++;
    this.#charge(entry);
  }

  #charge(entry: QueueEntry): void {
    const bytes = entry.message.size + ENTRY_BYTES;
    this.#waitingBytes += bytes;
    this.#context.windowBytes += bytes;
  }

  #uncharge(entry: QueueEntry): void {
    const bytes = entry.message.size + ENTRY_BYTES;
    this.#waiting--;
    this.#waitingBytes -= bytes;
    this.#context.windowBytes -= bytes;
  }

  /** Removes an entry that nobody holds and nobody waits for. */
  #forget(entry: QueueEntry): void {
    entry.state = 'settled';
    this.#length--;
    this.#ring.remove(entry);
    if (this.#cursor < this.#ring.head) this.#cursor = this.#ring.head;
    if (entry.sequence > 0) this.#settleStored(entry);
  }

  #settleStored(entry: QueueEntry): void {
    const { store, bodies } = this.#context;
    this.#settled.add(entry.sequence);
    if (this.#deliveryCounts.size > 0) this.#deliveryCounts.delete(entry.sequence);
    store.settle(this.id, entry.sequence);
    if (!entry.shared) return;
    bodies.release(entry.message);
    bodies.leave(entry.message);
  }

  #expire(entry: QueueEntry): void {
    this.#context.metrics.messagesExpired++;
    this.#uncharge(entry);
    this.#forget(entry);
  }

  /** The next entry that may be handed out now, or null. Entries that expired are dropped. */
  #nextAvailable(): QueueEntry | null {
    for (;;) {
      const returned = this.#returned.peek();
      const position = returned ?? this.#cursor;
      const entry = this.#ring.at(position);
      if (entry === undefined || entry.state !== 'available') {
        if (returned !== undefined) this.#returned.pop();
        else if (position < this.#ring.tail) this.#cursor++;
        else return null;
        continue;
      }
      if (!this.#mayShow(entry)) return null;
      if (returned !== undefined) this.#returned.pop();
      else this.#cursor++;
      const { expiresAt } = entry.message;
      if (expiresAt === 0 || expiresAt > this.#context.clock.wallMs()) return entry;
      this.#expire(entry);
    }
  }

  /** A stored entry is shown when it, and the note that it may be handed out, are durable. */
  #mayShow(entry: QueueEntry): boolean {
    if (entry.sequence === 0) return true;
    const { store } = this.#context;
    const durable = store.durableCommit;
    if (entry.commit > durable) return false;
    if (entry.sequence < this.#dispatchedBelow.durable(durable)) return true;
    if (entry.sequence >= this.#dispatchedBelow.staged) this.#declareDispatch(entry.sequence);
    this.#context.wakeWhenDurable(this);
    return false;
  }

  #declareDispatch(sequence: number): void {
    const { store } = this.#context;
    const below = sequence + DISPATCH_LOOKAHEAD;
    this.#dispatchedBelow.raise(below, store.openCommit);
    store.dispatched(this.id, below);
  }

  /** Reads the next part of what is in the store only. */
  #load(): void {
    if (this.#loading || this.#waiting > this.#context.limits.queueWindowMessages / 2) return;
    if (this.#windowFull) return;
    const first = this.#settled.nextMissing(this.#loadedBelow);
    const end = Math.min(
      first + LOAD_MESSAGES,
      this.#settled.nextPresent(first),
      this.#tail.durable(this.#context.store.durableCommit),
    );
    if (first >= end) {
      // What comes next is not durable yet, or settled: nothing to read now.
      if (first < this.#tail.staged) this.#context.wakeWhenDurable(this);
      else this.#loadedBelow = first;
      return;
    }
    this.#loading = true;
    this.#context.store.readEntries(this.id, first, end - first, (entries) => {
      this.#loading = false;
      if (this.deleted && this.#length === 0) return;
      this.#loadedBelow = end;
      for (const entry of entries) this.#restore(entry);
      this.wake();
    });
  }

  #restore(stored: StoredEntry): void {
    const { bodies, metrics, log } = this.#context;
    if (stored.message === null || stored.stale) {
      if (!stored.stale) {
        metrics.messagesQuarantined++;
        log.error('message-damaged', { queue: this.name, sequence: stored.sequence });
      }
      this.#length--;
      this.#settled.add(stored.sequence);
      this.#context.store.settle(this.id, stored.sequence);
      return;
    }
    const shared = stored.bodyId > 0;
    const message = shared ? bodies.adopt(stored) : stored.message;
    const target = this.#context.routeTarget(this, message, stored.direct);
    const entry = new QueueEntry(this, message, stored.sequence, 0, target);
    entry.shared = shared;
    entry.deliveryCount = this.#deliveryCounts.get(stored.sequence) ?? 0;
    entry.redelivered = entry.deliveryCount > 0 || stored.sequence < this.#redeliveredBelow;
    this.#add(entry);
  }
}
