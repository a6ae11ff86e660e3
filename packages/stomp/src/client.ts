import {
  type Address,
  type BrokerApi,
  BrokerError,
  type ByteSink,
  type Confirmable,
  type Connection,
  type Consumer,
  type ConsumerSink,
  FORMAT_IDS,
  type Message,
  type QueueEntry,
  type TransactionOwner,
  Transactions,
} from '@causeway/core';
import { Ring } from '@causeway/wire';
import { parseDecimal } from './codec/digits.js';
import { writeNumberReceipt, writeTextReceipt } from './codec/encoder.js';
import type { Frame } from './codec/frame.js';
import type { Version } from './codec/types.js';
import { writeError } from './errors.js';
import type { StompOptions } from './options.js';
import { SendTargets } from './send-target.js';
import type { Subscription } from './subscription.js';
import { SubscriptionTable } from './subscription-table.js';
import { TemporaryDestinations } from './temporary-destinations.js';
import { TransactionNames } from './transaction-names.js';
import { writeBrowseEnd } from './write-browse-end.js';
import { writeMessage } from './write-message.js';

/** Confirm tokens: a receipt that is a decimal number is its own token. */
const TEXT_RECEIPT = -1;
const GOODBYE = -2;

/**
 * - `open`: frames are handled.
 * - `leaving`: DISCONNECT or an error came; what is confirmed first is still said, nothing is read.
 * - `ended`: the output is closed.
 */
type ClientState = 'open' | 'leaving' | 'ended';

interface ClientParts {
  readonly broker: BrokerApi;
  readonly sink: ByteSink;
  readonly connection: Connection;
  readonly version: Version;
  readonly options: StompOptions;
}

/** A client that has logged in: what the verbs act on, and what the broker speaks to. */
export class StompClient implements Confirmable, ConsumerSink, TransactionOwner {
  readonly broker: BrokerApi;
  readonly sink: ByteSink;
  readonly connection: Connection;
  readonly version: Version;
  readonly options: StompOptions;
  readonly subscriptions = new SubscriptionTable();
  readonly transactions: TransactionNames;
  readonly targets = new SendTargets();
  readonly temporary: TemporaryDestinations;
  /** Settles as accepted; one function for all cumulative acknowledgements. */
  readonly accept: (entry: QueueEntry) => void;
  pendingConfirms = 0;
  state: ClientState = 'open';
  /** Something was written since the last heart-beat check. */
  wrote = false;
  readonly #receipts = new Ring<string>();
  /** What to say last, and about which receipt. */
  #failure: BrokerError | null = null;
  #failedReceipt: string | null = null;
  #paused = false;
  #warnedNonPersistent = false;

  constructor(parts: ClientParts) {
    this.broker = parts.broker;
    this.sink = parts.sink;
    this.connection = parts.connection;
    this.version = parts.version;
    this.options = parts.options;
    this.transactions = new TransactionNames(new Transactions(parts.broker, this));
    this.temporary = new TemporaryDestinations(parts.broker, parts.connection);
    this.accept = (entry) => this.broker.settle(entry, 'accepted');
  }

  /** Answers the frame's `receipt`, if it has one, once all it did is durable. */
  confirmReceipt(frame: Frame, index = frame.find('receipt')): void {
    if (index < 0) return;
    const start = frame.valueStart(index);
    const end = frame.valueEnd(index);
    const leadingZero = frame.buffer[start] === 48 && end - start > 1;
    const number = leadingZero ? -1 : parseDecimal(frame.buffer, start, end);
    if (number < 0) this.#receipts.push(frame.valueLatin1(index));
    this.broker.confirm(this, number < 0 ? TEXT_RECEIPT : number);
  }

  confirmed(token: number): void {
    const receipt = token === TEXT_RECEIPT ? this.#receipts.shift() : undefined;
    if (this.state === 'ended') return;
    if (token === GOODBYE) {
      this.#end();
      return;
    }
    if (receipt !== undefined) writeTextReceipt(this.sink.out, receipt);
    else writeNumberReceipt(this.sink.out, token);
    this.wrote = true;
    this.sink.flush();
  }

  settlesOnSend(consumer: Consumer): boolean {
    return (consumer.context as Subscription).ackMode === 'auto';
  }

