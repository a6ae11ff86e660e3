import {
  type Address,
  AddressBook,
  type BindingOptions,
  type BrokerApi,
  BrokerError,
  type Confirmable,
  type Connection,
  type ConnectionInfo,
  Consumer,
  type ConsumerOptions,
  createLimits,
  Formats,
  type LimitName,
  type Message,
  Metrics,
  type OpenedSession,
  type Outcome,
  type Queue,
  QueueEntry,
  type SettleDetails,
  type SubscriptionQueueOptions,
} from '@causeway/core';
import { stompFormat } from '../format.js';

export interface FakeQueue {
  readonly name: string;
  readonly address: Address;
  readonly kind: Queue['kind'];
  readonly bindings: Map<string, { options: BindingOptions }>;
  readonly options: SubscriptionQueueOptions | null;
}

export interface Settled {
  readonly entry: QueueEntry;
  readonly outcome: Outcome;
  readonly details: SettleDetails | undefined;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A broker that remembers what it was asked, and does only what a test tells it to. */
export class FakeBroker implements BrokerApi {
  readonly published: Message[] = [];
  readonly settled: Settled[] = [];
  readonly consumers: Consumer[] = [];
  readonly closedConsumers: Consumer[] = [];
  readonly queues = new Map<string, FakeQueue>();
  readonly deletedQueues: string[] = [];
  readonly events: [level: string, event: string, fields: unknown][] = [];
  /** While false, confirms wait for `commit`. */
  durable = true;
  nowMs = 1_000_000;
  turnsRequested = 0;
  /** `action uri` pairs that are refused. */
  readonly refused = new Set<string>();
  readonly connections: Connection[] = [];
  connectionsClosed = 0;
  autoCreate = true;
  retainedMessages: Message[] = [];
  readonly enqueued: Message[] = [];

  readonly clock = { monotonicMs: () => this.nowMs, wallMs: () => 1_700_000_000_000 };
  readonly random = { next: () => 0.5, hex: (bytes: number) => `${++this.#names}`.repeat(bytes) };
  readonly limits;
  readonly log = {
    debug: (event: string, fields?: unknown) => void this.events.push(['debug', event, fields]),
    info: (event: string, fields?: unknown) => void this.events.push(['info', event, fields]),
    warn: (event: string, fields?: unknown) => void this.events.push(['warn', event, fields]),
    error: (event: string, fields?: unknown) => void this.events.push(['error', event, fields]),
    audit: (event: string, fields?: unknown) => void this.events.push(['audit', event, fields]),
  };
  readonly metrics = new Metrics();
  readonly formats = new Formats();
  readonly addresses = new AddressBook();
  role: BrokerApi['role'] = 'active';
  elsewhere: BrokerApi['elsewhere'] = () => null;
  #names = 0;
  readonly #delivered: QueueEntry[] = [];
  #confirms: (() => void)[] = [];
  #timers: Timer[] = [];

  constructor(limits: Partial<Record<LimitName, number>> = {}) {
    this.limits = createLimits(limits);
    this.formats.register(stompFormat);
  }

  openConnection(info: ConnectionInfo): Connection {
    const may = (action: string, address: Address) => !this.refused.has(`${action} ${address.uri}`);
    const connection: Connection = {
      id: this.connections.length + 1,
      info,
      may,
      require: (action, address) => {
        if (!may(action, address)) throw new BrokerError('not-authorized', 'refused by the test');
      },
      createTemporaryQueue: () =>
        this.#createQueue(`temporary.${++this.#names}`, 'temporary') as unknown as Queue,
      close: () => void this.connectionsClosed++,
    };
    this.connections.push(connection);
    return connection;
  }

  publish(message: Message): number {
    message.id = 1000 + this.published.length;
    message.timestamp = 1_700_000_000_000;
    this.published.push(message);
    return 1;
  }

  pace(): boolean {
    return false;
  }
  admit(messages: readonly Message[]): void {
    for (const { address } of messages) if (address.kind === 'queue') this.queue(address, true);
  }

