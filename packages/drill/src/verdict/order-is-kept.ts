import { parseMessageId } from '../ledger/message-id.js';
import type { History, MessageHistory } from './history.js';
import type { Check, Finding, Invariant } from './invariant.js';

/** The newest send of a producer that has come, and the message. */
interface Newest {
  readonly sentAt: number;
  readonly id: string;
  readonly line: number;
}

/**
 * I4: to the only consumer of a subscription the messages of a producer come, each for the first
 * time, in the order in which they were sent. A message that was sent anew may come with its last
 * sending.
 */
export const ORDER_IS_KEPT: Invariant = {
  name: 'I4',
  title: 'what one producer sends comes in its order',
  check(history): Check {
    const findings: Finding[] = [];
    const newest = new Map<string, Newest>();
    const seen = new Set<string>();
    let checked = 0;
    for (const { subscription, delivery } of history.deliveries) {
      if (history.subscriptions.get(subscription)?.length !== 1) continue;
      const key = `${subscription} ${delivery.id}`;
      const message = history.messages.get(delivery.id)!;
      if (seen.has(key) || message.sends.length === 0) continue;
      seen.add(key);
      checked++;
      const stream = `${subscription} ${parseMessageId(delivery.id)?.producer ?? ''}`;
      const before = newest.get(stream);
      if (before !== undefined && lastSendBefore(message, delivery.t) < before.sentAt) {
        findings.push(describe(history, message, delivery.line, before, subscription));
      }
      const sentAt = message.sends[0]!.line;
      if (before === undefined || sentAt > before.sentAt) {
        newest.set(stream, { sentAt, id: delivery.id, line: delivery.line });
      }
    }
    return { checked, findings, tolerated: history.run.plan.limits.reordered };
  },
};

function lastSendBefore({ sends }: MessageHistory, t: number): number {
  return sends.findLast((send) => send.t <= t)?.line ?? Number.POSITIVE_INFINITY;
}

function describe(
  history: History,
  { id, sends }: MessageHistory,
  line: number,
  before: Newest,
  subscription: string,
): Finding {
  const sentLater = history.messages.get(before.id)!.sends[0]!.line;
  return {
    id,
    message: `${id} came to ${subscription} after ${before.id}, which was sent later`,
    lines: [...sends.map((send) => send.line), sentLater, before.line, line].sort((a, b) => a - b),
  };
}
