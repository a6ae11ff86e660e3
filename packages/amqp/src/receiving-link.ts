import type { Address, PacedProducer } from '@causeway/core';
import { Ring } from '@causeway/wire';
import type { DeliveryOutcome, DeliveryState } from './codec/types.js';
import type { DynamicNode } from './dynamic-node.js';
import { increment } from './serial.js';
import type { Session } from './session.js';
import type { LinkEvent, SuspendedLink } from './suspended-link.js';
import type { TerminusLife, TerminusResource } from './terminus.js';

/** Where what arrives on a link goes: to one address, to where each says, or to the coordinator. */
export type Destination = Address | 'relay' | 'coordinator';

export interface ReceivingLinkParts {
  readonly session: Session;
  /** Ours. */
  readonly handle: number;
  /** The client's. */
  readonly remoteHandle: number;
  readonly name: string;
  readonly destination: Destination;
  /** The client settles after us (part 2.8.3). */
  readonly settlesSecond: boolean;
  readonly initialDeliveryCount: number;
  readonly terminus: TerminusLife;
  /** What the client may repeat, since it was taken before the link was resumed. */
  readonly resumable: ReadonlyMap<string, DeliveryOutcome | null>;
  /** The client's source knows the outcome `rejected` (part 3.5.3). */
  readonly takesRejected: boolean;
  /** The dynamic node that is its target, whoever created it. */
  readonly node: DynamicNode | null;
  /** What its terminus needs: a node that it has created. */
  readonly resource: TerminusResource | null;
}

/** What messages are taken for until some have come. */
const FIRST_GUESS_BYTES = 256 * 1024;
/** The average size follows so many messages. */
const AVERAGED_MESSAGES = 8;

/** Memory that a message gets before its bytes have come. */
const EXPECTED_BYTES_MAX = 2 * 1024 * 1024;

/** A link on which the client sends (part 2.6). */
export class ReceivingLink implements PacedProducer {
  readonly role = 'receiving';
  readonly session: Session;
  /** Ours. */
  readonly handle: number;
  /** The client's. */
  readonly remoteHandle: number;
  readonly name: string;
  readonly destination: Destination;
  readonly settlesSecond: boolean;
  readonly takesRejected: boolean;
  readonly terminus: TerminusLife;
  /**
   * Deliveries that were taken before the link was resumed, and are not settled, by tag: what was
   * answered, or null when that waited for a commit.
   */
  readonly resumable: Map<string, DeliveryOutcome | null>;
  /** Tags of deliveries whose acceptance waits for a commit, where the client settles second. */
  readonly accepting = new Ring<string>();
  /** What is kept of the link after it was detached. */
  suspended: SuspendedLink | null = null;
  detached = false;
  /** Either side could not name all of its deliveries: there are no new ones (part 2.7.3). */
  resumesOnly = false;
  /** Deliveries that the client began; wraps around. */
  deliveryCount: number;
  /** Deliveries that it may still begin. */
  credit = 0;
  /** The delivery that has arrived in part; null between deliveries. */
  partial: PartialDelivery | null = null;
  /** One that it resumes, whose frames bring nothing new; null between them. */
  repeated: IncomingDelivery | null = null;
  readonly node: DynamicNode | null;
  readonly resource: TerminusResource | null;
  /** Deliveries that were begun and are not answered. */
  #unanswered = 0;
  #averageBytes = FIRST_GUESS_BYTES;
  /** Whether its last message was to be stored. */
  #durable = false;
  /** It waits for the queue that it feeds. */
  #paced = false;

  constructor(parts: ReceivingLinkParts) {
    this.session = parts.session;
    this.handle = parts.handle;
    this.remoteHandle = parts.remoteHandle;
    this.name = parts.name;
    this.destination = parts.destination;
    this.settlesSecond = parts.settlesSecond;
    this.takesRejected = parts.takesRejected;
    this.terminus = parts.terminus;
    this.resumable = new Map(parts.resumable);
    this.deliveryCount = parts.initialDeliveryCount;
    this.node = parts.node;
    this.resource = parts.resource;
  }

