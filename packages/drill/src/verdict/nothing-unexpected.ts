import { producerOf } from './history.js';
import type { Check, Finding, Invariant } from './invariant.js';

/** I5: what is delivered was sent, to that destination, with that very body. */
export const NOTHING_UNEXPECTED: Invariant = {
  name: 'I5',
  title: 'every delivery is of a message that was sent, byte for byte',
  check(history): Check {
    const findings: Finding[] = [];
    let recovered = 0;
    for (const { id, sends, confirms, passages } of history.messages.values()) {
      if (passages.size > 0 && confirms.length === 0 && sends.length > 0) recovered++;
      for (const [subscription, { deliveries }] of passages) {
        const [consumer] = history.subscriptions.get(subscription) ?? [];
        const destination = history.clients.get(producerOf(id))?.destination;
        for (const { line, t, crc } of deliveries) {
          const lines = [...sends.map((send) => send.line), line].sort((a, b) => a - b);
          const find = (message: string) => findings.push({ id, message, lines });
          const before = sends.filter((send) => send.t <= t);
          if (before.length === 0) find(`${id} came to ${subscription}, and nobody had sent it`);
          else if (before.every((send) => send.crc !== crc)) {
            find(`${id} came to ${subscription} with another body`);
          } else if (consumer !== undefined && consumer.destination !== destination) {
            if (consumer.destination !== '') find(`${id} was sent elsewhere than ${subscription}`);
          }
        }
      }
    }
    const note = `${recovered} messages came although their confirm did not`;
    return { checked: history.deliveries.length, findings, note };
  },
};
