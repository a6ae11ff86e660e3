import type { Address } from './address.js';
import type { BodyTable } from './body-table.js';
import type { Consumer } from './consumer.js';
import { ConsumerGroup } from './consumer-group.js';
import type { Limits } from './limits.js';
import type { Message } from './message.js';
import type { Metrics } from './metrics.js';
import type { EffectivePolicy } from './policy.js';
import type { Clock, Log, QueueState, RecoveredQueue, Store, StoredEntry } from './ports.js';
import { QueueEntry } from './queue-entry.js';
import { QueueLog } from './queue-log.js';
import { QueueRing } from './queue-ring.js';
import { QueueWindow, type WindowTotal } from './queue-window.js';
import type { Target } from './router.js';
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
export interface QueueContext extends WindowTotal {
  readonly store: Store;
  readonly bodies: BodyTable;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Has the queue dispatch at the end of the turn. */
  wake(queue: Queue): void;
  /** Has the queue dispatch when the commit that is open now is durable. */
  wakeWhenDurable(queue: Queue): void;
  /** How a message that was read back found its queue; null when no binding matches any more. */
  routeTarget(queue: Queue, message: Message, direct: boolean): Target | null;
}

/** A subscriber that took nothing for this long does not slow its producers. */
const STALLED_MS = 500;

/**
 * The only place where a message rests. In order: a ring of entries in memory, then what is in the
 * store only. While anything is in the store only, new messages go there too, so that the order
 * holds; they are read ahead as the ring drains.
 */
export class Queue {
  readonly definition: QueueDefinition;
  readonly bindings = new Map<string, Binding>();
  policy: EffectivePolicy;
  deleted = false;
  /** Set by the broker while the queue waits in one of its lists. */
  awake = false;
  gated = false;

  readonly #context: QueueContext;
  readonly #ring = new QueueRing();
  #length = 0;
  readonly #window: QueueWindow;
  readonly #consumers = new ConsumerGroup();

  /** Consumers that may have asked to be told when there is nothing more for them. */
  #draining: Consumer[] = [];

  readonly #log: QueueLog;
  #droppedSinceWarning = 0;
  #lastProgressMs = 0;

