import type { Delivery, History, MessageHistory, Passage, Settlement } from './history.js';
import type { Check, Finding, Invariant } from './invariant.js';

/** I2: what a consumer is done with, and has been told so, does not come back. */
export const SETTLED_STAYS_SETTLED: Invariant = {
  name: 'I2',
  title: 'no message comes back after its settlement was confirmed',
  check(history): Check {
    const findings: Finding[] = [];
    let checked = 0;
    for (const message of history.messages.values()) {
      for (const [subscription, passage] of message.passages) {
        if (passage.settled.length === 0) continue;
        checked++;
        for (const { delivery, settled } of comebacks(history, message, passage)) {
          if (isZombie(delivery, settled)) continue;
          findings.push({
            id: message.id,
            message: `${message.id} came to ${subscription} again after it was settled`,
            lines: [
              ...message.sends.map(({ line }) => line),
              ...passage.deliveries.filter(({ t }) => t <= delivery.t).map(({ line }) => line),
              settled.line,
            ].sort((a, b) => a - b),
          });
        }
      }
    }
    return { checked, findings };
  },
};

/** Deliveries when as many copies were settled already as the broker may have. */
export function comebacks(
  history: History,
  message: MessageHistory,
  { deliveries, settled }: Passage,
): { readonly delivery: Delivery; readonly settled: Settlement }[] {
  return deliveries.flatMap((delivery) => {
    const before = settled.filter(({ line }) => line < delivery.line);
    const last = before.at(-1);
    if (last === undefined || before.length < history.copies(message, delivery.t)) return [];
    return [{ delivery, settled: last }];
  });
}

/** A deposed broker may still say something, in its own epoch: I10 asks how long. */
export function isZombie(delivery: Delivery, settled: Settlement): boolean {
  return delivery.epoch !== null && settled.epoch !== null && delivery.epoch < settled.epoch;
}
