import type { Of } from './history.js';
import type { Check, Finding, Invariant } from './invariant.js';

/** I6: in an epoch one node leads, and epochs only grow. */
export const SINGLE_WRITER: Invariant = {
  name: 'I6',
  title: 'no two nodes lead in one epoch, and epochs never fall',
  check(history): Check {
    const findings: Finding[] = [];
    const leaders = new Map<number, Of<'role'>>();
    const standing = new Map<string, Of<'role'>>();
    let highest: Of<'role'> | null = null;
    let checked = 0;
    for (const event of history.of('role')) {
      if (event.role !== 'active') {
        standing.delete(event.node);
        continue;
      }
      checked++;
      if (event.epoch === null) {
        // Without epochs, whoever leads at the same time as another is a second writer.
        for (const other of standing.values()) {
          if (other.node !== event.node) findings.push(twoLeaders(other, event));
        }
        standing.set(event.node, event);
        continue;
      }
      const leader = leaders.get(event.epoch);
      if (leader !== undefined && leader.node !== event.node) {
        findings.push(twoLeaders(leader, event));
      }
      if (leader === undefined) leaders.set(event.epoch, event);
      if (highest !== null && event.epoch < highest.epoch! && leader === undefined) {
        findings.push({
          message: `${event.node} became active in epoch ${event.epoch}, after ${highest.epoch}`,
          lines: [highest.line, event.line],
        });
      }
      if (highest === null || event.epoch > highest.epoch!) highest = event;
    }
    const epochs = [...leaders.keys()];
    return epochs.length === 0
      ? { checked, findings }
      : { checked, findings, note: `${epochs.length} epochs were seen` };
  },
};

function twoLeaders(first: Of<'role'>, second: Of<'role'>): Finding {
  const when = second.epoch === null ? 'at the same time' : `in epoch ${second.epoch}`;
  return {
    message: `${first.node} and ${second.node} were both active ${when}`,
    lines: [first.line, second.line],
  };
}
