import type { Check, Finding, Invariant } from './invariant.js';

/** I3: a second delivery says that it is one. */
export const REDELIVERY_IS_FLAGGED: Invariant = {
  name: 'I3',
  title: 'a message that is delivered again is flagged as redelivered',
  check(history): Check {
    const findings: Finding[] = [];
    let checked = 0;
    let flagged = 0;
    let early = 0;
    for (const message of history.messages.values()) {
      for (const [subscription, { deliveries }] of message.passages) {
        checked++;
        let unflagged = 0;
        deliveries.forEach((delivery, index) => {
          if (delivery.redelivered) {
            if (index === 0) early++;
            else flagged++;
            return;
          }
          unflagged++;
          // Each copy that the broker may have comes once without the flag.
          const copies = history.copies(message, delivery.t);
          if (copies === 1 ? index === 0 : unflagged <= Math.max(copies, 1)) return;
          findings.push({
            id: message.id,
            message: `${message.id} came to ${subscription} again without the flag`,
            lines: [
              ...message.sends.map(({ line }) => line),
              ...deliveries.slice(0, index + 1).map(({ line }) => line),
            ].sort((a, b) => a - b),
          });
        });
      }
    }
    const { unflaggedDuplicates, flaggedDuplicates } = history.run.plan.limits;
    const over = flaggedDuplicates !== undefined && flagged > flaggedDuplicates;
    return {
      checked,
      tolerated: unflaggedDuplicates,
      findings: over
        ? [...findings, { message: `${flagged} flagged, limit ${flaggedDuplicates}`, lines: [] }]
        : findings,
      note: `${flagged} flagged duplicates, ${early} flagged on their first delivery`,
    };
  },
};
