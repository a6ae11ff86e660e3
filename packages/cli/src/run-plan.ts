import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  History,
  makeRunReport,
  type Plan,
  type RunReport,
  readLedger,
  runDrill,
  writeReport,
} from '@causeway/drill';
import { openDrillProgress } from './drill-progress.js';
import { type DrillTargetName, openDrillTarget } from './drill-target.js';

/**
 * Runs a plan, and writes its ledger and its report into a folder.
 * @throws DrillError when it cannot be run
 */
export async function runPlan(
  plan: Plan,
  targetName: DrillTargetName,
  folder: string,
): Promise<RunReport> {
  mkdirSync(folder, { recursive: true });
  const ledger = join(folder, 'ledger.jsonl');
  const target = openDrillTarget(targetName, folder, plan.seed);
  const progress = openDrillProgress(plan);
  await runDrill(plan, target, ledger, progress.watch).finally(progress.stop);
  const report = makeRunReport(new History(await readLedger(ledger)));
  writeReport(report, folder);
  return report;
}

/** `2026-01-01-12-00-00`, for the names of folders. */
export function timestamp(): string {
  return new Date().toISOString().replace(/[:T]/g, '-').slice(0, 19);
}
