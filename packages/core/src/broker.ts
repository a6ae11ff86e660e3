import { type Address, AddressBook } from './address.js';
import { BodyTable } from './body-table.js';
import type {
  BrokerApi,
  BrokerRole,
  Confirmable,
  OpenedSession,
  OpenSession,
  PacedProducer,
  SubscriptionQueueOptions,
} from './broker-api.js';
import { CommitRoad } from './commit-road.js';
import type { Connection, ConnectionInfo } from './connection.js';
import { ConnectionTable } from './connection-table.js';
import { Consumer, type ConsumerOptions } from './consumer.js';
import { Deadlines } from './deadlines.js';
import { DelayedMessages } from './delayed-messages.js';
import { Distributor } from './distributor.js';
import { BrokerError } from './errors.js';
import { Formats } from './format.js';
import { IdCounter } from './id-counter.js';
import { createLimits, type Limits } from './limits.js';
import type { Message } from './message.js';
import { Metrics } from './metrics.js';
import { Policies } from './policy.js';
import type { Authorizer, Backpressure, Clock, Log, Random, Store } from './ports.js';
import { Publisher } from './publisher.js';
import type { Queue } from './queue.js';
import type { QueueContext } from './queue-context.js';
import type { Outcome, QueueEntry, SettleDetails } from './queue-entry.js';
import { QueueSchedule } from './queue-schedule.js';
import { QueueTable } from './queue-table.js';
import { RetainedStore } from './retained-store.js';
import { Router, Target } from './router.js';
import type { Session, SessionOwner, Will } from './session.js';
import { SessionTable } from './session-table.js';
import { Settlement } from './settlement.js';
import type { BindingOptions } from './subscription.js';
import { SubscriptionExpiry } from './subscription-expiry.js';
import { TEMPORARY_PREFIX } from './temporary-name.js';

export interface BrokerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly authorizer: Authorizer;
  /** Asks for a call of `turn` soon: at the end of the current round of input. */
  readonly requestTurn: () => void;
  readonly limits?: Limits;
  readonly policies?: Policies;
  readonly addresses?: AddressBook;
  readonly formats?: Formats;
  /** See `BrokerApi`; without it, nobody knows. */
  readonly elsewhere?: ((listener: string) => string | null) | undefined;
}

class DiskPressure implements Backpressure {
  readonly #overloaded: () => boolean;

  constructor(overloaded: () => boolean) {
    this.#overloaded = overloaded;
  }

  get over(): boolean {
    return !this.#overloaded();
  }
}

/** How often queues look for messages that expired while they waited. */
const EXPIRY_SWEEP_MS = 1000;

/**
 * The broker: a synchronous state machine. Input comes through the methods; `turn` hands out what
 * became available and seals the commit; what was promised goes out from the store's completion.
 */
export class Broker implements BrokerApi {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly log: Log;
  readonly metrics = new Metrics();
  readonly formats: Formats;
  readonly addresses: AddressBook;
  readonly connections: ConnectionTable;
  readonly requestTurn: () => void;
  readonly elsewhere: (listener: string) => string | null;
  role: BrokerRole = 'starting';

  readonly #store: Store;
  readonly #policies: Policies;
  readonly #router = new Router();
  readonly #deadlines = new Deadlines();
  readonly #context: QueueContext;
  readonly #schedule: QueueSchedule;
  readonly #distributor: Distributor;
  readonly #settlement: Settlement;
  readonly #delayed: DelayedMessages;
  readonly #diskPressure: Backpressure;
  readonly #road: CommitRoad;
  #nextConsumerId = 1;

  // Made by `recover`, before anything else is called.
  #ids!: IdCounter;
  #queues!: QueueTable;
  #expiry!: SubscriptionExpiry;
  #sessions!: SessionTable;
  #retained!: RetainedStore;
  #publisher!: Publisher;

  constructor(options: BrokerOptions) {
    this.#store = options.store;
    this.clock = options.clock;
    this.random = options.random;
    this.log = options.log;
    this.requestTurn = options.requestTurn;
    this.elsewhere = options.elsewhere ?? (() => null);
    this.#schedule = new QueueSchedule(options.requestTurn);
    this.limits = options.limits ?? createLimits();
    this.#policies = options.policies ?? new Policies();
    this.addresses = options.addresses ?? new AddressBook();
    this.formats = options.formats ?? new Formats();
    this.#context = this.#createContext();
    this.#diskPressure = new DiskPressure(() => this.overloaded);
    this.#distributor = new Distributor(this.#store, this.#router, this.metrics);
    this.#settlement = this.#createSettlement();
    this.#delayed = this.#createDelayed();
    this.#road = this.#createRoad();
    this.connections = this.#createConnections(options.authorizer);
  }

