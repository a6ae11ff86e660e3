import { join } from 'node:path';
import { findPlan, formatJudgements, type RunReport } from '@causeway/drill';
import type { DrillTargetName } from './drill-target.js';
import { endWithVerdict } from './drill-verdict.js';
import { runPlan, timestamp } from './run-plan.js';

export interface DrillRunOptions {
  readonly target: DrillTargetName;
  readonly out?: string;
  readonly rounds?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

/** `causeway drill run`: runs a plan, and judges what came of it. */
export async function runDrillRun(nameOrFile: string, options: DrillRunOptions): Promise<void> {
  const found = findPlan(nameOrFile);
  const { rounds = found.rounds, seed = found.seed } = options;
  const plan = { ...found, rounds, seed };
  const folder = options.out ?? `drill-${plan.name}-${timestamp()}`;
  const report = await runPlan(plan, options.target, folder);
  console.log(options.json === true ? JSON.stringify(report) : formatRun(report, folder));
  endWithVerdict(report.verdict);
}

function formatRun(report: RunReport, folder: string): string {
  const { totals, writeRto, readRto, skipped } = report;
  return [
    formatJudgements(report),
    `${totals.confirmed} confirmed, ${totals.lost} lost, ${totals.unflagged} duplicates unflagged, ` +
      `${totals.flagged} flagged, ${totals.reordered} out of order`,
    `writes were back after: ${formatTimes(writeRto)}`,
    `reads were back after: ${formatTimes(readRto)}`,
    ...skipped.map((reason) => `not applicable: ${reason}`),
    `report: ${join(folder, 'report.html')}`,
  ].join('\n');
}

function formatTimes(measured: RunReport['writeRto']): string {
  if (measured === null) return 'not measured';
  const { median, p95, max } = measured;
  const [middle, most, worst] = [median, p95, max].map(Math.round);
  return `median ${middle} ms, p95 ${most} ms, max ${worst} ms`;
}
