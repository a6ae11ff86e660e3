import type { Address } from './address.js';
import type { DelayedMessages } from './delayed-messages.js';
import type { Distributor } from './distributor.js';
import { BrokerError } from './errors.js';
import type { Formats } from './format.js';
import type { Message } from './message.js';
import type { Metrics } from './metrics.js';
import type { Policies } from './policy.js';
import type { Clock } from './ports.js';
import type { Queue } from './queue.js';
import type { QueueTable } from './queue-table.js';
import type { RetainedStore } from './retained-store.js';
import type { Settlement } from './settlement.js';
import { StrictGate } from './strict-gate.js';
import { isTemporaryName } from './temporary-name.js';

interface Dependencies {
  /** How often the store was opened: part of every message id. */
  readonly bootCount: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly policies: Policies;
  readonly formats: Formats;
  readonly queues: QueueTable;
  readonly distributor: Distributor;
  readonly retained: RetainedStore;
  readonly delayed: DelayedMessages;
  readonly settlement: Settlement;
}

/** Message ids count up from a multiple of this, one multiple for each start of the broker. */
const MESSAGE_IDS_PER_BOOT = 2 ** 36;

/** How messages enter: what is refused, what waits for its time, and which queue takes the rest. */
export class Publisher {
  readonly #dependencies: Dependencies;
  /** Null when no destination is strict. */
  readonly #strictGate: StrictGate | null;
  #nextMessageId: number;

  constructor(dependencies: Dependencies) {
    const { policies, formats, bootCount } = dependencies;
    this.#dependencies = dependencies;
    this.#strictGate = policies.anyStrict ? new StrictGate(policies, formats) : null;
    this.#nextMessageId = bootCount * MESSAGE_IDS_PER_BOOT + 1;
  }

  /** See `BrokerApi.publish`. */
  publish(message: Message): number {
    const { metrics, clock } = this.#dependencies;
    if (this.#strictGate !== null) this.#strictGate.check(message);
    metrics.messagesPublished++;
    message.timestamp = clock.wallMs();
    if (message.notBefore > message.timestamp) return this.#delay(message);
    message.notBefore = 0;
    return this.#route(message);
  }

  /** See `BrokerApi.admit`. */
  admit(messages: readonly Message[]): void {
    const { clock, queues, delayed } = this.#dependencies;
    if (this.#strictGate !== null) {
      for (const message of messages) this.#strictGate.check(message);
    }
    const nowMs = clock.wallMs();
    const missing = new Map<string, Address>();
    let later = 0;
    for (const { address, notBefore } of messages) {
      if (notBefore > nowMs) later++;
      if (address.kind !== 'queue' || isTemporaryName(address.name)) continue;
      if (queues.addressed(address.name) === null) missing.set(address.name, address);
    }
    for (const address of missing.values()) this.#checkAutoCreate(address);
    queues.checkRoom(missing.size);
    delayed.checkRoom(later);
    for (const address of missing.values()) this.#create(address, true);
  }

  /** See `BrokerApi.queue`. */
  queue(address: Address, create: boolean): Queue {
    const known = this.#dependencies.queues.addressed(address.name);
    if (known !== null) return known;
    if (!create || isTemporaryName(address.name)) throw noQueue(address);
    this.#checkAutoCreate(address);
    return this.#create(address, true);
  }

  /**
   * The time of a delayed message has come. Its producer was told that it is stored: it is not lost
   * when its queue cannot take it.
   */
  release(message: Message): void {
    try {
      this.#route(message);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#dependencies.settlement.buryUndelivered(message, error.message);
    }
  }

  /** Brings a dead letter to its queue, which no limit or policy keeps from being there. */
  sendLetter(letter: Message): void {
    const { queues, distributor } = this.#dependencies;
    letter.id = this.#nextMessageId++;
    const known = queues.addressed(letter.address.name);
    distributor.toQueue(known ?? this.#create(letter.address, false), letter, null);
  }

  #route(message: Message): number {
    const { retained, distributor } = this.#dependencies;
    message.id = this.#nextMessageId++;
    if (message.address.kind === 'queue') return this.#toQueue(message);
    if (message.retain) retained.keep(message, message.emptyBody);
    return distributor.toTopic(message);
  }

  /** Keeps a message back until its time. A topic's subscribers are those that it has then. */
  #delay(message: Message): number {
    const { metrics, delayed } = this.#dependencies;
    const { address, expiresAt, notBefore } = message;
    if (address.kind === 'queue' && this.#queueOf(address) === null) return 0;
    if (expiresAt > 0 && expiresAt <= notBefore) {
      metrics.messagesExpired++;
      return 0;
    }
    delayed.add(message);
    return 1;
  }

  #toQueue(message: Message): number {
    const queue = this.#queueOf(message.address);
    if (queue === null) return 0;
    this.#dependencies.distributor.toQueue(queue, message, null);
    return 1;
  }

  /** The queue that messages to an address go to, created if need be; null for one that is gone. */
  #queueOf(address: Address): Queue | null {
    const { queues, metrics } = this.#dependencies;
    const known = queues.addressed(address.name);
    if (known !== null) return known;
    if (!isTemporaryName(address.name)) return this.queue(address, true);
    // Whoever waited for the reply is gone: the same as a topic without a subscriber.
    metrics.messagesUnroutable++;
    return null;
  }

  #checkAutoCreate(address: Address): void {
    if (!this.#dependencies.policies.for(address).autoCreate) throw noQueue(address);
  }

  #create({ name }: Address, limited: boolean): Queue {
    const options = { name, kind: 'queue', durable: true, ownerId: 0 } as const;
    return this.#dependencies.queues.create(options, limited);
  }
}

function noQueue(address: Address): BrokerError {
  return new BrokerError('address-not-found', `there is no queue ${address.name}`);
}
