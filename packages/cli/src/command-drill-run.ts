import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  findPlan,
  formatJudgements,
  History,
  judge,
  type Plan,
  readLedger,
  runDrill,
} from '@causeway/drill';
import { openDrillProgress } from './drill-progress.js';
import { type DrillTargetName, openDrillTarget } from './drill-target.js';
import { endWithVerdict } from './drill-verdict.js';

export interface DrillRunOptions {
  readonly target: DrillTargetName;
  readonly out?: string;
  readonly rounds?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

/** `causeway drill run`: runs a plan, and judges what came of it. */
export async function runDrillRun(nameOrFile: string, options: DrillRunOptions): Promise<void> {
  const plan = withOptions(findPlan(nameOrFile), options);
  const folder = options.out ?? `drill-${plan.name}-${timestamp()}`;
  mkdirSync(folder, { recursive: true });
  const ledger = join(folder, 'ledger.jsonl');
  const target = openDrillTarget(options.target, folder, plan.seed);
  const progress = openDrillProgress(plan);
  await runDrill(plan, target, ledger, progress.watch).finally(progress.stop);
  const judgements = judge(new History(await readLedger(ledger)));
  console.log(options.json === true ? JSON.stringify(judgements) : formatJudgements(judgements));
  console.log(`ledger: ${ledger}`);
  endWithVerdict(judgements.verdict);
}

function withOptions(plan: Plan, { rounds, seed }: DrillRunOptions): Plan {
  return { ...plan, rounds: rounds ?? plan.rounds, seed: seed ?? plan.seed };
}

function timestamp(): string {
  return new Date().toISOString().replace(/[:T]/g, '-').slice(0, 19);
}
