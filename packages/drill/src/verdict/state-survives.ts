import type { History } from './history.js';
import type { Check, Finding, Invariant } from './invariant.js';

/** I8: what the broker promised to keep beside messages is there when it is asked for. */
export const STATE_SURVIVES: Invariant = {
  name: 'I8',
  title: 'retained messages, sessions and durable subscriptions survive',
  check(history): Check {
    const sessions = lostSessions(history);
    const states = lostStates(history);
    return {
      checked: sessions.checked + states.checked,
      findings: [...sessions.findings, ...states.findings],
      ...(states.unknown === undefined ? {} : { unknown: states.unknown }),
    };
  },
};

function lostSessions(history: History): Check {
  const findings: Finding[] = [];
  const known = new Map<string, number>();
  let checked = 0;
  for (const { client, resumed, line } of history.of('connected')) {
    if (resumed === undefined || history.clients.get(client)?.session !== true) continue;
    const first = known.get(client);
    if (first === undefined) {
      known.set(client, line);
      continue;
    }
    checked++;
    if (resumed) continue;
    findings.push({ message: `the session of ${client} was gone`, lines: [first, line] });
  }
  return { checked, findings };
}

interface State {
  /** Lines of the last storing of each value, and of its confirm. */
  readonly asked: Map<number, number>;
  readonly confirmed: Map<number, number>;
}

/** What is read is the last value that was stored and confirmed, or one that was stored later. */
function lostStates(history: History): Check {
  const findings: Finding[] = [];
  const states = new Map<string, State>();
  const unread = new Set<string>();
  let checked = 0;
  for (const { what, name, step, value, line } of history.of('state')) {
    const key = `${what} ${name}`;
    const state = states.get(key) ?? { asked: new Map(), confirmed: new Map() };
    states.set(key, state);
    if (step === 'store') state.asked.set(value ?? 0, line);
    else if (step === 'stored') {
      state.confirmed.set(value ?? 0, line);
      unread.add(key);
    } else {
      unread.delete(key);
      const last = lastConfirmed(state);
      if (last === null) continue;
      checked++;
      const asked = value === null ? undefined : state.asked.get(value);
      if (asked !== undefined && asked >= state.asked.get(last)!) continue;
      const read = value === null ? 'nothing' : String(value);
      findings.push({
        message: `${key} had ${last}, and ${read} was read`,
        lines: [state.asked.get(last)!, state.confirmed.get(last)!, line],
      });
    }
  }
  if (unread.size === 0) return { checked, findings };
  const unknown = `${[...unread].join(', ')} could not be read`;
  return { checked: checked + unread.size, findings, unknown };
}

/** Of the values that were confirmed, the one that was stored last. */
function lastConfirmed({ asked, confirmed }: State): number | null {
  let last: number | null = null;
  for (const value of confirmed.keys()) {
    if (last === null || (asked.get(value) ?? 0) > (asked.get(last) ?? 0)) last = value;
  }
  return last;
}
