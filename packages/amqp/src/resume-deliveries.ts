import type { QueueEntry } from '@causeway/core';
import type { DeliveryState } from './codec/types.js';
import { isOutcome, settleEntry } from './outcomes.js';
import type { SendingLink } from './sending-link.js';
import type { SuspendedLink } from './suspended-link.js';

type Unsettled = ReadonlyMap<string, DeliveryState | null>;

/** What both sides still know of a link that is attached again (part 2.6.13). */
export interface ResumedDeliveries {
  /** For our attach. */
  readonly unsettled: Unsettled | null;
  /** Sends what is to be resumed, once our attach has left. */
  send(link: SendingLink): void;
}

export const NOTHING_RESUMED: ResumedDeliveries = { unsettled: null, send() {} };

/** Compares what we kept of a link with what its receiver says it has. */
export function compareUnsettled(suspended: SuspendedLink, theirs: Unsettled): ResumedDeliveries {
  const ours = new Map<string, DeliveryState | null>();
  for (const tag of suspended.deliveries.keys()) if (theirs.has(tag)) ours.set(tag, null);
  return {
    unsettled: ours,
    send: (link) => {
      for (const [tag, entry] of suspended.deliveries) {
        if (entry.state !== 'acquired' || entry.consumer !== link.consumer) continue;
        resume(link, tag, entry, theirs);
      }
    },
  };
}

function resume(link: SendingLink, tag: string, entry: QueueEntry, theirs: Unsettled): void {
  const { session } = link;
  const { broker } = session.client;
  const state = theirs.get(tag);
  if (state === undefined) {
    // It never arrived: it is delivered again, to whoever comes first.
    entry.interrupted = true;
    broker.settle(entry, 'released');
  } else if (state !== null && isOutcome(state)) {
    settleEntry(broker, entry, state);
    session.finishResumed(link, entry.message.id);
  } else session.resumeDelivery(link, entry);
}
