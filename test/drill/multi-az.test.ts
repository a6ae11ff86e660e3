import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  formatJudgements,
  History,
  judge,
  MultiAzTarget,
  parsePlan,
  readLedger,
  runDrill,
} from '@causeway/drill';
import { expect, test } from 'vitest';

const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/causeway.js', import.meta.url));

test('a pair whose active node is killed, and then told to hand over, loses nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-drill-'));
  try {
    const faults = '[{ fault: kill, at: 500ms }, { fault: reboot, at: 6s }]';
    const plan = parsePlan(
      'plan',
      `{ name: short, warmUp: 500ms, settle: 2s, heartBeat: 1s, every: 7s, faults: ${faults} }`,
    );
    const target = new MultiAzTarget({ command: [process.execPath, COMMAND], folder });
    const ledger = join(folder, 'ledger.jsonl');
    await runDrill(plan, target, ledger);
    const history = new History(await readLedger(ledger));
    const judgements = judge(history);
    expect(judgements.verdict, formatJudgements(judgements)).toBe('PASS');
    const epochs = history.of('role').filter(({ role }) => role === 'active');
    expect(Math.max(...epochs.map(({ epoch }) => epoch ?? 0))).toBeGreaterThanOrEqual(3);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
