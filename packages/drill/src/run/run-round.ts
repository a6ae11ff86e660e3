import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerFile } from '../ledger/ledger.js';
import type { Fault } from '../plan/fault.js';
import type { Plan } from '../plan/plan.js';
import type { DrillTarget } from '../target/target.js';

/**
 * Lets the faults of a plan happen once, each at its time, and lasts as long as a round does.
 * @param random numbers from 0 up to 1; the same ones give the same times
 */
export async function runRound(
  plan: Plan,
  round: number,
  target: DrillTarget,
  ledger: LedgerFile,
  random: () => number,
): Promise<void> {
  const end = sleep(plan.every);
  const times = plan.faults.map((fault) => fault.at + Math.floor(random() * fault.within));
  await Promise.all(
    plan.faults.map(async (fault, index) => {
      await sleep(times[index]!);
      await inject(fault, round, target, ledger);
    }),
  );
  await end;
}

async function inject(
  fault: Fault,
  round: number,
  target: DrillTarget,
  ledger: LedgerFile,
): Promise<void> {
  const injection = await target.prepare(fault);
  if ('reason' in injection) {
    const detail = injection.reason;
    ledger.record({ kind: 'fault', fault, round, step: 'skipped', detail });
    return;
  }
  const { detail } = injection;
  ledger.record({ kind: 'fault', fault, round, step: 'begin', detail });
  ledger.flush();
  await injection.begin();
  if ('for' in fault) await sleep(fault.for);
  await injection.end();
  ledger.record({ kind: 'fault', fault, round, step: 'end', detail });
}
