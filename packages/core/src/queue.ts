import type { Address } from './address.js';
import type { PacedProducer } from './broker-api.js';
import type { Consumer } from './consumer.js';
import { ConsumerGroup } from './consumer-group.js';
import type { Message } from './message.js';
import type { EffectivePolicy } from './policy.js';
import type { QueueState, RecoveredQueue } from './ports.js';
import { QueueContents } from './queue-contents.js';
import type { QueueContext } from './queue-context.js';
import type { QueueDefinition, QueueKind } from './queue-definition.js';
import type { QueueEntry } from './queue-entry.js';
import type { Target } from './router.js';
import { SelectiveDispatch } from './selective-dispatch.js';
import type { Binding } from './subscription.js';

/** A subscriber that took nothing for this long does not slow its producers. */
const STALLED_MS = 500;
/** How full the memory of a queue is when its producers wait, and when they go on. */
const PACED_FROM = 0.5;
const PACED_UNTIL = 0.25;

/**
 * The only place where a message rests. While anything is in the store only, new messages go there
 * too, so that the order holds.
 */
export class Queue {
  readonly definition: QueueDefinition;
  readonly bindings = new Map<string, Binding>();
  policy: EffectivePolicy;
  /**
   * Whose messages are local to it, for bindings without them; changed when a durable subscriber
   * comes back on another connection.
   */
  ownerId: number;
  deleted = false;
  /** Set by the broker while the queue waits in one of its lists. */
  awake = false;
  gated = false;

  readonly #context: QueueContext;
  readonly #contents: QueueContents;
  readonly #consumers = new ConsumerGroup();
  /** Serves the consumers, as long as one of them has a selector or browses. */
  #selective: SelectiveDispatch | null = null;
  /** Consumers that may have asked to be told when there is nothing more for them. */
  #draining: Consumer[] = [];
  #paced: PacedProducer[] = [];
  #droppedSinceWarning = 0;
  #lastProgressMs = 0;

