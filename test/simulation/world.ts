import {
  AddressBook,
  type BindingOptions,
  Broker,
  type Confirmable,
  type Consumer,
  type ConsumerSink,
  compileSelector,
  createLimits,
  FORMAT_IDS,
  Formats,
  Message,
  type Outcome,
  Policies,
  type Queue,
  type QueueEntry,
  SILENT_LOG,
  type TransactionOwner,
  Transactions,
} from '@causeway/core';
import { Journal, MemoryLog } from '@causeway/journal';
import { recoverWith } from '../support/recover-with.js';
import { SeededRandom } from '../support/seeded-random.js';
import { Browser } from './browser.js';
import { type Fate, Ledger, type Place } from './ledger.js';
import { HALVES, type KnownSelector, SELECTORS, simulationFormat } from './selectors.js';

const QUEUES = ['orders', 'bills'];
/** Queues whose consumers have selectors: there each consumer has an order of its own. */
const SELECTIVE = ['orders', 'sub-all'];
const SUBSCRIPTIONS = [
  { name: 'sub-all', filter: 'news.>' },
  { name: 'sub-one', filter: 'news.sport' },
];
const TOPICS = ['news.sport', 'news.weather'];
const DEAD_LETTERS = 'DLQ';
const MAX_DELIVERIES = 3;
const PRODUCERS = 3;
const TAG = 7;
const DELAY_MS_MAX = 500;
const BINDING: BindingOptions = { noLocal: false, durable: true, data: {} };
/** Small, so that every path between memory and store is taken. */
const LIMITS = createLimits({
  queueWindowMessages: 4,
  queueWindowBytes: 100_000,
  windowBytesTotal: 1_000_000,
});

interface Publication {
  readonly message: Message;
  /** The input that the message borrows. */
  readonly bytes: Buffer;
  readonly places: readonly Place[];
}

type Held = { readonly queue: string; readonly key: string; readonly entry: QueueEntry };

/**
 * A broker over a log that crashes between any two steps, with producers and consumers that do
 * what a seed tells them. Everything is deterministic: a failing seed replays.
 */
