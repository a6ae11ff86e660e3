import type { Address, AddressBook } from './address.js';
import type { Connection, ConnectionInfo } from './connection.js';
import type { Consumer, ConsumerOptions } from './consumer.js';
import type { Formats } from './format.js';
import type { Limits } from './limits.js';
import type { Message } from './message.js';
import type { Metrics } from './metrics.js';
import type { Clock, Log, Random } from './ports.js';
import type { Queue } from './queue.js';
import type { Outcome, QueueEntry, SettleDetails } from './queue-entry.js';
import type { Session, SessionOwner, Will } from './session.js';
import type { BindingOptions } from './subscription.js';

/** A `standby` would serve if the broker that does were gone. */
export type BrokerRole = 'starting' | 'standby' | 'active' | 'stopping';

/** Somebody who waits for commits: an engine with confirms to send. */
export interface Confirmable {
  /** How many confirms it waits for; maintained by the broker. */
  pendingConfirms: number;
  /**
   * Everything published and settled before the matching `confirm` call is durable.
   * @param token what was given to `confirm`
   */
  confirmed(token: number): void;
}

/** A producer whose credit is given out by its protocol. */
export interface PacedProducer {
  /** The queue that it feeds has room again. */
  proceed(): void;
}

export interface OpenSession {
  readonly name: string;
  readonly owner: SessionOwner;
  /** Discard what an earlier session of this name left behind. */
  readonly clean: boolean;
  readonly expiryMs: number;
}

export interface OpenedSession {
  readonly session: Session;
  /** Whether state of an earlier connection was found and kept. */
  readonly present: boolean;
}

export interface SubscriptionQueueOptions {
  /** Unique name; null for one that lives as long as its consumer. */
  readonly name: string | null;
  readonly filter: string;
  readonly binding: BindingOptions;
  /** Survives a restart, and its consumers' absence. */
  readonly durable: boolean;
  /** `ownerId` for noLocal. */
  readonly ownerId: number;
  /**
   * Milliseconds that it outlives its last consumer; 0 ends with it, Infinity never ends. A
   * subscription that is found takes it over, too.
   */
  readonly expiryMs: number;
}

/**
 * What a protocol engine may ask of the broker. Everything is synchronous; what is promised to a
 * client goes through `confirm`.
 */
export interface BrokerApi {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly formats: Formats;
  readonly addresses: AddressBook;
  /** `active` serves; any other role refuses logins: see `requireActive`. */
  readonly role: BrokerRole;
  /**
   * Where clients are served who are not served here, as `host:port`; null if nobody knows.
   * @param listener what they speak, such as `mqtt`, or `mqtts` with TLS
   */
  elsewhere(listener: string): string | null;

  /** Registers a client that has logged in. Throws `quota-exceeded` at the limits. */
  openConnection(info: ConnectionInfo): Connection;

  /**
   * Routes a message into queues, or keeps it back until `notBefore`. The caller has checked the
   * address and the permission.
   * @returns the number of queues it went to
   * @throws BrokerError `address-not-found`, `quota-exceeded`, `conversion-lossy`
   */
  publish(message: Message): number;
  /**
   * Checks that `publish` would take all of these messages, and creates the queues that they need:
   * in the same call, publishing them is not refused any more. When it throws, nothing has happened.
   * @throws BrokerError `address-not-found`, `quota-exceeded`, `conversion-lossy`
   */
  admit(messages: readonly Message[]): void;
  /**
   * Calls `who.confirmed(token)` once everything staged so far is durable, in the order of the
   * calls: at once when nothing staged is waiting for the disk.
   */
  confirm(who: Confirmable, token: number): void;

  /**
   * Whether who sends messages that are not stored to an address should get no more credit for now,
   * since consumers fall behind: then `proceed` is called once when that is over.
   */
  pace(address: Address, producer: PacedProducer): boolean;

  /** Finds a queue, or creates it when `create` and the policy allow; throws `address-not-found`. */
  queue(address: Address, create: boolean): Queue;
  /**
   * Creates a subscription queue bound to a filter, or finds the one of that name.
   * @throws BrokerError `invalid-selector`, `quota-exceeded`
   */
  subscriptionQueue(options: SubscriptionQueueOptions): Queue;
  findSubscriptionQueue(name: string): Queue | null;
  /**
   * Has a subscription last as if it had a consumer, until `releaseSubscription`; holds are counted.
   * A restart ends them all.
   */
  holdSubscription(queue: Queue): void;
  /**
   * The last release begins the time that the subscription may be unused, whoever consumes: such as
   * a link that nobody may come back to. A queue that was deleted meanwhile is released already.
   */
  releaseSubscription(queue: Queue): void;
  /** Deletes a queue with its bindings and messages; its consumers are closed. */
  deleteQueue(queue: Queue): void;
  /** Adds a consumer; it gets messages from the end of this turn on. */
  consume(queue: Queue, options: ConsumerOptions): Consumer;
  /** Ends a consumer; what it holds returns to the queue, flagged as redelivered. */
  closeConsumer(consumer: Consumer, options?: { readonly failed?: boolean }): void;
  /** Ends a delivery. Settling what is no longer held by a consumer does nothing. */
  settle(entry: QueueEntry, outcome: Outcome, details?: SettleDetails): void;

  /**
   * Binds a filter to a queue, or changes the options of the binding that exists.
   * @returns whether it existed
   * @throws BrokerError `invalid-selector`
   */
  bind(queue: Queue, filter: string, options: BindingOptions): boolean;
  /** @returns whether the binding existed */
  unbind(queue: Queue, filter: string): boolean;
  /** Calls `visit` with each retained message whose topic matches the filter. */
  retained(filter: string, visit: (message: Message) => void): void;
  /**
   * Puts a message into one queue only, with the given binding as the way it came, if its selector
   * lets it: retained messages for a new subscription.
   */
  enqueueDirect(queue: Queue, message: Message, filter: string): void;

  /** Opens, resumes or takes over a session; the former owner is told first. */
  openSession(options: OpenSession): OpenedSession;
  /**
   * The connection of a session ended. The will is sent, now or after its delay, unless
   * `discardWill`; the session ends now or after its expiry.
   */
  closeSession(session: Session, owner: SessionOwner, options: { discardWill: boolean }): void;
  setWill(session: Session, will: Will | null): void;
  /** Stages a change of a session's durable values; null deletes. */
  putSlot(session: Session, slot: number, value: Buffer | null): void;
  changeExpiry(session: Session, expiryMs: number): void;

  /** Runs `callback` once after `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, callback: () => void): () => void;
  /** Has the turn end soon: dispatch, commit, flush. Engines call it when they were not called by
   * the transport, such as after an asynchronous login. */
  requestTurn(): void;
}