  /** Reads back what the store holds and starts to serve. */
  async recover(): Promise<void> {
    const state = await this.#store.recover();
    this.#ids = new IdCounter(this.#store, state.documents.queue.get(0));
    this.#queues = new QueueTable({
      store: this.#store,
      ids: this.#ids,
      addresses: this.addresses,
      policies: this.#policies,
      router: this.#router,
      limits: this.limits,
      formats: this.formats,
      context: this.#context,
    });
    this.#expiry = new SubscriptionExpiry({
      clock: this.clock,
      schedule: (delayMs, callback) => this.schedule(delayMs, callback),
      saveQueue: (queue, life) => this.#queues.save(queue, life === null ? {} : { life }),
      deleteQueue: (queue) => this.deleteQueue(queue),
    });
    this.#sessions = this.#createSessions();
    this.#retained = new RetainedStore(this.#store, this.limits, () => this.#ids.durable());
    this.#publisher = this.#createPublisher(state.bootCount);
    this.#store.setCheckpointSource({
      queueState: (id) => this.#queues.byId(id)?.state ?? this.#delayed.stateOf(id),
      sessionSlots: (id) => this.#sessions.slots(id),
    });
    this.#store.onDurable((commit) => this.#committed(commit));
    const { unfinished, lives } = this.#queues.restore(state);
    for (const queue of unfinished) this.#schedule.purge(queue);
    for (const [queue, life] of lives) this.#expiry.restore(queue, life);
    for (const [id, bytes] of state.documents.retained) {
      this.#retained.restore(id, this.#store.decodeRetained(bytes));
    }
    for (const [id, bytes] of state.documents.session) {
      this.#sessions.restore(id, bytes, this.#queues.all);
    }
    for (const [id, slots] of state.sessionSlots) this.#sessions.restoreSlots(id, slots);
    const { scheduleId } = this.#queues;
    if (scheduleId > 0) await this.#delayed.restore(scheduleId, state.queues.get(scheduleId));
    this.#delayed.run();
    this.#scheduleSweep();
    this.role = 'active';
    this.requestTurn();
  }

  /** Ends a round of input: hands out messages, settles deleted queues, seals the commit. */
  turn(): void {
    if (this.#schedule.runPurges((queue) => this.#queues.forget(queue))) this.requestTurn();
    this.#schedule.dispatch();
    this.#road.seal();
  }

  /** Runs what is due; call it at least every few tens of milliseconds. */
  advance(): void {
    if (this.#deadlines.next > this.clock.monotonicMs()) return;
    this.#deadlines.advance(this.clock.monotonicMs());
    this.requestTurn();
  }

  /** Too much waits for the disk. */
  get overloaded(): boolean {
    return this.#store.pendingBytes > this.limits.uncommittedBytesMax;
  }

  /**
   * Why whoever published since the last call should not be read for now: too much waits for the
   * disk, or the subscribers of what it publishes fall behind together. Null for no reason.
   */
  backpressure(): Backpressure | null {
    const behind = this.#distributor.takeBehind();
    return this.overloaded ? this.#diskPressure : behind;
  }

  get queueCount(): number {
    return this.#queues.size;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  get retainedCount(): number {
    return this.#retained.size;
  }

  /** Messages that wait for their time. */
  get delayedCount(): number {
    return this.#delayed.length;
  }

  /** All queues, for metrics and administration. */
  get queues(): ReadonlyMap<number, Queue> {
    return this.#queues.all;
  }

  /** Stops taking part: makes what is staged durable and closes the store. */
  async close(): Promise<void> {
    this.role = 'stopping';
    this.turn();
    await this.#store.close();
  }

  openConnection(info: ConnectionInfo): Connection {
    return this.connections.open(info);
  }

  publish(message: Message): number {
    return this.#publisher.publish(message);
  }

  admit(messages: readonly Message[]): void {
    this.#publisher.admit(messages);
  }

  confirm(who: Confirmable, token: number): void {
    this.#road.confirm(who, token);
  }

  pace(address: Address, producer: PacedProducer): boolean {
    const queue = address.kind === 'queue' ? this.#queues.addressed(address.name) : null;
    return queue?.pace(producer) ?? false;
  }

  queue(address: Address, create: boolean): Queue {
    return this.#publisher.queue(address, create);
  }

  subscriptionQueue(options: SubscriptionQueueOptions): Queue {
    const { durable, ownerId } = options;
    // A selector that cannot be read leaves no queue behind.
    this.#queues.selectorOf(options.binding);
    const name = options.name ?? `subscription:${this.random.hex(8)}`;
    const queue =
      this.#queues.internal(name) ??
      this.#queues.create({ name, kind: 'subscription', durable, ownerId });
    this.bind(queue, options.filter, options.binding);
    this.#expiry.set(queue, options.expiryMs);
    return queue;
  }

  findSubscriptionQueue(name: string): Queue | null {
    return this.#queues.internal(name);
  }

  holdSubscription(queue: Queue): void {
    this.#expiry.hold(queue);
  }

  releaseSubscription(queue: Queue): void {
    this.#expiry.release(queue);
  }

  deleteQueue(queue: Queue): void {
    if (queue.deleted) return;
    const error = new BrokerError('address-not-found', `${queue.name} was deleted`);
    for (const consumer of [...queue.consumers]) {
      this.closeConsumer(consumer);
      consumer.sink.consumerClosed(consumer, error);
    }
    if (queue.deleted) return;
    this.#expiry.forget(queue);
    this.#queues.retire(queue);
    this.#schedule.purge(queue);
    this.requestTurn();
  }

  consume(queue: Queue, options: ConsumerOptions): Consumer {
    const consumer = new Consumer(this.#nextConsumerId++, queue, options);
    queue.addConsumer(consumer);
    if (queue.consumers.length === 1) this.#expiry.joined(queue);
    return consumer;
  }

  closeConsumer(consumer: Consumer, options: { readonly failed?: boolean } = {}): void {
    if (consumer.closed) return;
    consumer.closed = true;
    const { queue } = consumer;
    for (const entry of queue.removeConsumer(consumer)) {
      if (options.failed === true) this.settle(entry, 'modified', { deliveryFailed: true });
      else queue.takeBack(entry);
    }
    if (queue.consumers.length === 0) this.#expiry.left(queue);
    this.requestTurn();
  }

  settle(entry: QueueEntry, outcome: Outcome, details?: SettleDetails): void {
    if (entry.state !== 'acquired') return;
    this.#settlement.settle(entry, outcome, details);
  }

  bind(queue: Queue, filter: string, options: BindingOptions): boolean {
    return this.#queues.bind(queue, filter, options);
  }

  unbind(queue: Queue, filter: string): boolean {
    return this.#queues.unbind(queue, filter);
  }

  retained(filter: string, visit: (message: Message) => void): void {
    this.#retained.find(filter, this.clock.wallMs(), visit);
  }

  enqueueDirect(queue: Queue, message: Message, filter: string): void {
    const binding = queue.bindings.get(filter);
    if (binding?.selector?.matches(message) === false) return;
    const target = new Target(queue, binding === undefined ? [] : [binding], true);
    this.#distributor.toQueue(queue, message, target);
  }

  openSession(options: OpenSession): OpenedSession {
    return this.#sessions.open(options);
  }

  closeSession(session: Session, owner: SessionOwner, options: { discardWill: boolean }): void {
    this.#sessions.close(session, owner, options);
    this.requestTurn();
  }

  setWill(session: Session, will: Will | null): void {
    this.#sessions.setWill(session, will);
  }

  putSlot(session: Session, slot: number, value: Buffer | null): void {
    this.#sessions.putSlot(session, slot, value);
  }

  changeExpiry(session: Session, expiryMs: number): void {
    session.expiryMs = Math.min(expiryMs, this.limits.sessionExpiryMsMax);
  }

  schedule(delayMs: number, callback: () => void): () => void {
    return this.#deadlines.add(this.clock.monotonicMs() + delayMs, callback);
  }

  /** A commit is durable: the next one goes to the disk, then promises are kept, then queues run. */
  #committed(commit: number): void {
    this.metrics.commits++;
    // First, since sealing asks who still waits.
    this.#schedule.committed(commit);
    this.#delayed.committed();
    this.#road.seal();
    this.#road.keepPromises(commit);
    this.requestTurn();
  }

  #scheduleSweep(): void {
    this.schedule(EXPIRY_SWEEP_MS, () => {
      for (const queue of this.#queues.all.values()) queue.sweepExpired();
      this.#delayed.run();
      this.#scheduleSweep();
    });
  }

  #routeTarget(queue: Queue, message: Message, direct: boolean): Target | null {
    if (message.address.kind === 'queue') return null;
    const target = this.#router.route(message.address).targetOf(queue);
    return direct ? new Target(queue, target?.bindings ?? [], true) : target;
  }

  #createContext(): QueueContext {
    const isSettled = (queueId: number, sequence: number): boolean =>
      this.#queues.byId(queueId)?.isSettled(sequence) ?? true;
    return {
      store: this.#store,
      bodies: new BodyTable(this.#store, isSettled),
      clock: this.clock,
      limits: this.limits,
      metrics: this.metrics,
      log: this.log,
      windowBytes: 0,
      amendmentBytes: 0,
      wake: (queue) => this.#schedule.wake(queue),
      wakeWhenDurable: (queue) => this.#schedule.wakeWhenDurable(queue),
      routeTarget: (queue, message, direct) => this.#routeTarget(queue, message, direct),
    };
  }

  #createPublisher(bootCount: number): Publisher {
    return new Publisher({
      bootCount,
      clock: this.clock,
      metrics: this.metrics,
      policies: this.#policies,
      formats: this.formats,
      queues: this.#queues,
      distributor: this.#distributor,
      retained: this.#retained,
      delayed: this.#delayed,
      settlement: this.#settlement,
    });
  }

  #createRoad(): CommitRoad {
    return new CommitRoad({
      store: this.#store,
      schedule: (delayMs, callback) => this.schedule(delayMs, callback),
      requestTurn: this.requestTurn,
      hasUnstaged: () => this.#retained.dirty,
      stage: () => this.#retained.stage(),
      isAwaited: () => this.#schedule.gated || this.#delayed.gated || this.role === 'stopping',
    });
  }

  #createSettlement(): Settlement {
    return new Settlement({
      metrics: this.metrics,
      clock: this.clock,
      queueAddress: (name) => this.addresses.queue(name),
      policyFor: (address) => this.#policies.for(address),
      sendLetter: (letter) => this.#publisher.sendLetter(letter),
    });
  }

  #createDelayed(): DelayedMessages {
    return new DelayedMessages({
      store: this.#store,
      clock: this.clock,
      limits: this.limits,
      metrics: this.metrics,
      log: this.log,
      schedule: (delayMs, callback) => this.schedule(delayMs, callback),
      requestTurn: this.requestTurn,
      createQueue: () => this.#queues.createSchedule(),
      overloaded: () => this.overloaded,
      release: (message) => this.#publisher.release(message),
    });
  }

  #createConnections(authorizer: Authorizer): ConnectionTable {
    return new ConnectionTable({
      limits: this.limits,
      metrics: this.metrics,
      log: this.log,
      authorizer,
      temporaryOwner: (address) => {
        const queue = address.kind === 'queue' ? this.#queues.addressed(address.name) : null;
        return queue?.kind === 'temporary' ? queue.ownerId : null;
      },
      createTemporary: (ownerId) => {
        const name = `${TEMPORARY_PREFIX}${this.random.hex(16)}`;
        const kind = 'temporary';
        return this.#queues.create({ name, kind, durable: false, ownerId });
      },
      deleteQueue: (queue) => this.deleteQueue(queue),
      nextId: () => this.#ids.transient(),
    });
  }

  #createSessions(): SessionTable {
    return new SessionTable({
      store: this.#store,
      clock: this.clock,
      limits: this.limits,
      ids: this.#ids,
      addresses: this.addresses,
      schedule: (delayMs, callback) => this.schedule(delayMs, callback),
      createQueue: (name, ownerId, durable) =>
        this.#queues.create({ name, kind: 'session', durable, ownerId }),
      deleteQueue: (queue) => this.deleteQueue(queue),
      closeConsumers: (queue) => {
        for (const consumer of [...queue.consumers]) this.closeConsumer(consumer);
      },
      publishWill: (will) => this.#publishWill(will),
    });
  }

  #publishWill(will: Will): void {
    const { message, expiryMs } = will;
    if (expiryMs > 0) message.expiresAt = this.clock.wallMs() + expiryMs;
    try {
      this.publish(message);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.log.warn('will-not-sent', { destination: message.address.uri, reason: error.message });
    }
    this.requestTurn();
  }
}
