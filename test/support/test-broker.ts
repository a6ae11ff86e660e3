import {
  AddressBook,
  type Authorizer,
  Broker,
  type Confirmable,
  type Connection,
  compileSelector,
  createLimits,
  Formats,
  type LimitName,
  type Limits,
  type Log,
  type Message,
  Policies,
  type Policy,
  type Queue,
  type Selector,
} from '@causeway/core';
import { type CommitLog, Journal, type JournalOptions, MemoryLog } from '@causeway/journal';
import { recoverWith } from './recover-with.js';
import { SeededRandom } from './seeded-random.js';
import { TestConsumer, type TestConsumerOptions } from './test-consumer.js';
import { createMessage, type MessageOptions, textFormat } from './test-message.js';
import { VirtualClock } from './virtual-clock.js';

export interface TestBrokerOptions {
  readonly seed?: number;
  readonly limits?: Partial<Record<LimitName, number>>;
  readonly policies?: readonly Policy[];
  readonly authorizer?: Authorizer;
  /** False: commits become durable only when the test calls `completeCommit`. */
  readonly autoCommit?: boolean;
  /** Commits between a change and its checkpoint. */
  readonly checkpointInterval?: number;
  /** Instead of the journal as it is. */
  readonly createStore?: (options: JournalOptions) => Journal;
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'audit';
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Turns without an end in sight: something wakes itself for ever. */
const ROUNDS_MAX = 100_000;

/**
 * A broker over the real journal and a log in memory, with a clock, a random generator and turns
 * that belong to the test: the same test runs the same way every time.
 */
export class TestBroker {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly limits: Limits;
  readonly formats = new Formats();
  readonly logLines: LogLine[] = [];
  autoCommit: boolean;
  broker!: Broker;
  store!: Journal;
  log = new MemoryLog();
  readonly #options: TestBrokerOptions;
  #deferred: (() => void)[] = [];
  #turnRequested = false;
  #confirms = 0;

  constructor(options: TestBrokerOptions = {}) {
    this.#options = options;
    this.random = new SeededRandom(options.seed ?? 1);
    this.limits = createLimits(options.limits);
    this.autoCommit = options.autoCommit ?? true;
  }

  /** What the journal writes to. */
  protected get commitLog(): CommitLog {
    return this.log;
  }