  constructor(
    definition: QueueDefinition,
    policy: EffectivePolicy,
    context: QueueContext,
    recovered?: RecoveredQueue,
  ) {
    this.definition = definition;
    this.policy = policy;
    this.#context = context;
    this.#window = new QueueWindow(context.limits, context);
    this.#log = new QueueLog(definition.id, context.store, recovered);
    this.#length = this.#log.length;
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

  get consumers(): readonly Consumer[] {
    return this.#consumers.members;
  }

  /** Messages that are not settled, wherever they are. */
  get length(): number {
    return this.#length;
  }

  get state(): QueueState {
    return this.#log.state;
  }

  /** Whether something of it is staged in a commit after the given one. */
  waitsBeyond(commit: number): boolean {
    return this.#log.waitsBeyond(commit);
  }

  isSettled(sequence: number): boolean {
    return this.#log.isSettled(sequence);
  }

  /** Whether an arriving message will be stored with a sequence of this queue. */
  stores(message: Message, target: Target | null): boolean {
    if (!this.durable) return false;
    if (message.durable && (target === null || target.durable)) return true;
    if (this.#discardsTransient) return false;
    // A message that need not survive is put aside on disk when memory is no place for it.
    return this.#log.backlog || this.#window.full;
  }

  /** Takes the next sequence for a message that `stores` said would be stored. */
  takeSequence(): number {
    return this.#log.takeSequence(this.#consumers.size > 0);
  }

  /** Adds a message that was stored under `sequence`; `shared` when its body is stored apart. */
  addStored(message: Message, sequence: number, shared: boolean, target: Target | null): void {
    this.#length++;
    const inMemory = this.#log.followsMemory(sequence) && !this.#window.full;
    if (inMemory) {
      message.keep();
      const commit = this.#context.store.openCommit;
      const entry = new QueueEntry(this, message, sequence, commit, target);
      entry.shared = shared;
      this.#log.enteredMemory(sequence);
      this.#add(entry);
    }
    this.#context.wakeWhenDurable(this);
  }

  /** Adds or hands out a message that is not stored. */
  addTransient(message: Message, target: Target | null): void {
    if (this.#window.messages === 0 && !this.#log.backlog) {
      const consumer = this.#consumers.nextReady();
      if (consumer !== null) {
        this.#handOver(message, target, consumer);
        return;
      }
    }
    if (this.#discardsTransient) return;
    if (this.#window.transientFull || (this.#window.crowded && this.#stalled)) {
      this.#drop();
      return;
    }
    if (this.#window.messages === 0) this.#lastProgressMs = this.#context.clock.monotonicMs();
    message.keep();
    this.#length++;
    this.#add(new QueueEntry(this, message, 0, 0, target));
    this.wake();
  }

  addConsumer(consumer: Consumer): void {
    this.#consumers.add(consumer);
    this.wake();
  }

  /** Takes a consumer away and returns what it holds, in order. */
  removeConsumer(consumer: Consumer): QueueEntry[] {
    this.#consumers.remove(consumer);
    const held: QueueEntry[] = [];
    if (consumer.unsettled === 0) return held;
    for (const entry of this.#ring.handedOut()) {
      if (entry.consumer === consumer) held.push(entry);
    }
    return held;
  }

  wake(): void {
    this.#context.wake(this);
  }

  /**
   * Its subscriber is behind, but takes what it can: producers that wait a little spare it a loss.
   * One that takes nothing has no say.
   */
  get asksToWait(): boolean {
    return this.#window.behind && !this.#stalled;
  }

  /** For producers that wait: whether they may go on. */
  get over(): boolean {
    return !this.asksToWait;
  }

  /** Hands out as much as consumers take; runs once at the end of a turn. */
  dispatch(): void {
    const before = this.#window.messages;
    for (;;) {
      const consumer = this.#consumers.nextReady();
      if (consumer === null) break;
      const entry = this.#nextAvailable();
      if (entry === null) break;
      this.#give(entry, consumer);
    }
    if (this.#window.messages < before || before === 0) {
      this.#lastProgressMs = this.#context.clock.monotonicMs();
    }
    if (this.#log.backlog) this.#load();
    if (this.#droppedSinceWarning > 0 && this.#window.messages === 0) this.#reportDropped();
    if (this.#draining.length > 0) this.#reportDrained();
  }

  /** Tells the consumer once there is nothing more for it. */
  drain(consumer: Consumer): void {
    if (!this.#draining.includes(consumer)) this.#draining.push(consumer);
    this.wake();
  }

  /** Returns an entry whose consumer went away without an outcome. */
  takeBack(entry: QueueEntry): void {
    entry.interrupted = true;
    this.giveBack(entry);
  }

  /** Returns an acquired entry to the queue without counting a failure. */
  giveBack(entry: QueueEntry): void {
    this.#release(entry);
    entry.state = 'available';
    entry.redelivered = true;
    this.#window.add(entry.message);
    this.#ring.giveBack(entry);
    this.wake();
  }

  /** Counts a failed delivery, durably, and returns the number of them. */
  countFailure(entry: QueueEntry): number {
    entry.deliveryCount++;
    if (entry.sequence > 0) this.#log.countFailure(entry.sequence, entry.deliveryCount);
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
    for (const entry of this.#ring.all()) {
      if (left-- === 0) return false;
      if (entry.state === 'acquired') this.#release(entry);
      else this.#window.remove(entry.message);
      this.#forget(entry);
    }
    if (!this.#log.backlog) return this.#length === 0;
    this.#load();
    return false;
  }

  /** Drops what has expired while it waited in memory. */
  sweepExpired(nowMs: number): void {
    if (!this.#window.expires) return;
    for (const entry of this.#ring.all()) {
      if (entry.state === 'available' && hasExpired(entry, nowMs)) this.#expire(entry);
    }
  }

  get #stalled(): boolean {
    return this.#context.clock.monotonicMs() - this.#lastProgressMs >= STALLED_MS;
  }

  /** What need not survive is not kept for a client that is away. */
  get #discardsTransient(): boolean {
    return this.kind === 'session' && this.#consumers.size === 0;
  }

  #drop(): void {
    this.#context.metrics.messagesDropped++;
    if (this.#droppedSinceWarning++ === 0) {
      this.#context.log.warn('subscriber-too-slow', {
        queue: this.name,
        waiting: this.#window.messages,
      });
    }
  }

  #reportDropped(): void {
    const dropped = this.#droppedSinceWarning;
    this.#droppedSinceWarning = 0;
    this.#context.log.warn('subscriber-caught-up', { queue: this.name, dropped });
  }

  /** What only waits to become durable is still to come. */
  #reportDrained(): void {
    const empty = this.#ring.next() === null && !this.#log.backlog;
    const drained: Consumer[] = [];
    this.#draining = this.#draining.filter((consumer) => {
      if (consumer.closed || !consumer.draining) return false;
      if (!empty && consumer.credit > 0) return true;
      drained.push(consumer);
      return false;
    });
    for (const consumer of drained) {
      if (consumer.closed || !consumer.draining) continue;
      consumer.draining = false;
      consumer.sink.consumerDrained?.(consumer);
    }
  }

  /** The shortest way: nothing waits, somebody is ready, nothing is stored. */
  #handOver(message: Message, target: Target | null, consumer: Consumer): void {
    this.#context.metrics.messagesDelivered++;
    consumer.deliveries++;
    this.#consumers.rotate();
    if (consumer.sink.settlesOnSend(consumer, message, target)) {
      consumer.sink.deliver(consumer, message, target, null, false);
      return;
    }
    message.keep();
    this.#length++;
    const entry = new QueueEntry(this, message, 0, 0, target);
    this.#ring.pushTaken(entry);
    this.#acquire(entry, consumer);
    consumer.sink.deliver(consumer, message, target, entry, false);
  }

