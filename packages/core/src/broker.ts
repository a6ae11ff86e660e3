import { type Address, AddressBook } from './address.js';
import { BodyTable } from './body-table.js';
import type {
  BrokerApi,
  Confirmable,
  OpenedSession,
  OpenSession,
  PacedProducer,
  SubscriptionQueueOptions,
} from './broker-api.js';
import { ConfirmRing } from './confirm-ring.js';
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
import { StrictGate } from './strict-gate.js';
import type { BindingOptions } from './subscription.js';
import { SubscriptionExpiry } from './subscription-expiry.js';

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
}

/** Message ids count up from a multiple of this, one multiple for each start of the broker. */
const MESSAGE_IDS_PER_BOOT = 2 ** 36;
class DiskPressure implements Backpressure {
  readonly #overloaded: () => boolean;

  constructor(overloaded: () => boolean) {
    this.#overloaded = overloaded;
  }

  get over(): boolean {
    return !this.#overloaded();
  }
}

/** How long a commit that nobody waits for may stay open, and how large it may grow meanwhile. */
const LAZY_COMMIT_MS = 10;
const LAZY_BYTES_MAX = 64 * 1024;
/** Names of queues that exist only as long as their owner: never created by using them. */
const TEMPORARY_PREFIX = 'temporary.';
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
  role: 'starting' | 'active' | 'stopping' = 'starting';

  readonly #store: Store;
  readonly #policies: Policies;
  /** Null when no destination is strict. */
  readonly #strictGate: StrictGate | null;
  readonly #router = new Router();
  readonly #deadlines = new Deadlines();
  readonly #confirms = new ConfirmRing();
  readonly #context: QueueContext;
  readonly #schedule: QueueSchedule;
  readonly #distributor: Distributor;
  readonly #settlement: Settlement;
  readonly #delayed: DelayedMessages;
  readonly #diskPressure: Backpressure;
  #lastStaged = 0;
  #lazySeal = false;
  #nextMessageId = 1;
  #nextConsumerId = 1;

  // Made by `recover`, before anything else is called.
  #ids!: IdCounter;
  #queues!: QueueTable;
  #expiry!: SubscriptionExpiry;
  #sessions!: SessionTable;
  #retained!: RetainedStore;

  constructor(options: BrokerOptions) {
    this.#store = options.store;
    this.clock = options.clock;
    this.random = options.random;
    this.log = options.log;
    this.requestTurn = options.requestTurn;
    this.#schedule = new QueueSchedule(options.requestTurn);
    this.limits = options.limits ?? createLimits();
    this.#policies = options.policies ?? new Policies();
    this.addresses = options.addresses ?? new AddressBook();
    this.formats = options.formats ?? new Formats();
    this.#strictGate = this.#policies.anyStrict
      ? new StrictGate(this.#policies, this.formats)
      : null;
    this.#context = this.#createContext();
    this.#diskPressure = new DiskPressure(() => this.overloaded);
    this.#distributor = new Distributor(this.#store, this.#router, this.metrics);
    this.#settlement = this.#createSettlement();
    this.#delayed = this.#createDelayed();
    this.connections = this.#createConnections(options.authorizer);
  }

  /** Reads back what the store holds and starts to serve. */
  async recover(): Promise<void> {
    const state = await this.#store.recover();
    this.#nextMessageId = state.bootCount * MESSAGE_IDS_PER_BOOT + 1;
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
    this.#seal();
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
    if (this.#strictGate !== null) this.#strictGate.check(message);
    this.metrics.messagesPublished++;
    message.timestamp = this.clock.wallMs();
    if (message.notBefore > message.timestamp) return this.#delay(message);
    message.notBefore = 0;
    return this.#route(message);
  }

  admit(messages: readonly Message[]): void {
    if (this.#strictGate !== null) {
      for (const message of messages) this.#strictGate.check(message);
    }
    const nowMs = this.clock.wallMs();
    const missing = new Map<string, Address>();
    let delayed = 0;
    for (const { address, notBefore } of messages) {
      if (notBefore > nowMs) delayed++;
      if (address.kind !== 'queue' || isTemporary(address)) continue;
      if (this.#queues.addressed(address.name) === null) missing.set(address.name, address);
    }
    for (const address of missing.values()) this.#checkAutoCreate(address);
    this.#queues.checkRoom(missing.size);
    this.#delayed.checkRoom(delayed);
    for (const address of missing.values()) this.#createQueue(address, true);
  }

  confirm(who: Confirmable, token: number): void {
    const store = this.#store;
    if (store.dirty || this.#retained.dirty) this.#lastStaged = store.openCommit;
    if (who.pendingConfirms === 0 && this.#lastStaged <= store.durableCommit) {
      who.confirmed(token);
      return;
    }
    this.#confirms.push(who, token, this.#lastStaged);
    this.requestTurn();
  }

  pace(address: Address, producer: PacedProducer): boolean {
    const queue = address.kind === 'queue' ? this.#queues.addressed(address.name) : null;
    return queue?.pace(producer) ?? false;
  }

  queue(address: Address, create: boolean): Queue {
    const known = this.#queues.addressed(address.name);
    if (known !== null) return known;
    if (!create || isTemporary(address)) throw noQueue(address);
    this.#checkAutoCreate(address);
    return this.#createQueue(address, true);
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

  #route(message: Message): number {
    message.id = this.#nextMessageId++;
    if (message.address.kind === 'queue') return this.#publishToQueue(message);
    if (message.retain) this.#retained.keep(message, message.emptyBody);
    return this.#distributor.toTopic(message);
  }

  /** Keeps a message back until its time. A topic's subscribers are those that it has then. */
  #delay(message: Message): number {
    const { address, expiresAt, notBefore } = message;
    if (address.kind === 'queue' && this.#queueOf(address) === null) return 0;
    if (expiresAt > 0 && expiresAt <= notBefore) {
      this.metrics.messagesExpired++;
      return 0;
    }
    this.#delayed.add(message);
    return 1;
  }

  /** The producer was told that it is stored: it is not lost when its queue cannot take it. */
  #release(message: Message): void {
    try {
      this.#route(message);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#settlement.buryUndelivered(message, error.message);
    }
  }

  #publishToQueue(message: Message): number {
    const queue = this.#queueOf(message.address);
    if (queue === null) return 0;
    this.#distributor.toQueue(queue, message, null);
    return 1;
  }

  /** The queue that messages to an address go to, created if need be; null for one that is gone. */
  #queueOf(address: Address): Queue | null {
    const known = this.#queues.addressed(address.name);
    if (known !== null) return known;
    if (!isTemporary(address)) return this.queue(address, true);
    // Whoever waited for the reply is gone: the same as a topic without a subscriber.
    this.metrics.messagesUnroutable++;
    return null;
  }

  #checkAutoCreate(address: Address): void {
    if (!this.#policies.for(address).autoCreate) throw noQueue(address);
  }

  #createQueue({ name }: Address, limited: boolean): Queue {
    const options = { name, kind: 'queue', durable: true, ownerId: 0 } as const;
    return this.#queues.create(options, limited);
  }

  /**
   * Seals the open commit when somebody waits for it. What nobody waits for, such as settlements
   * without a receipt, joins a later commit: it costs no sync of its own.
   */
  #seal(): void {
    const store = this.#store;
    this.#retained.stage();
    if (!store.dirty) return;
    this.#lastStaged = store.openCommit;
    const gated = this.#schedule.gated || this.#delayed.gated;
    const awaited = gated || this.#confirms.lastCommit >= store.openCommit;
    if (awaited || store.pendingBytes > LAZY_BYTES_MAX || this.role === 'stopping') store.commit();
    else this.#sealLater();
  }

  #sealLater(): void {
    if (this.#lazySeal) return;
    this.#lazySeal = true;
    this.schedule(LAZY_COMMIT_MS, () => {
      this.#lazySeal = false;
      this.#store.commit();
    });
  }

  /** A commit is durable: the next one goes to the disk, then promises are kept, then queues run. */
  #committed(commit: number): void {
    this.metrics.commits++;
    // First, since sealing asks who still waits.
    this.#schedule.committed(commit);
    this.#delayed.committed();
    this.#seal();
    this.#confirms.run(commit);
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
      wake: (queue) => this.#schedule.wake(queue),
      wakeWhenDurable: (queue) => this.#schedule.wakeWhenDurable(queue),
      routeTarget: (queue, message, direct) => this.#routeTarget(queue, message, direct),
    };
  }

  #createSettlement(): Settlement {
    return new Settlement({
      metrics: this.metrics,
      clock: this.clock,
      queueAddress: (name) => this.addresses.queue(name),
      policyFor: (address) => this.#policies.for(address),
      sendLetter: (letter) => {
        letter.id = this.#nextMessageId++;
        const { address } = letter;
        const known = this.#queues.addressed(address.name);
        this.#distributor.toQueue(known ?? this.#createQueue(address, false), letter, null);
      },
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
      release: (message) => this.#release(message),
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

function noQueue(address: Address): BrokerError {
  return new BrokerError('address-not-found', `there is no queue ${address.name}`);
}

function isTemporary(address: Address): boolean {
  return address.name.startsWith(TEMPORARY_PREFIX);
}