  /** Starts a broker over what the log holds. */
  async start(): Promise<void> {
    const addresses = new AddressBook();
    const deferred: (() => void)[] = [];
    this.#deferred = deferred;
    const { checkpointInterval, createStore } = this.#options;
    const options: JournalOptions = {
      commitLog: this.commitLog,
      addresses,
      log: this.#createLog(),
      onFatal: (error) => {
        throw error;
      },
      defer: (task) => deferred.push(task),
      ...(checkpointInterval === undefined ? {} : { checkpointInterval }),
    };
    this.store = createStore?.(options) ?? new Journal(options);
    this.broker = new Broker({
      formats: this.formats,
      store: this.store,
      clock: this.clock,
      random: this.random,
      log: this.#createLog(),
      limits: this.limits,
      policies: new Policies(this.#options.policies),
      authorizer: this.#options.authorizer ?? { allows: () => true },
      requestTurn: () => {
        this.#turnRequested = true;
      },
      addresses,
    });
    await recoverWith(this.broker, () => this.runReads());
    this.run();
  }

  /** Runs turns, reads and (with `autoCommit`) commits until nothing more happens. */
  run(): void {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      this.#turnRequested = false;
      this.broker.turn();
      const committed = this.autoCommit && this.completeCommit();
      const read = this.runReads();
      if (committed || read || this.#turnRequested) continue;
      if (!this.autoCommit || !this.store.dirty) return;
      // What nobody waits for would stay staged for a while.
      this.confirm();
    }
    throw new Error('the broker does not come to rest');
  }

  /** The commit being written becomes durable. @returns whether there was one */
  completeCommit(): boolean {
    return this.log.completeAppend();
  }

  /** Runs what the store put off, such as reads. @returns whether there was anything */
  runReads(): boolean {
    const tasks = this.#deferred.splice(0);
    for (const task of tasks) task();
    return tasks.length > 0;
  }

  /** Lets time pass, then runs. */
  advance(milliseconds: number): void {
    this.clock.nowMs += milliseconds;
    this.broker.advance();
    this.run();
  }

  /** The process dies and a new one starts, some time later. */
  async crash(options: { keepUnconfirmed?: boolean; downMs?: number } = {}): Promise<void> {
    this.log = this.log.crash(options.keepUnconfirmed ?? false);
    this.clock.nowMs += options.downMs ?? 0;
    await this.start();
  }

  /** Stops the broker in order and starts a new one. */
  async restart(): Promise<void> {
    const { log } = this;
    const closing = this.broker.close();
    while (log.completeAppend());
    await closing;
    await this.crash();
  }

  queue(name: string): Queue {
    return this.broker.queue(this.broker.addresses.queue(name), true);
  }

  message(uri: string, text: string, options?: MessageOptions): Message {
    return createMessage(this.broker.addresses, uri, text, options);
  }

  /** Publishes without running a turn. @returns the number of queues it went to */
  publish(uri: string, text: string, options?: MessageOptions): number {
    return this.broker.publish(this.message(uri, text, options));
  }

  consume(queue: Queue | string, options?: TestConsumerOptions): TestConsumer {
    const found = typeof queue === 'string' ? this.queue(queue) : queue;
    const { selector } = options ?? {};
    const compiled = selector === undefined ? null : this.selector(selector);
    return new TestConsumer(this.broker, found, compiled, options);
  }

  /** From now on the properties of messages are those that their text has. */
  selector(text: string): Selector {
    this.formats.register(textFormat);
    return compileSelector(text, this.formats, this.limits);
  }

  /** A queue bound to a filter. */
  subscribe(filter: string, options: SubscribeOptions = {}): Queue {
    const { name = null, durable = false, ownerId = 0, noLocal = false } = options;
    const { selector = null } = options;
    if (selector !== null) this.formats.register(textFormat);
    return this.broker.subscriptionQueue({
      name,
      filter,
      binding: { noLocal, durable: options.stores ?? true, selector, data: {} },
      durable,
      ownerId,
      expiryMs: options.expiryMs ?? Number.POSITIVE_INFINITY,
    });
  }

  connect(user = 'alice'): Connection {
    return this.broker.openConnection({
      protocol: 'test',
      clientId: `client-${user}`,
      principal: { name: user, groups: new Set() },
      remote: '127.0.0.1:1',
      sink: { closeWith() {} },
    });
  }

  /** Asks for a confirm; `done` turns true when it comes. */
  confirm(): { done: boolean } {
    const state = { done: false };
    const waiter: Confirmable = {
      pendingConfirms: 0,
      confirmed: () => {
        state.done = true;
      },
    };
    this.broker.confirm(waiter, ++this.#confirms);
    return state;
  }

  #createLog(): Log {
    const record =
      (level: LogLine['level']) =>
      (event: string, fields: Readonly<Record<string, unknown>> = {}) =>
        this.logLines.push({ level, event, fields });
    return {
      debug: record('debug'),
      info: record('info'),
      warn: record('warn'),
      error: record('error'),
      audit: record('audit'),
    };
  }
}

export interface SubscribeOptions {
  /** Null for a name that nobody else uses. */
  readonly name?: string | null;
  readonly durable?: boolean;
  readonly ownerId?: number;
  readonly noLocal?: boolean;
  readonly selector?: string;
  /** Defaults to for ever. */
  readonly expiryMs?: number;
  /** False: what comes through the binding is never stored. */
  readonly stores?: boolean;
}

export async function createTestBroker(options?: TestBrokerOptions): Promise<TestBroker> {
  const broker = new TestBroker(options);
  await broker.start();
  return broker;
}