  deliver(
    consumer: Consumer,
    message: Message,
    _target: unknown,
    entry: QueueEntry | null,
    redelivered: boolean,
  ): void {
    const subscription = consumer.context as Subscription;
    if (message.format !== FORMAT_IDS.stomp && !this.#convert(message, entry, subscription)) return;
    const number = entry === null ? 0 : subscription.unsettled.add(entry);
    const { out } = this.sink;
    writeMessage(out, this.broker.formats, subscription, message, number, redelivered);
    this.wrote = true;
    this.sink.flush();
    if (this.sink.congested) this.#pause();
  }

  /** Only what browses is drained: it has seen the whole queue, and the client is told so. */
  consumerDrained(consumer: Consumer): void {
    consumer.setCredit(0);
    writeBrowseEnd(this.sink.out, consumer.context as Subscription);
    this.wrote = true;
    this.sink.flush();
  }

  consumerClosed(consumer: Consumer, error: BrokerError): void {
    const subscription = consumer.context as Subscription;
    subscription.consumer = null;
    this.subscriptions.remove(subscription);
    // STOMP has no frame for the end of one subscription.
    if (this.state === 'open') this.fail(error, null);
  }

  deliveryRestored(entry: QueueEntry, number: number): void {
    const subscription = entry.consumer?.context as Subscription;
    subscription.unsettled.restore(number, entry);
    // Its credit was granted again when it was acknowledged.
    subscription.owe(1);
  }

  /** The client is told when it names the transaction again: STOMP has no frame for it. */
  transactionTimedOut(): void {
    this.broker.log.warn('transaction-timed-out', this.#identity);
  }

  /** Adds a subscription whose consumer was just opened. */
  subscribed(subscription: Subscription, consumer: Consumer): void {
    subscription.consumer = consumer;
    if (this.#paused) consumer.pause();
  }

  /** The socket takes bytes again. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const subscription of this.subscriptions.values()) subscription.consumer?.resume();
  }

  /** Says so once per connection: such a message does not survive a restart. */
  warnNonPersistent(address: Address): void {
    if (this.#warnedNonPersistent) return;
    this.#warnedNonPersistent = true;
    const destination = address.uri;
    this.broker.log.warn('non-persistent-send', { ...this.#identity, destination });
  }

  /** Ends the connection after everything that the client did so far was confirmed. */
  leave(): void {
    this.state = 'leaving';
    this.#stop();
    this.broker.confirm(this, GOODBYE);
  }

  /** The same with an ERROR frame as the last one; `receipt` is that of the offending frame. */
  fail(error: BrokerError, receipt: string | null): void {
    if (this.state !== 'open') return;
    this.#failure = error;
    this.#failedReceipt = receipt;
    this.leave();
  }

  /** Ends the connection now. */
  failNow(error: BrokerError): void {
    if (this.state === 'ended') return;
    this.#failure ??= error;
    this.#stop();
    this.#end();
  }

  /** The connection is gone. */
  release(): void {
    this.state = 'ended';
    this.#stop();
    this.connection.close();
  }

  get #identity() {
    const { protocol, principal, remote } = this.connection.info;
    return { protocol, user: principal.name, remote };
  }

  #end(): void {
    this.state = 'ended';
    if (this.#failure !== null) {
      writeError(this.sink.out, this.version, this.#failure, this.#failedReceipt);
    }
    this.sink.flush();
    this.sink.end();
  }

  #stop(): void {
    this.transactions.close();
    for (const { consumer } of this.subscriptions.values()) {
      if (consumer !== null) this.broker.closeConsumer(consumer);
    }
    this.subscriptions.clear();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    for (const subscription of this.subscriptions.values()) subscription.consumer?.pause();
  }

  /** @returns false when no one here can read the message: it becomes a dead letter */
  #convert(message: Message, entry: QueueEntry | null, subscription: Subscription): boolean {
    try {
      this.broker.formats.convert(message, FORMAT_IDS.stomp);
      return true;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.broker.log.error('message-not-convertible', {
        id: message.id,
        format: message.format,
        reason: error.message,
      });
      if (entry !== null) this.broker.settle(entry, 'rejected', { reason: error.message });
      subscription.grant(entry === null ? 0 : 1);
      return false;
    }
  }
}
