import type { QueueEntry } from '@causeway/core';
import { answerAttach } from './answer-attach.js';
import type { Attach, DeliveryState } from './codec/types.js';
import { isOutcome, settleEntry } from './outcomes.js';
import type { SendingLink } from './sending-link.js';
import type { SuspendedLink } from './suspended-link.js';

type Unsettled = ReadonlyMap<string, DeliveryState | null>;

const NONE: Unsettled = new Map();

/**
 * What a client that attaches a link says of its deliveries; null when it does not resume them
 * (part 2.7.3, unsettled).
 */
export function theirUnsettled({ unsettled, incompleteUnsettled }: Attach): Unsettled | null {
  return unsettled ?? (incompleteUnsettled ? NONE : null);
}

/**
 * Answers the attach of a receiver; then sends what it resumes (part 2.6.13).
 * @param suspended what was kept of the link; null when it begins anew
 */
export function resumeDeliveries(
  link: SendingLink,
  attach: Attach,
  suspended: SuspendedLink | null,
): void {
  const theirs = theirUnsettled(attach) ?? NONE;
  const held = [...(suspended?.deliveries ?? [])].filter(([, entry]) => isHeld(link, entry));
  // What the client does not name, it does not have; unless it could not name everything.
  const lost = attach.incompleteUnsettled ? [] : held.filter(([tag]) => !theirs.has(tag));
  const kept = held.filter(([tag]) => attach.incompleteUnsettled || theirs.has(tag));
  const complete = answerAttach(link.session, attach, {
    handle: link.handle,
    source: link.source,
    target: attach.target,
    unsettled: suspended === null ? null : new Map(kept.map(([tag]) => [tag, null])),
    initialDeliveryCount: 0,
    maxMessageSize: 0,
  });
  link.resumesOnly = attach.incompleteUnsettled || !complete;
  for (const [, entry] of lost) giveBack(link, entry);
  for (const [tag, entry] of kept) {
    const state = theirs.get(tag);
    if (state === undefined) link.unresumed.set(tag, entry);
    else resume(link, entry, state);
  }
}

/** It may have been settled since, or taken away by others. */
function isHeld(link: SendingLink, entry: QueueEntry): boolean {
  return entry.state === 'acquired' && entry.consumer === link.consumer;
}

/** It never arrived: it is delivered again, to whoever comes first. */
function giveBack(link: SendingLink, entry: QueueEntry): void {
  entry.interrupted = true;
  link.session.client.broker.settle(entry, 'released');
}

function resume(link: SendingLink, entry: QueueEntry, state: DeliveryState | null): void {
  const { session } = link;
  if (state !== null && isOutcome(state)) {
    settleEntry(session.client.broker, entry, state);
    session.finishResumed(link, entry.message.id, state);
  } else session.resumeDelivery(link, entry);
}
