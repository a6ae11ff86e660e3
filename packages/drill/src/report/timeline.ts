import { endOfWork, findOutages, NANOSECONDS_PER_MS } from '../measure/outages.js';
import { describeFault } from '../plan/fault.js';
import type { History, Of } from '../verdict/history.js';
import { DEAD_LETTERS } from '../verdict/no-loss.js';

/** Columns of a timeline at most. */
const BUCKETS_MAX = 600;
const BUCKET_MS_MIN = 100;
/** Shorter silences are nothing that anybody would notice. */
const OUTAGE_MS_MIN = 250;

/** A stretch of time; milliseconds since the run began. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Timeline {
  readonly startMs: number;
  readonly endMs: number;
  readonly bucketMs: number;
  /** Per second, in each bucket. */
  readonly lanes: readonly {
    readonly lane: string;
    readonly confirms: readonly number[];
    readonly deliveries: readonly number[];
  }[];
  /** Clients that lost their connection, and that were connected, in each bucket. */
  readonly disconnects: readonly number[];
  readonly connects: readonly number[];
  /** When some lane got no confirm. */
  readonly unavailable: readonly Span[];
  readonly faults: readonly (Span & { readonly label: string })[];
  readonly roles: readonly (Span & {
    readonly node: string;
    readonly role: string;
    readonly epoch: number | null;
  })[];
}

export function makeTimeline(history: History): Timeline {
  const phases = history.of('phase');
  const startMs = milliseconds(phases[0]?.t ?? 0);
  const lastLine = phases.at(-1)?.t ?? 0;
  const endMs = Math.max(startMs + BUCKET_MS_MIN, milliseconds(lastLine));
  const bucketMs = Math.max(BUCKET_MS_MIN, Math.ceil((endMs - startMs) / BUCKETS_MAX));
  const size = Math.ceil((endMs - startMs) / bucketMs);
  const fill = (events: readonly { readonly t: number }[], scale = 1): number[] => {
    const buckets = new Array<number>(size).fill(0);
    for (const { t } of events) {
      const index = Math.floor((milliseconds(t) - startMs) / bucketMs);
      if (index >= 0 && index < size) buckets[index]! += scale;
    }
    return buckets;
  };
  const perSecond = 1000 / bucketMs;
  const laneOf = (client: string) => history.clients.get(client)?.lane;
  const consumers = history
    .of('deliver')
    .filter(({ client }) => history.clients.get(client)?.subscription !== DEAD_LETTERS);
  return {
    ...{ startMs, endMs, bucketMs },
    lanes: history.run.plan.workload.map(({ name }) => ({
      lane: name,
      confirms: fill(
        history.of('confirm').filter(({ client }) => laneOf(client) === name),
        perSecond,
      ),
      deliveries: fill(
        consumers.filter(({ client }) => laneOf(client) === name),
        perSecond,
      ),
    })),
    disconnects: fill(history.of('disconnected')),
    connects: fill(history.of('connected')),
    unavailable: unavailable(history),
    faults: faults(history, endMs),
    roles: roles(history, endMs),
  };
}

function milliseconds(nanoseconds: number): number {
  return Math.round(nanoseconds / NANOSECONDS_PER_MS);
}

/** The silences of all lanes, where they overlap joined to one. */
function unavailable(history: History): Span[] {
  const end = endOfWork(history);
  const spans = findOutages(history)
    .writes.map(({ from, to }) => ({ from: milliseconds(from), to: milliseconds(to ?? end) }))
    .filter(({ from, to }) => to - from >= OUTAGE_MS_MIN)
    .sort((a, b) => a.from - b.from);
  const joined: { from: number; to: number }[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push({ ...span });
  }
  return joined;
}

function faults(history: History, endMs: number): Timeline['faults'] {
  const events = history.of('fault');
  return events
    .filter(({ step }) => step === 'begin')
    .map(({ fault, round, t, line }) => {
      const end = events.find(
        (other) =>
          other.line > line &&
          other.step === 'end' &&
          other.round === round &&
          JSON.stringify(other.fault) === JSON.stringify(fault),
      );
      const to = end === undefined ? endMs : milliseconds(end.t);
      return { from: milliseconds(t), to, label: describeFault(fault) };
    });
}

function roles(history: History, endMs: number): Timeline['roles'] {
  const open = new Map<string, Of<'role'>>();
  const spans: Timeline['roles'][number][] = [];
  const close = (event: Of<'role'>, to: number) => {
    const { node, role, epoch, t } = event;
    spans.push({ from: milliseconds(t), to, node, role, epoch });
  };
  for (const event of history.of('role')) {
    const before = open.get(event.node);
    if (before !== undefined) close(before, milliseconds(event.t));
    open.set(event.node, event);
  }
  for (const event of open.values()) close(event, endMs);
  return spans.sort((a, b) => a.node.localeCompare(b.node) || a.from - b.from);
}
