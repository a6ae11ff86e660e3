import type { Address, Consumer } from '@causeway/core';
import { headerLine } from './codec/header-block.js';
import type { Version } from './codec/types.js';
import { destinationLine } from './naming.js';
import { UnsettledDeliveries } from './unsettled-deliveries.js';

/** A cache: beyond it the preambles are built again. */
const PREAMBLES_MAX = 256;

/** STOMP 1.2, SUBSCRIBE ack Header. `client` is cumulative. */
export type AckMode = 'auto' | 'client' | 'client-individual';

export interface SubscriptionOptions {
  /** The `id` header; in STOMP 1.0 the destination when there is none. */
  readonly id: string;
  /** Whether the client named it, so that its messages carry a `subscription` header. */
  readonly named: boolean;
  /** The destination as the client wrote it. */
  readonly destination: string;
  /** Messages say where they were sent as the client wrote it: a temporary destination of its own. */
  readonly temporary: boolean;
  readonly ackMode: AckMode;
  readonly version: Version;
}

/** One SUBSCRIBE: a consumer, what it holds unsettled, and the first lines of its messages. */
export class Subscription {
  readonly id: string;
  readonly destination: string;
  readonly ackMode: AckMode;
  readonly version: Version;
  /** Whether its messages carry a `subscription` header. */
  readonly named: boolean;
  readonly unsettled: UnsettledDeliveries;
  /** `ack:<slot>-`, which the number of a delivery completes; null when there is no such header. */
  ackPrefix: Buffer | null = null;
  /** Its place among the connection's subscriptions: the first half of its ack ids. */
  slot = 0;
  /** Null until the broker gave one. */
  consumer: Consumer | null = null;
  /** Deliveries that a transaction gave back unsettled after their credit was granted again. */
  #creditOwed = 0;
  readonly #temporary: boolean;
  #lastAddress: Address | null = null;
  #lastPreamble: Buffer = Buffer.alloc(0);
  /** For a wildcard, whose messages have many addresses. */
  readonly #preambles = new Map<Address, Buffer>();

  constructor(options: SubscriptionOptions) {
    this.id = options.id;
    this.destination = options.destination;
    this.ackMode = options.ackMode;
    this.version = options.version;
    this.unsettled = new UnsettledDeliveries(options.version < 2 && options.ackMode !== 'auto');
    this.named = options.named;
    this.#temporary = options.temporary;
  }

  /** Takes a place, where earlier subscriptions used the numbers below `firstNumber`. */
  place(slot: number, firstNumber: number): void {
    this.slot = slot;
    this.unsettled.startAt(firstNumber);
    if (this.version === 2 && this.ackMode !== 'auto') {
      this.ackPrefix = Buffer.from(`ack:${slot}-`, 'latin1');
    }
  }

  /** A MESSAGE frame up to the value of its `message-id`. */
  preamble(address: Address): Buffer {
    if (address === this.#lastAddress) return this.#lastPreamble;
    let preamble = this.#preambles.get(address);
    if (preamble === undefined) {
      if (this.#preambles.size >= PREAMBLES_MAX) this.#preambles.clear();
      preamble = this.#buildPreamble(address);
      this.#preambles.set(address, preamble);
    }
    this.#lastAddress = address;
    this.#lastPreamble = preamble;
    return preamble;
  }

  /** Lets the consumer take as many deliveries more as were settled. */
  grant(settled: number): void {
    const paid = Math.min(settled, this.#creditOwed);
    this.#creditOwed -= paid;
    if (settled > paid) this.consumer?.grant(settled - paid);
  }

  /** Takes the grant back of deliveries that are unsettled again. */
  owe(deliveries: number): void {
    this.#creditOwed += deliveries;
  }

  #buildPreamble(address: Address): Buffer {
    const subscription = this.named ? headerLine('subscription', this.id, this.version) : '';
    const destination = this.#temporary
      ? Buffer.from(headerLine('destination', this.destination, this.version), 'utf8')
      : destinationLine(address, this.version);
    return Buffer.concat([
      Buffer.from(`MESSAGE\n${subscription}`, 'utf8'),
      destination,
      Buffer.from('message-id:', 'latin1'),
    ]);
  }
}
