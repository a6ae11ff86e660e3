import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, SILENT_LOG } from '@causeway/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Edge } from '../proxy/edge.js';
import { FaultProxy } from '../proxy/fault-proxy.js';
import { findFreePort } from './free-port.js';
import { PartError, type PartKind, type PartSpec, type PartStatus } from './part.js';
import { Supervisor } from './supervisor.js';

/** A part that says what becomes of it, in a file: `NAME JOURNAL [EXIT-CODE]`. */
const STUB = `
import { appendFileSync } from 'node:fs';
const [, , name, journal, code] = process.argv;
const note = (what) => appendFileSync(journal, name + ' ' + what + '\\n');
note('starts');
console.error('hello from ' + process.pid);
if (code !== undefined) process.exit(Number(code));
process.on('SIGTERM', () => { note('stops'); process.exit(0); });
process.on('disconnect', () => process.exit(1));
console.log('ready mqtt=127.0.0.1:1 admin=http://127.0.0.1:2');
setInterval(() => {}, 1000);
`;

let folder: string;
let lines: string[];
let supervisor: Supervisor | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-supervisor-'));
  writeFileSync(join(folder, 'stub.mjs'), STUB);
  writeFileSync(join(folder, 'journal'), '');
  lines = [];
  supervisor = null;
});

afterEach(async () => {
  await supervisor?.stop();
  rmSync(folder, { recursive: true });
});

const note = (event: string, fields: object = {}) =>
  void lines.push([event, ...Object.values(fields)].join(' '));
const LOG: Log = { ...SILENT_LOG, info: note, warn: note, error: note };

function part(name: string, kind: PartKind, ...more: string[]): PartSpec {
  const command = join(folder, 'stub.mjs');
  const control = join(folder, name, 'control.sock');
  return { name, kind, control, command, arguments: [name, join(folder, 'journal'), ...more] };
}

function create(parts: readonly PartSpec[], edges: readonly Edge[] = []): Supervisor {
  const socket = join(folder, 'supervisor.sock');
  const options = { parts, edges, socket, log: LOG, writeLine: (line: string) => lines.push(line) };
  supervisor = new Supervisor(options);
  return supervisor;
}

const PAIR = () => [
  part('front', 'front'),
  part('az-a', 'node'),
  part('az-b', 'node'),
  part('region', 'region'),
];

async function ask(method: string, path: string, body?: object): Promise<[number, unknown]> {
  const socketPath = join(folder, 'supervisor.sock');
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const asked = request({ socketPath, method, path, headers });
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return [response.statusCode, JSON.parse(text)];
}

const journal = () => readFileSync(join(folder, 'journal'), 'utf8').trim().split('\n');

