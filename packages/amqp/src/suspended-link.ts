import type { BrokerApi, QueueEntry } from '@causeway/core';
import type { DeliveryOutcome } from './codec/types.js';
import type { ReceivingLink } from './receiving-link.js';
import type { SendingLink } from './sending-link.js';

/** What takes a link endpoint away, in the order of the expiry policies (part 3.5.6). */
export const LINK_EVENTS = ['link-detach', 'session-end', 'connection-close'] as const;
export type LinkEvent = (typeof LINK_EVENTS)[number];

const MS_PER_SECOND = 1000;

/**
 * What is kept of a link that was detached and may be attached again (part 2.6.4). As long as its
 * session lasts, its deliveries stay there, where dispositions find them (part 2.7.6); `collect`
 * takes them over.
 */
export class SuspendedLink {
  readonly link: SendingLink | ReceivingLink;
  /** Deliveries to the client that nobody has settled, by tag; they stay acquired. */
  readonly deliveries = new Map<string, QueueEntry>();
  /**
   * Deliveries from the client that we have taken and it has not settled, by tag: our outcome, or
   * null while it waits for a commit.
   */
  readonly answered = new Map<string, DeliveryOutcome | null>();
  cancelExpiry: (() => void) | null = null;

  constructor(link: SendingLink | ReceivingLink) {
    this.link = link;
  }

  /** Whether there is anything to resume. */
  get holds(): boolean {
    const { link } = this;
    return link.role === 'sending' ? link.consumer.unsettled > 0 : link.holdsSecond;
  }

  /** Milliseconds that it lasts after an event, of which there may be a later one; 0 for none. */
  lifetimeMs(event: LinkEvent, maxMs: number): number {
    const { expiryPolicy, timeout } = this.link.terminus;
    const policy = (LINK_EVENTS as readonly string[]).indexOf(expiryPolicy);
    const outlasts = expiryPolicy === 'never' || policy > LINK_EVENTS.indexOf(event);
    return outlasts ? maxMs : Math.min(timeout * MS_PER_SECOND, maxMs);
  }

  /** Takes the deliveries over from the session: their ids stand for nothing any more. */
  collect(): void {
    if (this.link.role === 'sending') this.#collectDeliveries(this.link);
    else this.#collectAnswered(this.link);
  }

  /** Nobody will resume it: what it held goes back to its queue. */
  drop(broker: BrokerApi): void {
    this.cancelExpiry?.();
    this.collect();
    this.link.suspended = null;
    if (this.link.role === 'sending') broker.closeConsumer(this.link.consumer);
  }

  #collectDeliveries(link: SendingLink): void {
    for (const [tag, entry] of link.unresumed) this.deliveries.set(tag, entry);
    link.unresumed.clear();
    for (const entry of link.session.takeUnsettled(link)) {
      this.deliveries.set(tagOf(entry.message.id), entry);
    }
  }

  #collectAnswered(link: ReceivingLink): void {
    const { answered } = this;
    for (const [tag, state] of link.resumable) answered.set(tag, state);
    link.resumable.clear();
    link.session.incoming.take(link, (tag, state) => answered.set(tag, state));
    for (let index = 0; index < link.accepting.length; index++) {
      answered.set(link.accepting.at(index)!, null);
    }
  }
}

/** A delivery tag as the broker makes them: the id of the message in eight bytes, as Latin-1. */
export function tagOf(messageId: number): string {
  const tag = Buffer.alloc(8);
  tag.writeBigUInt64BE(BigInt(messageId));
  return tag.toString('latin1');
}
