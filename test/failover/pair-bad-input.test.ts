import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../support/daemon.js';
import { CausewayProcess, causeway } from './causeway-process.js';

let folder: string;
let processes: CausewayProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-pair-'));
  processes = [];
});
afterEach(async () => {
  for (const each of processes) await each.stop('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string, ...more: string[]) => [
  ...['--data', join(folder, name), '--set', 'admin.port=0', ...more],
];

describe('a pair is refused', { timeout: 60_000 }, () => {
  test('with two nodes of one name, before anything is made', async () => {
    const nodes = 'multiAz.nodes=[{ name: a, portOffset: 100 }, { name: a, portOffset: 200 }]';
    const { code, errors } = await causeway('up', '--multi-az', ...at('pair', '--set', nodes));
    expect(errors).toBe(
      'causeway: --set multiAz.nodes: multiAz.nodes[1].name: two nodes are called a\n',
    );
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('with the log of another cluster', async () => {
    const port = String(await freePort());
    const region = ['--set', `multiAz.region.port=${port}`, '--set', 'listeners=[]'];
    const data = ['--data', join(folder, 'pair', 'region')];
    const first = new CausewayProcess('region', ...data, ...region);
    processes.push(first);
    await first.start();
    await first.stop();
    const other = ['--set', 'multiAz.cluster=another', '--set', 'listeners=[]'];
    const alone = await causeway('region', ...data, ...region, ...other);
    expect(alone.errors).toMatch(/causeway: .*causeway.*another|causeway: .*another.*causeway/);
    expect(alone.code).toBe(2);
    const { code, errors } = await causeway('up', '--multi-az', ...at('pair', ...region, ...other));
    expect(errors).toContain('causeway: region cannot start: it ended with 2');
    expect(code).toBe(2);
  });

  test('with a second live node of one name: the first one goes on, the log says why', async () => {
    const port = String(await freePort());
    const region = new CausewayProcess(
      ...['region', '--data', join(folder, 'region'), '--set', 'listeners=[]'],
      ...['--set', `multiAz.region.port=${port}`],
    );
    const node = (data: string) =>
      new CausewayProcess(
        ...['start', ...at(data, '--set', 'listeners=[]', '--set', 'node.name=az-a')],
        ...['--set', `failover.region.port=${port}`],
      );
    const [first, second] = [node('first'), node('second')];
    processes.push(first, second, region);
    await region.start();
    await first.start();
    while (!first.log.includes('"active"')) await new Promise((done) => setTimeout(done, 20));
    await second.start();
    while (!/az-a/.test(refusalsIn(second.log))) await new Promise((done) => setTimeout(done, 20));
    expect(second.log).not.toContain('"active"');
    expect(first.log).not.toContain('deposed');
  });
});

/** What is worth a warning in a log. */
function refusalsIn(log: string): string {
  return log
    .split('\n')
    .filter((line) => /"level":"(warn|error)"/.test(line))
    .join('\n');
}