/** Waits until a part is as it should be. */
async function until(name: string, wanted: (status: PartStatus) => boolean): Promise<PartStatus> {
  for (;;) {
    const { status } = supervisor!.part(name);
    if (wanted(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a supervisor', { timeout: 30_000 }, () => {
  test('starts the log first, and stops it last', async () => {
    const { parts } = await started(create(PAIR()));
    expect(journal()[0]).toBe('region starts');
    expect(parts.map(({ name, state, restarts }) => [name, state, restarts])).toEqual([
      ['front', 'ready', 0],
      ['az-a', 'ready', 0],
      ['az-b', 'ready', 0],
      ['region', 'ready', 0],
    ]);
    expect(parts[1]!.endpoints).toEqual([
      { name: 'mqtt', address: '127.0.0.1:1' },
      { name: 'admin', address: 'http://127.0.0.1:2' },
    ]);
    expect(lines).toContain(`az-a | hello from ${parts[1]!.pid}`);
    await supervisor!.stop();
    const stops = journal().filter((line) => line.endsWith('stops'));
    expect([stops[0], stops[3]]).toEqual(['front stops', 'region stops']);
  });

  test('starts a part again that dies, unless it is held', async () => {
    await started(create(PAIR()));
    const { pid } = supervisor!.part('az-a').status;
    expect(await ask('POST', '/parts/az-a/signal', { signal: 'SIGKILL' })).toMatchObject([200, {}]);
    const again = await until('az-a', ({ restarts, state }) => restarts === 1 && state === 'ready');
    expect(again).toMatchObject({ lastExit: 'SIGKILL', held: false });
    expect(again.pid).not.toBe(pid);
    await ask('POST', '/parts/az-a/hold');
    await ask('POST', '/parts/az-a/signal', { signal: 'SIGKILL' });
    expect(await until('az-a', ({ state }) => state === 'stopped')).toMatchObject({ held: true });
    expect(await ask('POST', '/parts/az-a/signal', { signal: 'SIGKILL' })).toEqual([
      409,
      { error: 'az-a does not run' },
    ]);
    await ask('POST', '/parts/az-a/release');
    await until('az-a', ({ state }) => state === 'ready');
    const [, restarted] = await ask('POST', '/parts/az-b/restart');
    expect(restarted).toMatchObject({ name: 'az-b', restarts: 1, lastExit: 0, held: false });
  });

  test('stops a part, too, that is frozen', async () => {
    await started(create([part('az-a', 'node')]));
    await ask('POST', '/parts/az-a/signal', { signal: 'SIGSTOP' });
    await supervisor!.stop();
    expect(journal()).toEqual(['az-a starts', 'az-a stops']);
  });

  test('gives up when a part says that it cannot start', async () => {
    const error = await create([part('az-a', 'node', '3')])
      .start()
      .catch((caught) => caught);
    expect(error).toBeInstanceOf(PartError);
    expect(error.exitCode).toBe(3);
    expect(error.message).toContain('az-a cannot start');
  });

  test('breaks edges, and heals them', async () => {
    const target = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
    await once(target, 'listening');
    const port = await findFreePort('127.0.0.1', new Set());
    const address = target.address() as { port: number };
    const to = { host: '127.0.0.1', port: address.port };
    const proxy = new FaultProxy({ host: '127.0.0.1', port, target: to, seed: 1 });
    await started(create([], [new Edge('az-a~region', [proxy])]));
    const latency = { type: 'latency', direction: 'upstream', attributes: { latency: 10 } };
    const [, edge] = await ask('POST', '/proxies/az-a~region/toxics', latency);
    expect(edge).toMatchObject({
      name: 'az-a~region',
      toxics: [{ type: 'latency', direction: 'upstream', attributes: { latency: 10, jitter: 0 } }],
      proxies: [{ address: { host: '127.0.0.1', port }, target: to }],
    });
    expect(await ask('GET', '/proxies')).toMatchObject([200, [{ name: 'az-a~region' }]]);
    expect(await ask('DELETE', '/proxies/az-a~region/toxics')).toMatchObject([200, { toxics: [] }]);
    target.close();
  });

  test.each<[string, string, object | undefined, number, RegExp]>([
    ['POST', '/parts/az-z/hold', undefined, 404, /no part az-z: there are front, az-a/],
    ['POST', '/parts/az-a/signal', { signal: 'SIGNOT' }, 400, /name of a signal/],
    ['POST', '/parts/az-a/signal', undefined, 400, /name of a signal/],
    ['POST', '/proxies/a~b/toxics', { type: 'down' }, 404, /no edge a~b/],
    ['GET', '/nonsense', undefined, 404, /not found/],
  ])('answers %s %s %j with %i', async (method, path, body, status, message) => {
    await started(create(PAIR()));
    const [code, answer] = await ask(method, path, body);
    expect(code).toBe(status);
    expect((answer as { error: string }).error).toMatch(message);
  });

  test('is alone in its folder', async () => {
    await started(create([]));
    const first = supervisor!;
    await expect(create([]).start()).rejects.toThrow(/another process listens on/);
    await first.stop();
  });
});

async function started(created: Supervisor): Promise<Supervisor> {
  await created.start();
  return created;
}
