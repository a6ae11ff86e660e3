import type { History, MessageHistory } from './history.js';
import { producerOf } from './history.js';
import type { Check, Finding, Invariant } from './invariant.js';

/** Where brokers put what they give up on; a drill reads it at the end. */
export const DEAD_LETTERS = 'dead-letters';

/** I1: a confirmed message is delivered, or found among the dead letters. */
export const NO_LOSS: Invariant = {
  name: 'I1',
  title: 'no confirmed message is lost',
  check(history): Check {
    const undrained = new Set(undrainedSubscriptions(history));
    const findings: Finding[] = [];
    const uncertain: string[] = [];
    let checked = 0;
    for (const message of history.messages.values()) {
      if (!isPromised(message)) continue;
      for (const subscription of history.subscriptionsOf(producerOf(message.id))) {
        checked++;
        if (hasArrived(message, subscription)) continue;
        if (undrained.has(subscription)) uncertain.push(message.id);
        else findings.push(lost(message, subscription));
      }
    }
    return {
      checked,
      findings,
      tolerated: history.run.plan.limits.lost,
      ...(uncertain.length === 0 ? {} : { unknown: describeUncertain(uncertain) }),
    };
  },
};

/** Subscriptions of which nobody can say whether more would have come. */
export function undrainedSubscriptions(history: History): string[] {
  const drained = new Map(
    history.of('drained').map((event) => [event.subscription, event.remaining]),
  );
  return [...history.subscriptions.keys()].filter(
    (subscription) => subscription !== DEAD_LETTERS && (drained.get(subscription) ?? null) === null,
  );
}

/** A send that is confirmed for itself; the messages of a transaction are I7's. */
function isPromised({ confirms, sends }: MessageHistory): boolean {
  return confirms.length > 0 && sends.every(({ transaction }) => transaction === undefined);
}

export function hasArrived({ passages }: MessageHistory, subscription: string): boolean {
  const came = (name: string) => (passages.get(name)?.deliveries.length ?? 0) > 0;
  return came(subscription) || came(DEAD_LETTERS);
}

function lost({ id, sends, confirms }: MessageHistory, subscription: string): Finding {
  return {
    id,
    message: `${id} was confirmed, and never came to ${subscription}`,
    lines: [...sends, ...confirms].map(({ line }) => line),
  };
}

function describeUncertain(ids: readonly string[]): string {
  return (
    `${ids.length} confirmed messages have not come, such as ${ids[0]}, ` +
    'but their subscription was not drained'
  );
}
