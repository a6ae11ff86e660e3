import type { History, Of } from '../verdict/history.js';
import { DEAD_LETTERS } from '../verdict/no-loss.js';

export const NANOSECONDS_PER_MS = 1e6;

/** The longest silence of a lane in a round. */
export interface Outage {
  readonly round: number;
  readonly lane: string;
  /** Nanoseconds since the run began: the last sign of life before, and the first after. */
  readonly from: number;
  /** Null when nothing came any more. */
  readonly to: number | null;
}

export interface Outages {
  /** Silences between confirms, and between deliveries. */
  readonly writes: readonly Outage[];
  readonly reads: readonly Outage[];
}

/** Finds for every round in which a fault began, and every lane, what the fault cost. */
export function findOutages(history: History): Outages {
  const end = endOfWork(history);
  const rounds = faultyRounds(history, end);
  const lane = ({ client }: { readonly client: string }) => history.clients.get(client)?.lane;
  return {
    writes: longest(rounds, groupTimes(history.of('confirm'), lane), end),
    reads: longest(
      rounds,
      groupTimes(
        history
          .of('deliver')
          .filter(({ client }) => history.clients.get(client)?.subscription !== DEAD_LETTERS),
        lane,
      ),
      end,
    ),
  };
}

/** Milliseconds of an outage; null when it did not end. */
export function lengthOf({ from, to }: Outage): number | null {
  return to === null ? null : (to - from) / NANOSECONDS_PER_MS;
}

/** When the producers were told to stop; nobody can expect a confirm after that. */
export function endOfWork(history: History): number {
  const drain = history.of('phase').find(({ phase }) => phase === 'drain');
  return drain?.t ?? Number.POSITIVE_INFINITY;
}

interface Window {
  readonly round: number;
  readonly start: number;
  readonly end: number;
}

function faultyRounds(history: History, end: number): Window[] {
  const begins = new Map<number, Of<'fault'>>();
  for (const fault of history.of('fault')) {
    if (fault.step === 'begin' && !begins.has(fault.round)) begins.set(fault.round, fault);
  }
  const starts = [...begins.values()].sort((a, b) => a.t - b.t);
  return starts.map(({ round, t }, index) => ({
    round,
    start: t,
    end: starts[index + 1]?.t ?? end,
  }));
}

function groupTimes(
  events: readonly { readonly t: number; readonly client: string }[],
  lane: (event: { readonly client: string }) => string | undefined,
): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const event of events) {
    const name = lane(event) ?? '';
    const list = times.get(name);
    if (list === undefined) times.set(name, [event.t]);
    else list.push(event.t);
  }
  return times;
}

function longest(
  rounds: readonly Window[],
  lanes: ReadonlyMap<string, readonly number[]>,
  end: number,
): Outage[] {
  return rounds.flatMap(({ round, start, end: until }) =>
    [...lanes].map(([lane, times]) => {
      let from = times[0]!;
      let worst: Outage = { round, lane, from: start, to: start };
      let length = 0;
      for (const t of times) {
        // A silence that the next round's fault made is not this one's.
        const within = Math.min(t, until) - from;
        if (t >= start && from < until && within > length) {
          length = within;
          worst = { round, lane, from, to: t };
        }
        from = t;
        if (from >= until) break;
      }
      const silentAtEnd = until === end && from < end && end - from > length;
      return silentAtEnd && isLongSilence(end - from) ? { round, lane, from, to: null } : worst;
    }),
  );
}

/** At the end of the work the last confirms are still on their way. */
function isLongSilence(nanoseconds: number): boolean {
  return nanoseconds > 1000 * NANOSECONDS_PER_MS;
}
