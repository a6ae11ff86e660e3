import { findOutages, lengthOf, type Outage } from '../measure/outages.js';
import { findReconnects, reconnectLength } from '../measure/reconnects.js';
import { type Statistics, statisticsOf } from '../measure/statistics.js';
import { worstOfRounds } from '../verdict/bounded.js';
import type { History } from '../verdict/history.js';
import type { Verdict } from '../verdict/invariant.js';
import { type Judgement, judge } from '../verdict/judge.js';
import { type LaneReport, reportLane } from './lane-report.js';
import { makeTimeline, type Timeline } from './timeline.js';

/** All that a run has to say; the report in JSON. Times are milliseconds. */
export interface RunReport {
  readonly plan: string;
  readonly description: string;
  readonly target: string;
  readonly at: string;
  readonly seed: number;
  readonly rounds: number;
  readonly verdict: Verdict;
  readonly invariants: readonly Judgement[];
  /** Over the rounds, each until its last lane was back; null when nothing was measured. */
  readonly writeRto: Statistics | null;
  readonly readRto: Statistics | null;
  readonly reconnect: Statistics | null;
  /** Rounds in which a lane did not come back at all. */
  readonly neverBack: number;
  readonly totals: Totals;
  readonly lanes: readonly LaneReport[];
  readonly skipped: readonly string[];
  readonly storms: readonly {
    readonly wanted: number;
    readonly connected: number;
    readonly medianMs: number;
    readonly p99Ms: number;
  }[];
  readonly timeline: Timeline;
}

export interface Totals {
  readonly sent: number;
  readonly confirmed: number;
  readonly delivered: number;
  readonly lost: number;
  readonly flagged: number;
  readonly unflagged: number;
  readonly reordered: number;
}

export function makeRunReport(history: History): RunReport {
  const { plan, target, at, leftOut } = history.run;
  const { verdict, invariants } = judge(history);
  const outages = findOutages(history);
  const reconnects = findReconnects(history);
  const lanes = plan.workload.map((lane) => reportLane(history, lane, outages, reconnects));
  const sum = (key: keyof Totals) => lanes.reduce((total, lane) => total + lane[key], 0);
  const skipped = history.of('fault').filter(({ step }) => step === 'skipped');
  return {
    ...{ plan: plan.name, description: plan.description, target, at, seed: plan.seed },
    ...{ rounds: plan.rounds, verdict, invariants },
    writeRto: overRounds(outages.writes),
    readRto: overRounds(outages.reads),
    reconnect: statisticsOf(known(reconnects.map(reconnectLength))),
    neverBack: outages.writes.filter(({ to }) => to === null).length,
    totals: {
      ...{ sent: sum('sent'), confirmed: sum('confirmed'), delivered: sum('delivered') },
      ...{ lost: sum('lost'), flagged: sum('flagged'), unflagged: sum('unflagged') },
      reordered: sum('reordered'),
    },
    lanes,
    skipped: [
      ...(leftOut ?? []).map((lane) => `lane ${lane}: ${target} does not speak its protocol`),
      ...new Set(skipped.map(({ fault, detail }) => `${fault.fault}: ${detail}`)),
    ],
    storms: history.of('storm').map(({ wanted, connected, medianMs, p99Ms }) => ({
      ...{ wanted, connected, medianMs, p99Ms },
    })),
    timeline: makeTimeline(history),
  };
}

function overRounds(outages: readonly Outage[]): Statistics | null {
  return statisticsOf(
    known(worstOfRounds(outages.map((outage) => [outage.round, lengthOf(outage)]))),
  );
}

function known(lengths: readonly (number | null)[]): number[] {
  return lengths.filter((length) => length !== null);
}
