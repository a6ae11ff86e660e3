import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerError, SILENT_LOG } from '@causeway/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ControlServer, serveControl } from './serve-control.js';

let folder: string;
let path: string;
let server: ControlServer;
const asked: unknown[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-control-'));
  asked.length = 0;
  path = join(folder, 'control.sock');
  server = await serveControl(
    path,
    () => ({ role: 'active' }),
    {
      promote: (body) => {
        asked.push(body);
      },
      fail: () => Promise.reject(new BrokerError('not-active', 'this node does not lead')),
    },
    SILENT_LOG,
  );
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function call(method: string, route: string, body = ''): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === '' ? {} : { 'content-type': 'application/json' };
    const outgoing = request({ socketPath: path, method, path: route, headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on('end', () => resolve({ status: answer.statusCode!, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

test('tells its status', async () => {
  expect(await call('GET', '/status')).toEqual({ status: 200, text: '{"role":"active"}' });
});

test('does what it is asked to', async () => {
  expect(await call('POST', '/promote', '{"node":"b"}')).toMatchObject({ status: 200 });
  expect(await call('POST', '/promote')).toMatchObject({ status: 200 });
  expect(asked).toEqual([{ node: 'b' }, {}]);
});

test('says why it does not', async () => {
  const answer = { status: 409, text: '{"error":"this node does not lead"}' };
  expect(await call('POST', '/fail')).toEqual(answer);
  expect(await call('POST', '/nothing')).toMatchObject({ status: 404 });
  expect(await call('POST', '/promote', '{')).toMatchObject({ status: 400 });
});

test('is for the owner of the folder only', () => {
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('takes the place of a socket that was left over', async () => {
  await server.close();
  writeFileSync(path, '');
  server = await serveControl(path, () => ({}), {}, SILENT_LOG);
  expect((await call('GET', '/status')).status).toBe(200);
});

test('does not take the place of a process that lives', async () => {
  const second = serveControl(path, () => ({}), {}, SILENT_LOG);
  await expect(second).rejects.toMatchObject({ code: 'storage-locked' });
});

test('refuses a path that the system would cut off', async () => {
  const long = join(folder, 'x'.repeat(120), 'control.sock');
  const start = serveControl(long, () => ({}), {}, SILENT_LOG);
  await expect(start).rejects.toThrow(/use a data folder with a shorter name/);
});
