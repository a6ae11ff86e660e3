import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

// The command as it is installed: it runs the build, which `npm run check` has just made.
const COMMAND = fileURLToPath(new URL('../bin/causeway.js', import.meta.url));
const BUILT = existsSync(fileURLToPath(new URL('../dist/main.js', import.meta.url)));

/** Runs the command to its end; on SIGTERM once it is ready. */
function execute(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      if (output.includes('ready admin=')) child.kill('SIGTERM');
    });
  }
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, output }));
  });
}

describe.skipIf(!BUILT)('the causeway command', { timeout: 30_000 }, () => {
  test('starts, says so in one line, and ends with 0 on SIGTERM', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-cli-'));
    const sets = ['--set', 'listeners=[]', '--set', 'admin.port=0', '--set', 'log.level=error'];
    const { code, output } = await execute('start', '--data', folder, ...sets);
    expect(output).toMatch(/^ready admin=http:\/\/127\.0\.0\.1:\d+\n$/);
    expect(code).toBe(0);
    rmSync(folder, { recursive: true });
  });

  test('ends with 2 when the configuration is wrong', async () => {
    const { code, output } = await execute('start', '--set', 'admin.prot=1');
    expect(output).toBe(
      'causeway: --set admin.prot: there is no such key (did you mean admin.port?)\n',
    );
    expect(code).toBe(2);
  });
});