export class World implements Confirmable, ConsumerSink, TransactionOwner {
  pendingConfirms = 0;
  readonly #random: SeededRandom;
  readonly #ledger = new Ledger();
  readonly #numbers = new Array<number>(PRODUCERS).fill(0);
  readonly #deadLetters = new Set<string>();
  #log = new MemoryLog();
  #broker!: Broker;
  #deferred: (() => void)[] = [];
  #confirmed = new Map<number, () => void>();
  #nextToken = 1;
  #consumers: Consumer[] = [];
  #browsers: Browser[] = [];
  #held: Held[] = [];
  #inTransaction: Held[] = [];
  #nowMs = 1_000_000;
  #draining = false;
  #turnRequested = false;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** Runs `steps` random steps, then lets everything come to rest and checks what is left. */
  async run(steps: number): Promise<void> {
    await this.#start();
    for (let step = 0; step < steps; step++) {
      if (this.#random.chance(0.02)) await this.#crash();
      else this.#step();
    }
    if (this.#random.chance(0.5)) await this.#crash();
    await this.#drain();
  }

  confirmed(token: number): void {
    const told = this.#confirmed.get(token)!;
    this.#confirmed.delete(token);
    told();
  }

  settlesOnSend(): boolean {
    return false;
  }

  deliver(consumer: Consumer, message: Message, _target: unknown, entry: QueueEntry | null): void {
    const queue = consumer.queue.name;
    const text = message.bytes.toString('latin1', message.start, message.end).trimEnd();
    const key = text.slice(text.indexOf('/') + 1);
    if (queue === DEAD_LETTERS) this.#deadLetters.add(key);
    else {
      const turn = SELECTIVE.includes(queue) ? `${queue}/${consumer.id}` : queue;
      this.#ledger.delivered(queue, key, entry!.redelivered, turn, this.#nowMs);
    }
    this.#held.push({ queue, key, entry: entry! });
  }

  consumerClosed(): void {}

  consumerDrained(consumer: Consumer): void {
    const selector = consumer.context as KnownSelector | null;
    if (consumer.credit === 0 || consumer.queue.name === DEAD_LETTERS) return;
    this.#ledger.drained(consumer.queue.name, selector?.matches ?? (() => true));
  }

  deliveryRestored(entry: QueueEntry, tag: number): void {
    const held = this.#inTransaction.find((each) => each.entry === entry);
    if (held === undefined || tag !== TAG) throw new Error('a delivery comes from nowhere');
    this.#held.unshift(held);
  }

  transactionTimedOut(): void {}

  async #start(): Promise<void> {
    this.#deferred = [];
    this.#confirmed = new Map();
    this.#consumers = [];
    this.#browsers = [];
    this.#held = [];
    this.pendingConfirms = 0;
    const addresses = new AddressBook();
    const store = new Journal({
      commitLog: this.#log,
      addresses,
      log: SILENT_LOG,
      onFatal: (error) => {
        throw error;
      },
      defer: (run) => this.#deferred.push(run),
      checkpointInterval: 3,
    });
    const formats = new Formats();
    formats.register(simulationFormat);
    this.#broker = new Broker({
      formats,
      store,
      clock: { monotonicMs: () => this.#nowMs, wallMs: () => this.#nowMs },
      random: this.#random,
      log: SILENT_LOG,
      authorizer: { allows: () => true },
      requestTurn: () => {
        this.#turnRequested = true;
      },
      limits: LIMITS,
      policies: new Policies([
        { destination: 'queue://>', maxDeliveries: MAX_DELIVERIES },
        { destination: 'topic://>', maxDeliveries: MAX_DELIVERIES },
      ]),
      addresses,
    });
    await recoverWith(this.#broker, () => this.#runDeferred());
    for (const { name, filter } of SUBSCRIPTIONS) this.#subscription(name, filter);
  }

  #subscription(name: string, filter: string): Queue {
    return this.#broker.subscriptionQueue({
      name,
      filter,
      binding: BINDING,
      durable: true,
      ownerId: 0,
      expiryMs: Number.POSITIVE_INFINITY,
    });
  }

  #step(): void {
    const choice = this.#random.below(100);
    if (choice < 25) this.#publish();
    else if (choice < 30) this.#transact();
    else if (choice < 50) this.#settle();
    else if (choice < 65) this.#turn();
    else if (choice < 80) this.#log.completeAppend();
    else if (choice < 88) this.#runDeferred();
    else if (choice < 94) this.#openConsumer();
    else if (choice < 96) this.#closeConsumer();
    else if (choice < 98) this.#passTime();
    else if (choice < 99) this.#drainConsumer();
    else this.#browse();
  }

  #publish(): void {
    const { message, bytes, places } = this.#createMessage();
    const fates = this.#promise(message, places);
    this.#broker.publish(message);
    // The input is gone after the call: whoever still refers to it reads garbage.
    bytes.fill(0x21);
    this.#whenConfirmed(() => {
      for (const fate of fates) fate.confirmed = true;
    });
  }

  /** Some messages and some settlements, all or nothing. */
  #transact(): void {
    const transaction = new Transactions(this.#broker, this).begin();
    const publications = Array.from({ length: 1 + this.#random.below(3) }, () => {
      const publication = this.#createMessage();
      transaction.addMessage(publication.message);
      publication.bytes.fill(0x21);
      return publication;
    });
    const held = this.#held.filter(({ queue }) => queue !== DEAD_LETTERS);
    this.#inTransaction = held.slice(0, this.#random.below(4));
    this.#held = this.#held.filter((each) => !this.#inTransaction.includes(each));
    for (const { entry } of this.#inTransaction) {
      transaction.addSettlement(entry, 'accepted', undefined, TAG);
    }
    if (this.#random.chance(0.3)) {
      transaction.rollback();
      return;
    }
    const published = publications.flatMap(({ message, places }) => this.#promise(message, places));
    const settled = this.#inTransaction.map(({ queue, key, entry }) => {
      entry.consumer!.grant(1);
      return this.#ledger.fate(queue, key);
    });
    for (const fate of settled) {
      fate.held = false;
      fate.buried = false;
      fate.settlement = 'asked';
    }
    this.#ledger.committed(published, settled);
    transaction.commit();
    this.#whenConfirmed(() => {
      for (const fate of published) fate.confirmed = true;
      for (const fate of settled) fate.settlement = 'confirmed';
    });
  }

  #createMessage(): Publication {
    const producer = this.#random.below(PRODUCERS);
    const number = this.#numbers[producer]!++;
    const durable = this.#random.chance(0.8);
    const toQueue = this.#random.chance(0.5);
    const name = this.#random.pick(toQueue ? QUEUES : TOPICS);
    const queues = toQueue
      ? [name]
      : SUBSCRIPTIONS.filter(({ filter }) => filter === name || filter === 'news.>').map(
          (subscription) => subscription.name,
        );
    const text = `${name}/${producer}:${number}`.padEnd(this.#random.pick([20, 200]));
    const bytes = Buffer.from(text);
    const address = this.#broker.addresses.get(toQueue ? 'queue' : 'topic', name);
    const message = new Message(address, FORMAT_IDS.mqtt, durable, bytes, 0, bytes.length, true);
    if (this.#random.chance(0.2))
      message.notBefore = this.#nowMs + this.#random.below(DELAY_MS_MAX);
    return { message, bytes, places: queues.map((queue) => ({ queue, producer, number })) };
  }

  /** What is published now has to arrive. */
  #promise({ durable, notBefore }: Message, places: readonly Place[]): Fate[] {
    return places.map((place) => this.#ledger.published(place, durable, notBefore));
  }

  #settle(): void {
    if (this.#held.length === 0) return;
    const index = this.#random.chance(0.6) ? 0 : this.#random.below(this.#held.length);
    const [held] = this.#held.splice(index, 1) as [Held];
    this.#settleWith(held, this.#draining ? 'accepted' : this.#pickOutcome());
  }

  #pickOutcome(): Outcome {
    const choice = this.#random.below(20);
    if (choice < 13) return 'accepted';
    if (choice < 15) return 'released';
    return choice < 19 ? 'modified' : 'rejected';
  }

  #settleWith(held: Held, outcome: Outcome): void {
    const { queue, key, entry } = held;
    const buried =
      outcome === 'rejected' ||
      (outcome === 'modified' && entry.deliveryCount + 1 >= MAX_DELIVERIES);
    const final = outcome === 'accepted' || buried;
    const fate = queue === DEAD_LETTERS ? null : this.#ledger.fate(queue, key);
    if (fate !== null) {
      fate.held = false;
      fate.buried = buried;
      if (final) fate.settlement = 'asked';
    }
    entry.consumer!.grant(1);
    this.#broker.settle(entry, outcome, { deliveryFailed: true });
    if (fate === null || !final) return;
    this.#whenConfirmed(() => {
      fate.settlement = 'confirmed';
    });
  }

  #whenConfirmed(told: () => void): void {
    const token = this.#nextToken++;
    this.#confirmed.set(token, told);
    this.#broker.confirm(this, token);
  }

  #openConsumer(): void {
    if (this.#consumers.length >= 6) return;
    const name = this.#pickQueue();
    const selects = SELECTIVE.includes(name) && this.#random.chance(0.6);
    const selector = selects ? this.#random.pick(SELECTORS) : null;
    this.#consume(name, 1 + this.#random.below(5), selector);
  }

  #consume(name: string, credit: number, known: KnownSelector | null): void {
    const selector =
      known === null ? null : compileSelector(known.text, this.#broker.formats, LIMITS);
    const options = { sink: this, credit, selector, context: known };
    this.#consumers.push(this.#broker.consume(this.#queue(name), options));
  }

  #queue(name: string): Queue {
    const subscription = SUBSCRIPTIONS.find((candidate) => candidate.name === name);
    return subscription === undefined
      ? this.#broker.queue(this.#broker.addresses.queue(name), true)
      : this.#subscription(name, subscription.filter);
  }

  #pickQueue(): string {
    return this.#random.pick([...QUEUES, ...SUBSCRIPTIONS.map(({ name }) => name)]);
  }

  #drainConsumer(): void {
    if (this.#consumers.length > 0) this.#random.pick(this.#consumers).drain();
  }

  /** Somebody begins to browse, goes on, or gives up. */
  #browse(): void {
    this.#browsers = this.#browsers.filter(({ done }) => !done);
    if (this.#browsers.length < 2 && this.#random.chance(0.6)) {
      const queue = this.#queue(this.#pickQueue());
      this.#browsers.push(new Browser(this.#broker, this.#ledger, queue));
    } else if (this.#random.chance(0.1)) this.#browsers.pop()?.close();
    for (const { consumer } of this.#browsers) consumer.resume();
  }

  #closeConsumer(): void {
    if (this.#consumers.length === 0) return;
    const [consumer] = this.#consumers.splice(this.#random.below(this.#consumers.length), 1);
    this.#close(consumer!);
  }

  #close(consumer: Consumer): void {
    this.#held = this.#held.filter((held) => {
      if (held.entry.consumer !== consumer) return true;
      if (held.queue !== DEAD_LETTERS) this.#ledger.fate(held.queue, held.key).held = false;
      return false;
    });
    this.#broker.closeConsumer(consumer);
  }

  #passTime(): void {
    this.#nowMs += this.#random.below(50);
    this.#broker.advance();
  }

  /** Nobody has a turn without asking for one. */
  #turn(): void {
    if (!this.#turnRequested) return;
    this.#turnRequested = false;
    this.#broker.turn();
  }

  #runDeferred(): void {
    this.#deferred.shift()?.();
  }

  async #crash(): Promise<void> {
    this.#ledger.crashed();
    this.#log = this.#log.crash(this.#random.chance(0.5));
    this.#nowMs += this.#random.below(10_000);
    await this.#start();
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    for (const consumer of this.#consumers.splice(0)) this.#close(consumer);
    const names = [...QUEUES, ...SUBSCRIPTIONS.map(({ name }) => name), DEAD_LETTERS];
    const halves = this.#random.chance(0.5);
    for (const name of names) {
      if (halves && SELECTIVE.includes(name)) {
        for (const selector of HALVES) this.#consume(name, 3, selector);
      } else this.#consume(name, 3, null);
    }
    for (let quiet = 0; quiet < 5; ) {
      const before = this.#held.length + this.#deferred.length;
      this.#passTime();
      this.#turn();
      const wrote = this.#log.completeAppend();
      while (this.#deferred.length > 0) this.#runDeferred();
      while (this.#held.length > 0) this.#settle();
      const busy = wrote || before > 0 || this.#held.length > 0 || this.#broker.delayedCount > 0;
      quiet = busy ? 0 : quiet + 1;
      for (const { consumer, done } of this.#browsers) if (!done) consumer.resume();
    }
    if (this.#browsers.some(({ done }) => !done)) throw new Error('a browser was told nothing');
    this.#ledger.checkDrained(this.#deadLetters);
    this.#ledger.checkGroups();
    this.#checkNothingLeft();
  }

  #checkNothingLeft(): void {
    for (const queue of this.#broker.queues.values()) {
      if (queue.length !== 0) throw new Error(`${queue.name} says it still holds ${queue.length}`);
    }
  }
}
