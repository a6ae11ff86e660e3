import type { BrokerApi, QueueEntry } from '@causeway/core';
import type { ReceivingLink } from './receiving-link.js';
import type { SendingLink } from './sending-link.js';

/** What takes a link endpoint away, in the order of the expiry policies (part 3.5.6). */
export const LINK_EVENTS = ['link-detach', 'session-end', 'connection-close'] as const;
export type LinkEvent = (typeof LINK_EVENTS)[number];

const MS_PER_SECOND = 1000;

/** What is kept of a link that was detached and may be attached again (part 2.6.5). */
export class SuspendedLink {
  readonly link: SendingLink | ReceivingLink;
  /** Deliveries to the client that nobody has settled, by tag; they stay acquired. */
  readonly deliveries: ReadonlyMap<string, QueueEntry>;
  /** Tags of deliveries from the client that we accepted and it has not settled. */
  readonly accepted: Set<string>;
  cancelExpiry: (() => void) | null = null;

  constructor(
    link: SendingLink | ReceivingLink,
    deliveries: ReadonlyMap<string, QueueEntry>,
    accepted: Set<string>,
  ) {
    this.link = link;
    this.deliveries = deliveries;
    this.accepted = accepted;
  }

  /** Whether there is anything to resume. */
  get holds(): boolean {
    const { link } = this;
    const accepting = link.role === 'receiving' ? link.accepting.length : 0;
    return this.deliveries.size + this.accepted.size + accepting > 0;
  }

  /** Milliseconds that it lasts after an event, of which there may be a later one; 0 for none. */
  lifetimeMs(event: LinkEvent, maxMs: number): number {
    const { expiryPolicy, timeout } = this.link.terminus;
    const policy = (LINK_EVENTS as readonly string[]).indexOf(expiryPolicy);
    const outlasts = expiryPolicy === 'never' || policy > LINK_EVENTS.indexOf(event);
    return outlasts ? maxMs : Math.min(timeout * MS_PER_SECOND, maxMs);
  }

  /** Nobody will resume it: what it held goes back to its queue. */
  drop(broker: BrokerApi): void {
    this.cancelExpiry?.();
    if (this.link.role === 'sending') broker.closeConsumer(this.link.consumer);
  }
}

/** A delivery tag as the broker makes them: the id of the message in eight bytes, as Latin-1. */
export function tagOf(messageId: number): string {
  const tag = Buffer.alloc(8);
  tag.writeBigUInt64BE(BigInt(messageId));
  return tag.toString('latin1');
}