  #give(entry: QueueEntry, consumer: Consumer): void {
    const { metrics } = this.#context;
    metrics.messagesDelivered++;
    if (entry.redelivered) metrics.messagesRedelivered++;
    consumer.deliveries++;
    this.#consumers.rotate();
    this.#window.remove(entry.message);
    const { message, target } = entry;
    if (consumer.sink.settlesOnSend(consumer, message, target)) {
      this.#forget(entry);
      consumer.sink.deliver(consumer, message, target, null, entry.redelivered);
      return;
    }
    this.#acquire(entry, consumer);
    consumer.sink.deliver(consumer, message, target, entry, entry.redelivered);
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
    this.#window.add(entry.message);
  }

  /** Removes an entry that nobody holds and nobody waits for. */
  #forget(entry: QueueEntry): void {
    entry.state = 'settled';
    this.#length--;
    this.#ring.remove(entry);
    if (entry.sequence > 0) this.#settleStored(entry);
  }

  #settleStored(entry: QueueEntry): void {
    this.#log.settle(entry.sequence);
    if (!entry.shared) return;
    this.#context.bodies.release(entry.message);
    this.#context.bodies.leave(entry.message);
  }

  #expire(entry: QueueEntry): void {
    this.#context.metrics.messagesExpired++;
    this.#window.remove(entry.message);
    this.#forget(entry);
  }

  /** The next entry that may be handed out now, or null. Entries that expired are dropped. */
  #nextAvailable(): QueueEntry | null {
    for (;;) {
      const entry = this.#ring.next();
      if (entry === null || !this.#mayShow(entry)) return null;
      this.#ring.take(entry);
      const { expiresAt } = entry.message;
      if (expiresAt === 0 || !hasExpired(entry, this.#context.clock.wallMs())) return entry;
      this.#expire(entry);
    }
  }

  /** A stored entry is shown when it, and the note that it may be handed out, are durable. */
  #mayShow(entry: QueueEntry): boolean {
    if (entry.sequence === 0 || this.#log.mayShow(entry.sequence, entry.commit)) return true;
    this.#context.wakeWhenDurable(this);
    return false;
  }

  /** Reads ahead of what is handed out. */
  #load(): void {
    if (!this.#window.low) return;
    const loading = this.#log.load((entries) => {
      for (const entry of entries) this.#restore(entry);
      this.wake();
    });
    if (!loading) this.#context.wakeWhenDurable(this);
  }

  #restore(stored: StoredEntry): void {
    const { bodies, metrics, log } = this.#context;
    const shared = stored.bodyId > 0;
    if (stored.message === null || stored.stale) {
      if (stored.message === null) {
        metrics.messagesQuarantined++;
        log.error('message-damaged', { queue: this.name, sequence: stored.sequence });
      } else if (shared) bodies.release(bodies.adopt(stored));
      this.#length--;
      this.#log.settle(stored.sequence);
      return;
    }
    const message = shared ? bodies.adopt(stored) : stored.message;
    const target = this.#context.routeTarget(this, message, stored.direct);
    const entry = new QueueEntry(this, message, stored.sequence, 0, target);
    entry.shared = shared;
    entry.deliveryCount = this.#log.deliveryCount(stored.sequence);
    entry.interrupted = entry.deliveryCount === 0 && this.#log.wasDispatched(stored.sequence);
    entry.redelivered = entry.deliveryCount > 0 || entry.interrupted;
    this.#add(entry);
  }
}

/** What was sent under a tag is finished under it, however long that takes [MQTT-4.3.3-7]. */
function hasExpired({ message, tag }: QueueEntry, nowMs: number): boolean {
  return message.expiresAt > 0 && message.expiresAt <= nowMs && tag === 0;
}