  confirm(who: Confirmable, token: number): void {
    if (this.durable && who.pendingConfirms === 0) {
      who.confirmed(token);
      return;
    }
    who.pendingConfirms++;
    this.#confirms.push(() => {
      who.pendingConfirms--;
      who.confirmed(token);
    });
  }

  /** What was staged is durable. */
  commit(): void {
    for (const confirm of this.#confirms.splice(0)) confirm();
  }

  queue(address: Address, create: boolean): Queue {
    const queue = this.queues.get(address.name);
    if (queue !== undefined) return queue as unknown as Queue;
    if (!create || !this.autoCreate) throw new BrokerError('address-not-found', 'no such queue');
    return this.#createQueue(address.name, 'queue') as unknown as Queue;
  }

  subscriptionQueue(options: SubscriptionQueueOptions): Queue {
    const name = options.name ?? `subscription-${++this.#names}`;
    const queue = this.#createQueue(name, 'subscription', options);
    return queue as unknown as Queue;
  }

  findSubscriptionQueue(name: string): Queue | null {
    return (this.queues.get(name) as unknown as Queue) ?? null;
  }

  holdSubscription(): void {
    throw new Error('nothing in STOMP holds on to a subscription');
  }

  releaseSubscription(): void {
    throw new Error('nothing in STOMP holds on to a subscription');
  }

  deleteQueue(queue: Queue): void {
    this.queues.delete(queue.name);
    this.deletedQueues.push(queue.name);
  }

  consume(queue: Queue, options: ConsumerOptions): Consumer {
    const consumer = new Consumer(this.consumers.length + 1, queue, options);
    this.consumers.push(consumer);
    return consumer;
  }

  closeConsumer(consumer: Consumer): void {
    if (consumer.closed) return;
    consumer.closed = true;
    this.closedConsumers.push(consumer);
    for (const entry of this.#delivered) if (entry.consumer === consumer) entry.consumer = null;
  }

  settle(entry: QueueEntry, outcome: Outcome, details?: SettleDetails): void {
    entry.state = 'settled';
    this.settled.push({ entry, outcome, details });
  }

  bind(queue: Queue, filter: string, options: BindingOptions): boolean {
    const { bindings } = queue as unknown as FakeQueue;
    const existed = bindings.has(filter);
    bindings.set(filter, { options });
    return existed;
  }

  retained(_filter: string, visit: (message: Message) => void): void {
    this.retainedMessages.forEach(visit);
  }

  enqueueDirect(_queue: Queue, message: Message): void {
    this.enqueued.push(message);
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Lets time pass, timers included. */
  advance(ms: number): void {
    const end = this.nowMs + ms;
    for (;;) {
      const next = this.#timers.sort((left, right) => left.at - right.at)[0];
      if (next === undefined || next.at > end) break;
      this.#timers.shift();
      this.nowMs = next.at;
      next.callback();
    }
    this.nowMs = end;
  }

  get timers(): number {
    return this.#timers.length;
  }

  requestTurn(): void {
    this.turnsRequested++;
  }

  /** Hands a message to a consumer as a queue would. */
  deliver(message: Message, consumer: Consumer = this.consumers.at(-1)!): QueueEntry | null {
    if (consumer.sink.settlesOnSend(consumer, message, null)) {
      consumer.sink.deliver(consumer, message, null, null, false);
      return null;
    }
    const entry = new QueueEntry(consumer.queue, message, 1, 0, null);
    entry.state = 'acquired';
    entry.consumer = consumer;
    consumer.credit--;
    this.#delivered.push(entry);
    consumer.sink.deliver(consumer, message, null, entry, entry.redelivered);
    return entry;
  }

  unbind(): boolean {
    throw new Error('STOMP does not unbind');
  }

  openSession(): OpenedSession {
    throw new Error('STOMP has no sessions');
  }

  closeSession(): void {}
  setWill(): void {}
  putSlot(): void {}
  changeExpiry(): void {}

  #createQueue(
    name: string,
    kind: Queue['kind'],
    options: SubscriptionQueueOptions | null = null,
  ): FakeQueue {
    const address = this.addresses.queue(name);
    const bindings = new Map<string, { options: BindingOptions }>();
    if (options !== null) bindings.set(options.filter, { options: options.binding });
    const queue = { name, address, kind, bindings, options, wake() {}, drain() {} };
    this.queues.set(name, queue);
    return queue;
  }
}
