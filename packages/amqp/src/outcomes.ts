import type { BrokerApi, Outcome, QueueEntry, SettleDetails } from '@causeway/core';
import { mergeAmendments } from './amendments.js';
import { RELEASED } from './codec/decode-state.js';
import type { DeliveryOutcome, DeliveryState } from './codec/types.js';
import type { SendingLink } from './sending-link.js';

type Modified = DeliveryOutcome & { readonly kind: 'modified' };

const FAILED: SettleDetails = { deliveryFailed: true };

/** Whether a state ends a delivery (part 3.4). */
export function isOutcome(state: DeliveryState): state is DeliveryOutcome {
  const { kind } = state;
  return kind === 'accepted' || kind === 'released' || kind === 'rejected' || kind === 'modified';
}

/** The outcome of a delivery in the words of core. */
export function outcomeDetails(
  broker: BrokerApi,
  entry: QueueEntry,
  outcome: DeliveryOutcome,
): {
  readonly name: Outcome;
  readonly details: SettleDetails | undefined;
} {
  switch (outcome.kind) {
    case 'accepted':
    case 'released':
      return { name: outcome.kind, details: undefined };
    case 'rejected':
      return { name: 'rejected', details: { reason: rejectionReason(outcome) } };
    case 'modified':
      return { name: 'modified', details: modifiedDetails(broker, entry, outcome) };
  }
}

/**
 * Part 3.5.3: what applies when the receiver settles without a word.
 * @param otherwise for a source without a default; nothing is lost by it
 */
export function defaultOutcome(
  link: SendingLink | undefined,
  otherwise: DeliveryOutcome = RELEASED,
): DeliveryOutcome {
  const state = link?.defaultOutcome ?? null;
  return state !== null && isOutcome(state) ? state : otherwise;
}

/** Ends a delivery as its receiver says. */
export function settleEntry(broker: BrokerApi, entry: QueueEntry, outcome: DeliveryOutcome): void {
  if (outcome.kind === 'accepted') {
    broker.settle(entry, 'accepted');
    return;
  }
  const { name, details } = outcomeDetails(broker, entry, outcome);
  broker.settle(entry, name, details);
}

function modifiedDetails(broker: BrokerApi, entry: QueueEntry, outcome: Modified): SettleDetails {
  const { deliveryFailed, undeliverableHere, annotations } = outcome;
  if (annotations === null) {
    const simple = deliveryFailed && !undeliverableHere;
    return simple ? FAILED : { deliveryFailed, undeliverableHere };
  }
  const { amendmentBytesMax } = broker.limits;
  const amendments = mergeAmendments(entry.shown.amendments, annotations, amendmentBytesMax);
  if (amendments === undefined) {
    broker.log.debug('amqp-annotations-left-out', { queue: entry.queue.name });
    return { deliveryFailed, undeliverableHere };
  }
  return { deliveryFailed, undeliverableHere, amendments };
}

function rejectionReason({ error }: DeliveryOutcome & { readonly kind: 'rejected' }): string {
  if (error === null) return 'rejected by its consumer';
  const { condition, description } = error;
  return description === null ? condition : `${condition}: ${description}`;
}
