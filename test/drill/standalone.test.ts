import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  findOutages,
  formatJudgements,
  History,
  judge,
  lengthOf,
  parsePlan,
  readLedger,
  runDrill,
  StandaloneTarget,
  seededRandom,
} from '@causeway/drill';
import { describe, expect, test } from 'vitest';

const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/causeway.js', import.meta.url));
/** A short plan: what is measured in `docs/drills.md` takes longer. */
const PLAN = 'name: short, warmUp: 500ms, settle: 1s, heartBeat: 1s';

/** Runs a drill against one broker in a process of its own. */
async function run(every: string, faults: readonly string[], more = ''): Promise<History> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-drill-'));
  try {
    const plan = parsePlan('plan', `{ ${PLAN}, every: ${every}, faults: [${faults}] ${more} }`);
    const command = [process.execPath, COMMAND];
    const target = new StandaloneTarget({ command, folder, random: seededRandom(plan.seed) });
    const ledger = join(folder, 'ledger.jsonl');
    await runDrill(plan, target, ledger);
    return new History(await readLedger(ledger));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function expectPass(history: History): void {
  const judgements = judge(history);
  expect(judgements.verdict, formatJudgements(judgements)).toBe('PASS');
  expect(history.of('fault').filter(({ step }) => step === 'skipped')).toEqual([]);
  expect(history.of('confirm').length).toBeGreaterThan(200);
}

/** How often the broker ended. */
const ends = (history: History) => history.of('role').filter(({ role }) => role === 'stopped');
const longestWriteOutage = (history: History) =>
  Math.max(...findOutages(history).writes.map((outage) => lengthOf(outage) ?? Infinity));

describe.concurrent('a drill against a single broker', () => {
  test('that is killed, and restarted in order', async () => {
    const history = await run('8s', [
      '{ fault: kill, at: 500ms }',
      '{ fault: terminate, at: 4500ms }',
    ]);
    expectPass(history);
    expect(ends(history)).toHaveLength(2);
  });

  test('that is frozen, and blocked', async () => {
    const history = await run('7s', [
      '{ fault: pause, for: 2500ms }',
      '{ fault: stall, at: 5s, for: 1s }',
    ]);
    expectPass(history);
    expect(ends(history)).toHaveLength(0);
    expect(longestWriteOutage(history)).toBeGreaterThan(1500);
  });

  test('behind a network that is cut, mute, reset, flapping and slow', async () => {
    const history = await run('8500ms', [
      '{ fault: cut, for: 500ms }',
      '{ fault: half-open, direction: downstream, at: 1500ms, for: 2500ms }',
      '{ fault: reset, at: 5s, for: 500ms }',
      '{ fault: flapping, at: 6s, period: 200ms, for: 600ms }',
      '{ fault: latency, latency: 50ms, jitter: 50ms, at: 7s, for: 1s }',
    ]);
    expectPass(history);
    expect(history.of('disconnected').length).toBeGreaterThan(10);
    expect(longestWriteOutage(history)).toBeGreaterThan(1500);
  });

  test('whose disk is slow, then full, and whose clock jumps', async () => {
    const history = await run('8s', [
      '{ fault: slow-disk, delay: 100ms, for: 1s }',
      '{ fault: clock-jump, by: -1h, at: 1s, for: 1s }',
      '{ fault: full-disk, at: 3s, for: 1s }',
    ]);
    expectPass(history);
    expect(ends(history), 'it ended when the disk was full').toHaveLength(1);
  });

  test('that many clients connect to at once', async () => {
    const history = await run('4s', ['{ fault: storm, connections: 50, for: 3s }']);
    expectPass(history);
    expect(history.of('storm')[0]).toMatchObject({ wanted: 50, connected: 50 });
  });

  test('says nothing about what a single broker cannot have', async () => {
    const faults = ['{ fault: kill, on: standby }'];
    const history = await run('1s', faults, ', limits: { writeRto: 1s }');
    expect(history.of('fault')[0]).toMatchObject({ step: 'skipped' });
    expect(judge(history).verdict).toBe('UNKNOWN');
  });
});