  constructor(
    definition: QueueDefinition,
    policy: EffectivePolicy,
    context: QueueContext,
    recovered?: RecoveredQueue,
  ) {
    this.definition = definition;
    this.ownerId = definition.ownerId;
    this.policy = policy;
    this.#context = context;
    this.#contents = new QueueContents(this, context, recovered);
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

  get consumers(): readonly Consumer[] {
    const { members } = this.#consumers;
    return this.#selective === null ? members : [...members, ...this.#selective.browsers];
  }

  /** Messages that are not settled, wherever they are. */
  get length(): number {
    return this.#contents.length;
  }

  get state(): QueueState {
    return this.#contents.log.state;
  }

  /** Whether something of it is staged in a commit after the given one. */
  waitsBeyond(commit: number): boolean {
    return this.#contents.log.waitsBeyond(commit);
  }

  isSettled(sequence: number): boolean {
    return this.#contents.log.isSettled(sequence);
  }

  /** Whether an arriving message will be stored with a sequence of this queue. */
  stores(message: Message, target: Target | null): boolean {
    if (!this.durable) return false;
    if (message.durable && (target === null || target.durable)) return true;
    if (this.#discardsTransient) return false;
    // A message that need not survive is put aside on disk when memory is no place for it.
    return this.#contents.log.backlog || this.#contents.window.full;
  }

  /** Takes the next sequence for a message that `stores` said would be stored. */
  takeSequence(): number {
    return this.#contents.log.takeSequence(this.#consumers.size > 0);
  }

  /** Adds a message that was stored under `sequence`; `shared` when its body is stored apart. */
  addStored(message: Message, sequence: number, shared: boolean, target: Target | null): void {
    this.#contents.addStored(message, sequence, shared, target);
    this.#context.wakeWhenDurable(this);
  }

  /** Adds or hands out a message that is not stored. */
  addTransient(message: Message, target: Target | null): void {
    const { window, log } = this.#contents;
    if (window.messages === 0 && !log.backlog && this.#selective === null) {
      const consumer = this.#consumers.nextReady();
      if (consumer !== null) {
        this.#handOver(message, target, consumer);
        return;
      }
    }
    if (this.#discardsTransient) return;
    if (window.transientFull || (window.crowded && this.#stalled)) {
      this.#drop();
      return;
    }
    if (window.messages === 0) this.#noteProgress();
    this.#contents.addTransient(message, target);
    this.wake();
  }

  addConsumer(consumer: Consumer): void {
    if (consumer.selector !== null || consumer.browses) {
      this.#selective ??= this.#createSelective();
      this.#selective.add(consumer);
    }
    if (!consumer.browses) this.#consumers.add(consumer);
    this.wake();
  }

  /** Takes a consumer away and returns what it holds, in order. */
  removeConsumer(consumer: Consumer): QueueEntry[] {
    this.#consumers.remove(consumer);
    this.#selective?.remove(consumer);
    if (this.#selective?.idle) this.#selective = null;
    return this.#contents.heldBy(consumer);
  }

  wake(): void {
    this.#context.wake(this);
  }

  /**
   * Its subscriber is behind, but takes what it can: producers that wait a little spare it a loss.
   * One that takes nothing has no say.
   */
  get asksToWait(): boolean {
    return this.#contents.window.behind && !this.#stalled;
  }

  /** For producers that wait: whether they may go on. */
  get over(): boolean {
    return !this.asksToWait;
  }

  /**
   * Whether a producer of messages that are not stored waits, since consumers keep up badly: what
   * does not fit into memory would go to the disk and back. Consumers that take nothing have no say.
   */
  pace(producer: PacedProducer): boolean {
    const waits =
      this.#contents.window.exceeds(PACED_FROM) && this.#consumers.size > 0 && !this.#stalled;
    if (waits) this.#paced.push(producer);
    return waits;
  }

  /** Hands out as much as consumers take; runs once at the end of a turn. */
  dispatch(): void {
    const contents = this.#contents;
    const { window, log } = contents;
    const before = window.messages;
    if (this.#selective === null) this.#serve();
    else this.#selective.run();
    if (window.messages < before || before === 0) this.#noteProgress();
    if (log.backlog) contents.readAhead();
    if (this.#droppedSinceWarning > 0 && window.messages === 0) this.#reportDropped();
    if (this.#draining.length > 0) this.#reportDrained();
    if (this.#paced.length > 0) this.#proceed();
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
    const { sequence } = entry;
    if (!this.#contents.giveBack(entry)) this.#selective?.cameBack(sequence);
    this.wake();
  }

  /** Replaces what consumers have added to the message of an acquired entry. */
  amend(entry: QueueEntry, amendments: Buffer): void {
    this.#contents.amendments.set(entry, amendments);
  }

  /** Counts a failed delivery, durably, and returns the number of them. */
  countFailure(entry: QueueEntry): number {
    entry.deliveryCount++;
    const { sequence, deliveryCount } = entry;
    if (sequence > 0) this.#contents.log.countFailure(sequence, deliveryCount);
    return deliveryCount;
  }

  /** Ends an acquired entry for good. */
  finish(entry: QueueEntry): void {
    entry.release();
    this.#contents.forget(entry);
  }

  /**
   * Settles up to `count` messages, in order, whoever holds them; reading them first if needed.
   * @returns whether the queue is empty
   */
  purge(count: number): boolean {
    return this.#contents.purge(count);
  }

  /** Drops what has expired while it waited in memory. */
  sweepExpired(): void {
    this.#contents.sweepExpired();
    if (this.#paced.length > 0) this.#proceed();
  }

  get #stalled(): boolean {
    return this.#context.clock.monotonicMs() - this.#lastProgressMs >= STALLED_MS;
  }

  /** What need not survive is not kept for a client that is away. */
  get #discardsTransient(): boolean {
    return this.kind === 'session' && this.#consumers.size === 0;
  }

  #proceed(): void {
    const waiting = this.#contents.window.exceeds(PACED_UNTIL);
    if (waiting && this.#consumers.size > 0 && !this.#stalled) return;
    const paced = this.#paced;
    this.#paced = [];
    for (const producer of paced) producer.proceed();
  }

  #noteProgress(): void {
    this.#lastProgressMs = this.#context.clock.monotonicMs();
  }

  #drop(): void {
    this.#context.metrics.messagesDropped++;
    if (this.#droppedSinceWarning++ === 0) {
      const waiting = this.#contents.window.messages;
      this.#context.log.warn('subscriber-too-slow', { queue: this.name, waiting });
    }
  }

  #reportDropped(): void {
    const dropped = this.#droppedSinceWarning;
    this.#droppedSinceWarning = 0;
    this.#context.log.warn('subscriber-caught-up', { queue: this.name, dropped });
  }

  /** What only waits to become durable is still to come. */
  #reportDrained(): void {
    const { ring, log } = this.#contents;
    const empty = ring.next() === null && !log.backlog;
    const isEmptyFor = (consumer: Consumer) => this.#selective?.atEnd(consumer) ?? empty;
    const drained: Consumer[] = [];
    this.#draining = this.#draining.filter((consumer) => {
      if (consumer.closed || !consumer.draining) return false;
      if (consumer.credit > 0 && !isEmptyFor(consumer)) return true;
      drained.push(consumer);
      return false;
    });
    for (const consumer of drained) {
      if (consumer.closed || !consumer.draining) continue;
      consumer.draining = false;
      consumer.sink.consumerDrained?.(consumer);
    }
  }

  #createSelective(): SelectiveDispatch {
    return new SelectiveDispatch({
      queue: this,
      contents: this.#contents,
      context: this.#context,
      takers: this.#consumers,
      give: (entry, consumer) => this.#give(entry, consumer),
    });
  }

  /** In turn, until nobody takes anything or nothing is left. */
  #serve(): void {
    for (;;) {
      const consumer = this.#consumers.nextReady();
      if (consumer === null) break;
      const entry = this.#contents.takeNext();
      if (entry === null) break;
      this.#give(entry, consumer);
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
    const entry = this.#contents.addTaken(message, target);
    entry.acquire(consumer);
    consumer.sink.deliver(consumer, message, target, entry, false);
  }

  #give(entry: QueueEntry, consumer: Consumer): void {
    const { metrics } = this.#context;
    metrics.messagesDelivered++;
    if (entry.redelivered) metrics.messagesRedelivered++;
    consumer.deliveries++;
    this.#consumers.rotate();
    const { shown: message, target } = entry;
    if (consumer.sink.settlesOnSend(consumer, message, target)) {
      this.#contents.forget(entry);
      consumer.sink.deliver(consumer, message, target, null, entry.redelivered);
      return;
    }
    entry.acquire(consumer);
    consumer.sink.deliver(consumer, message, target, entry, entry.redelivered);
  }
}
