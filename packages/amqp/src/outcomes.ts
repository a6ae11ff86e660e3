import type { BrokerApi, Outcome, QueueEntry, SettleDetails } from '@causeway/core';
import type { DeliveryOutcome, DeliveryState } from './codec/types.js';

const FAILED: SettleDetails = { deliveryFailed: true };

/** Whether a state ends a delivery (part 3.4). */
export function isOutcome(state: DeliveryState): state is DeliveryOutcome {
  const { kind } = state;
  return kind === 'accepted' || kind === 'released' || kind === 'rejected' || kind === 'modified';
}

/** An outcome in the words of core. */
export function outcomeDetails(outcome: DeliveryOutcome): {
  readonly name: Outcome;
  readonly details: SettleDetails | undefined;
} {
  switch (outcome.kind) {
    case 'accepted':
    case 'released':
      return { name: outcome.kind, details: undefined };
    case 'rejected':
      return { name: 'rejected', details: { reason: rejectionReason(outcome) } };
    case 'modified': {
      const { deliveryFailed, undeliverableHere } = outcome;
      const simple = deliveryFailed && !undeliverableHere;
      return { name: 'modified', details: simple ? FAILED : { deliveryFailed, undeliverableHere } };
    }
  }
}

/** Ends a delivery as its receiver says. */
export function settleEntry(broker: BrokerApi, entry: QueueEntry, outcome: DeliveryOutcome): void {
  if (outcome.kind === 'accepted') {
    broker.settle(entry, 'accepted');
    return;
  }
  const { name, details } = outcomeDetails(outcome);
  broker.settle(entry, name, details);
}

function rejectionReason({ error }: DeliveryOutcome & { readonly kind: 'rejected' }): string {
  if (error === null) return 'rejected by its consumer';
  const { condition, description } = error;
  return description === null ? condition : `${condition}: ${description}`;
}
