import { setTimeout as sleep } from 'node:timers/promises';
import { DrillError } from '../drill-error.js';
import { LedgerFile } from '../ledger/ledger.js';
import type { LedgerEvent } from '../ledger/ledger-event.js';
import type { Lane, Plan } from '../plan/plan.js';
import type { DrillTarget } from '../target/target.js';
import { protocolOf } from '../workload/open-clients.js';
import { seededRandom } from '../workload/seeded-random.js';
import { runRound } from './run-round.js';
import { Tally } from './tally.js';
import { Workload } from './workload.js';

const CONNECT_MS = 30_000;
const POLL_MS = 50;
/** Silence of consumers that are connected after which nothing more will come. */
const QUIET_MS = 3000;

/** How far a run is, for whoever watches. */
export interface DrillProgress {
  readonly phase: string;
  readonly round: number;
  readonly confirmed: number;
  readonly delivered: number;
}

/**
 * Runs a plan, and writes down what happens. The target is started and stopped.
 * @param whole the plan; lanes that the target cannot serve are left out
 * @param path the ledger to write; there must be no such file
 * @param watch is told how far it is, whenever that changes
 * @throws DrillError when it cannot be run
 */
export async function runDrill(
  whole: Plan,
  target: DrillTarget,
  path: string,
  watch: (progress: DrillProgress) => void = () => {},
): Promise<void> {
  const plan = { ...whole, workload: whole.workload.filter((lane) => isServed(lane, target)) };
  const leftOut = whole.workload.filter((lane) => !isServed(lane, target)).map(({ name }) => name);
  if (plan.workload.length === 0) throw new DrillError(`${target.name} serves no lane of the plan`);
  const tally = new Tally();
  const ledger = new LedgerFile(path, (event: LedgerEvent) => tally.watch(event));
  const random = seededRandom(plan.seed);
  const workload = new Workload(plan, target, ledger, seededRandom(plan.seed + 1));
  const enter = (phase: 'warm-up' | 'round' | 'settle' | 'drain' | 'end', round?: number): void => {
    ledger.record({ kind: 'phase', phase, ...(round === undefined ? {} : { round }) });
    const { confirmed, delivered } = tally;
    watch({ phase, round: round ?? 0, confirmed, delivered });
  };
  try {
    const at = new Date().toISOString();
    ledger.record({ kind: 'run', format: 1, plan, target: target.name, leftOut, at });
    await target.start((entry) => ledger.record(entry));
    workload.openConsumers();
    if (!(await until(() => workload.consumersConnected, CONNECT_MS))) {
      throw new DrillError('the consumers cannot connect to the target, before any fault');
    }
    enter('warm-up');
    workload.openProducers();
    if (!(await until(() => tally.lanes.size === plan.workload.length, CONNECT_MS))) {
      throw new DrillError('the target does not confirm messages of all lanes, before any fault');
    }
    await sleep(plan.warmUp);
    for (let round = 1; round <= plan.rounds; round++) {
      enter('round', round);
      await runRound(plan, round, target, ledger, random);
    }
    enter('settle');
    await sleep(plan.settle);
    enter('drain');
    workload.stopSending();
    await drain(plan, workload, tally, ledger);
    await target.compare();
    enter('end');
  } finally {
    await workload.close();
    ledger.close();
    await target.stop();
  }
}

function isServed({ client }: Lane, { protocols }: DrillTarget): boolean {
  return protocols.includes(protocolOf(client));
}

/** Waits until everything that was confirmed has come, or nothing comes any more. */
async function drain(
  plan: Plan,
  workload: Workload,
  tally: Tally,
  ledger: LedgerFile,
): Promise<void> {
  const deadline = performance.now() + plan.drain;
  await until(() => workload.unconfirmed === 0 && tally.missing === 0, plan.drain);
  if (tally.missing > 0) workload.openDeadLetters();
  let delivered = -1;
  let quietSince = performance.now();
  const isQuiet = () => {
    if (tally.delivered !== delivered || !workload.consumersConnected) {
      delivered = tally.delivered;
      quietSince = performance.now();
    }
    const quietFor = performance.now() - quietSince;
    // What was delivered and not settled may come again; that takes no time.
    return quietFor > (tally.missing === 0 ? QUIET_MS / 6 : QUIET_MS);
  };
  const quiet = await until(isQuiet, Math.max(2 * QUIET_MS, deadline - performance.now()));
  await workload.readState();
  for (const [subscription, remaining] of tally.remaining()) {
    const known = quiet || remaining === 0;
    ledger.record({ kind: 'drained', subscription, remaining: known ? remaining : null });
  }
}

async function until(condition: () => boolean, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
