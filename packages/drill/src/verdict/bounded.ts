import { findOutages, lengthOf, NANOSECONDS_PER_MS } from '../measure/outages.js';
import { findReconnects, reconnectLength } from '../measure/reconnects.js';
import { type Statistics, statisticsOf } from '../measure/statistics.js';
import type { Budget } from '../plan/plan.js';
import type { History } from './history.js';
import type { Check, Finding, Invariant } from './invariant.js';
import { comebacks, isZombie } from './settled-stays-settled.js';

/** How long after it was resumed, or heard again, a deposed broker may still deliver. */
const ZOMBIE_MS = 1000;

/** I10: faults cost no more time than the plan allows. */
export const BOUNDED: Invariant = {
  name: 'I10',
  title: 'writes, reads and clients are back in time',
  check(history): Check {
    const { writeRto, readRto, reconnect } = history.run.plan.limits;
    const { writes, reads } = findOutages(history);
    const findings = [
      ...judge('writes', writeRto, worstOfRounds(writes.map((o) => [o.round, lengthOf(o)]))),
      ...judge('reads', readRto, worstOfRounds(reads.map((o) => [o.round, lengthOf(o)]))),
      ...judge('clients', reconnect, findReconnects(history).map(reconnectLength)),
      ...lateZombies(history),
    ];
    const limited = writeRto !== undefined || readRto !== undefined || reconnect !== undefined;
    if (limited && writes.length === 0 && history.of('fault').length > 0) {
      return { checked: 1, findings, unknown: 'no fault was injected, so none was measured' };
    }
    return { checked: limited ? Math.max(writes.length, 1) : 0, findings };
  },
};

/** Lanes fail together: a round lasts until the last of them is back. */
export function worstOfRounds(
  outages: readonly (readonly [round: number, length: number | null])[],
): (number | null)[] {
  const worst = new Map<number, number | null>();
  for (const [round, length] of outages) {
    const known = worst.get(round);
    if (known === null) continue;
    worst.set(round, length === null ? null : Math.max(known ?? 0, length));
  }
  return [...worst.values()];
}

function judge(
  what: string,
  budget: Budget | undefined,
  lengths: readonly (number | null)[],
): Finding[] {
  if (budget === undefined) return [];
  const open = lengths.filter((length) => length === null).length;
  if (open > 0) return [{ message: `${what} were never back, ${open} times`, lines: [] }];
  const measured = statisticsOf(lengths.filter((length) => length !== null));
  if (measured === null) return [];
  return (['median', 'p95', 'max'] as const).flatMap((key) => over(what, key, budget, measured));
}

function over(
  what: string,
  key: 'median' | 'p95' | 'max',
  budget: Budget,
  measured: Statistics,
): Finding[] {
  const limit = budget[key];
  if (limit === undefined || measured[key] <= limit) return [];
  const message = `${what} took ${Math.round(measured[key])} ms (${key}), the limit is ${limit} ms`;
  return [{ message, lines: [] }];
}

/** What a deposed broker delivered although it had had time to notice. */
function lateZombies(history: History): Finding[] {
  const spans = history
    .of('fault')
    .filter(({ step }) => step !== 'skipped')
    .map(({ t, fault }) => {
      const length = ('for' in fault ? fault.for : 0) + ZOMBIE_MS;
      return { from: t, to: t + length * NANOSECONDS_PER_MS };
    });
  const findings: Finding[] = [];
  for (const message of history.messages.values()) {
    for (const passage of message.passages.values()) {
      for (const { delivery, settled } of comebacks(history, message, passage)) {
        if (!isZombie(delivery, settled)) continue;
        if (spans.some(({ from, to }) => delivery.t >= from && delivery.t <= to)) continue;
        findings.push({
          id: message.id,
          message: `${message.id} came from a deposed broker long after the fault`,
          lines: [settled.line, delivery.line],
        });
      }
    }
  }
  return findings;
}