  /** Deliveries that may be unanswered, by number and by size. */
  get #window(): number {
    const { linkCredit, linkCreditBytes } = this.session.client.broker.limits;
    return Math.min(linkCredit, Math.max(2, Math.floor(linkCreditBytes / this.#averageBytes)));
  }

  /** @returns false when the client had no credit for it (part 2.6.7) */
  begin(): boolean {
    if (this.credit === 0) return false;
    this.credit--;
    this.deliveryCount = increment(this.deliveryCount);
    this.#unanswered++;
    return true;
  }

  /** The client resumes a delivery: it takes a place, but no credit. */
  resumed(): void {
    this.#unanswered++;
  }

  /** Whether there may be deliveries that the client settles after us. */
  get holdsSecond(): boolean {
    return this.resumable.size > 0 || (this.settlesSecond && this.#unanswered > 0);
  }

  /** The sender gives up credit (part 2.6.7); it cannot give itself any by counting backwards. */
  advance(count: number): void {
    if (count <= 0) return;
    this.credit = Math.max(0, this.credit - count);
    this.deliveryCount = (this.deliveryCount + count) >>> 0;
    if (this.credit === 0) this.replenish();
  }

  /** How large a message may be that begins with so many bytes, going by those before. */
  expectedBytes(begun: number): number {
    const { frameBytesMax } = this.session.client.broker.limits;
    const expected = Math.min(EXPECTED_BYTES_MAX, Math.ceil(this.#averageBytes * 1.1));
    return Math.min(frameBytesMax, Math.max(2 * begun, expected));
  }

  /** A message of this size arrived: what credit is worth in bytes follows. */
  measure(bytes: number, durable: boolean): void {
    this.#durable = durable;
    this.#averageBytes += (bytes - this.#averageBytes) / AVERAGED_MESSAGES;
  }

  /** A delivery is answered, or was settled by the client: its place is free. */
  answered(): void {
    this.#unanswered--;
    if (this.credit + this.#unanswered <= this.#window / 2) this.replenish();
  }

  /** Gives the client as much credit as it may have, unless what it feeds is behind. */
  replenish(): void {
    if (this.detached || this.resumesOnly || this.#paced) return;
    const { destination, session } = this;
    const { broker } = session.client;
    if (!this.#durable && typeof destination !== 'string' && broker.pace(destination, this)) {
      this.#paced = true;
      return;
    }
    this.credit = Math.max(this.credit, this.#window - this.#unanswered);
    session.sendFlow(this);
  }

  proceed(): void {
    this.#paced = false;
    if (this.session.state === 'open') this.replenish();
  }

  /** The link is over. @param event null when it is closed */
  closed(event: LinkEvent | null): void {
    this.partial = null;
    this.repeated = null;
    if (this.destination === 'coordinator') this.session.client.transactions.abandon(this);
    this.session.client.termini.detached(this, event);
  }
}

/** What a delivery's transfers say about it, besides the message. */
export interface IncomingDelivery {
  deliveryId: number;
  settled: boolean;
  state: DeliveryState | null;
  messageFormat: number;
  /** The client settles it after us (part 2.8.3). */
  settlesSecond: boolean;
  /** As Latin-1; empty where nobody asks for it: it comes in one frame, and we settle it. */
  tag: string;
}

/** What has arrived of a delivery in several transfers (part 2.6.14). */
export class PartialDelivery {
  readonly delivery: IncomingDelivery;
  #bytes: Buffer;
  #length = 0;

  constructor(delivery: IncomingDelivery, capacity: number) {
    this.delivery = delivery;
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Everything that was added. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  add(view: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    view.copy(this.#bytes, this.#length, start, end);
    this.#length = length;
  }
}
