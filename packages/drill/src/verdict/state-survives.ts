import type { History, Of } from './history.js';
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

/** What is read is the last value whose storing was confirmed, or one that was stored later. */
function lostStates(history: History): Check {
  const findings: Finding[] = [];
  const stored = new Map<string, Of<'state'>>();
  const asked = new Map<string, number>();
  let checked = 0;
  for (const event of history.of('state')) {
    const key = `${event.what} ${event.name}`;
    if (event.step === 'store') asked.set(key, event.value ?? 0);
    if (event.step === 'stored' && (stored.get(key)?.value ?? -1) < (event.value ?? 0)) {
      stored.set(key, event);
    }
    if (event.step !== 'read') continue;
    const last = stored.get(key);
    if (last === undefined) continue;
    checked++;
    const value = event.value ?? -1;
    if (value >= last.value! && value <= (asked.get(key) ?? last.value!)) continue;
    const lines = [last.line, event.line];
    const read = event.value === null ? 'nothing' : String(event.value);
    findings.push({ message: `${key} had ${last.value}, and ${read} was read`, lines });
  }
  return { checked, findings };
}
