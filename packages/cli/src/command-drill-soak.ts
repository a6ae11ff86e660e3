import { join } from 'node:path';
import { findPlan, seededRandom, stockPlans, type Verdict } from '@causeway/drill';
import type { DrillTargetName } from './drill-target.js';
import { endWithVerdict } from './drill-verdict.js';
import { runPlan, timestamp } from './run-plan.js';

export interface DrillSoakOptions {
  readonly target: DrillTargetName;
  readonly out?: string;
  /** Seconds. */
  readonly for: number;
  readonly plans: readonly string[];
  readonly seed: number;
}

const SEEDS = 2 ** 31;

/** `causeway drill soak`: one plan after another, as chance has it, until one fails. */
export async function runDrillSoak(options: DrillSoakOptions): Promise<void> {
  const plans = options.plans.length === 0 ? stockPlans() : options.plans.map(findPlan);
  const folder = options.out ?? `drill-soak-${timestamp()}`;
  const random = seededRandom(options.seed);
  const end = performance.now() + options.for * 1000;
  const counts = { PASS: 0, FAIL: 0, UNKNOWN: 0 };
  for (let count = 1; performance.now() < end && counts.FAIL === 0; count++) {
    const plan = plans[Math.floor(random() * plans.length)]!;
    const seed = Math.floor(random() * SEEDS);
    const name = `${String(count).padStart(4, '0')}-${plan.name}`;
    const drill = { ...plan, rounds: 1, seed };
    const { verdict, totals } = await runPlan(drill, options.target, join(folder, name));
    counts[verdict]++;
    console.log(
      `${name}: ${verdict}, ${totals.confirmed} confirmed, ${totals.lost} lost, seed ${seed}`,
    );
  }
  console.log(`${counts.PASS} passed, ${counts.FAIL} failed, ${counts.UNKNOWN} unknown: ${folder}`);
  endWithVerdict(overall(counts));
}

/** A drill that this target cannot do says nothing, and does not fail a soak. */
function overall({ PASS, FAIL }: Readonly<Record<Verdict, number>>): Verdict {
  if (FAIL > 0) return 'FAIL';
  return PASS > 0 ? 'PASS' : 'UNKNOWN';
}
