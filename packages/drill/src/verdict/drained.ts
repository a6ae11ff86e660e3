import type { Check, Finding, Invariant } from './invariant.js';
import { undrainedSubscriptions } from './no-loss.js';

/** I9: in the end the queues are empty, and the nodes agree on everything. */
export const DRAINED: Invariant = {
  name: 'I9',
  title: 'queues drain to empty, and the nodes hold the same state',
  check(history): Check {
    const findings: Finding[] = [];
    for (const { subscription, remaining, line } of history.of('drained')) {
      if (remaining === null || remaining === 0) continue;
      const message = `${remaining} confirmed messages never came to ${subscription}`;
      findings.push({ message, lines: [line] });
    }
    const digests = new Map<number, { node: string; digest: string; line: number }>();
    for (const { node, applied, digest, line } of history.of('digest')) {
      const other = digests.get(applied);
      if (other === undefined) digests.set(applied, { node, digest, line });
      else if (other.digest !== digest) {
        const message = `${other.node} and ${node} differ after ${applied} records`;
        findings.push({ message, lines: [other.line, line] });
      }
    }
    const undrained = undrainedSubscriptions(history);
    const unknown = `${undrained.join(', ')} could not be drained`;
    return {
      checked: history.subscriptions.size,
      findings,
      ...(undrained.length === 0 ? {} : { unknown }),
    };
  },
};
