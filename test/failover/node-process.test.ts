import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { SILENT_LOG } from '@causeway/core';
import { CONTROL_SOCKET, loadConfig, startBroker } from '@causeway/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NodeProcess } from '../../packages/server/src/node-process.js';
import { temporaryFolder } from '../journal/store-fixture.js';
import { CLUSTER, RegionFixture } from './region-fixture.js';

const LOG = { ...SILENT_LOG, flush() {} };
const PATIENCE = { timeout: 30_000, interval: 50 };
const LISTENERS =
  'listeners=[{ protocol: mqtt, port: 0 }, { protocol: stomp, port: 0 }, { protocol: amqp, port: 0 }]';

const MQTT_CONNECT = Buffer.from('100e00044d5154540502003c00000161', 'hex');
const STOMP_CONNECT = 'CONNECT\naccept-version:1.2\nhost:x\n\n\0';
const AMQP_OPEN = Buffer.from('414d5150000100000000001102000000005310c00401a10163', 'hex');

const regions = new RegionFixture();
const folders: string[] = [];
let nodes: NodeProcess[] = [];

async function configOf(name: string, folder: string) {
  const { config } = await loadConfig({
    sets: [
      `node.data=${folder}`,
      `node.name=${name}`,
      'admin.port=0',
      'anonymous=true',
      LISTENERS,
      `failover={ cluster: ${CLUSTER}, region: { port: ${regions.region.port} } }`,
    ],
  });
  return config;
}

async function startNode(name: string, folder = temporaryFolder()): Promise<NodeProcess> {
  folders.push(folder);
  const config = await configOf(name, folder);
  const onFatal = (error: Error) => {
    throw error;
  };
  const node = new NodeProcess({ config, failover: config.failover!, log: LOG, onFatal });
  nodes.push(node);
  await node.start();
  return node;
}

function addressOf(node: NodeProcess, name: string): string {
  return node.addresses.find((address) => address.name === name)!.address;
}

async function readiness(node: NodeProcess): Promise<{ role: string; leader: string | null }> {
  const response = await fetch(`${addressOf(node, 'admin')}/readyz`);
  return (await response.json()) as { role: string; leader: string | null };
}

/** Sends bytes, and collects what comes until the other side ends or has said enough. */
function converse(address: string, bytes: Buffer | string, until: string): Promise<string> {
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), host, () => socket.write(bytes));
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      answer += text;
      if (answer.includes(until)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

function control(folder: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socketPath = join(folder, CONTROL_SOCKET);
    const asked = request({ socketPath, path, method: 'POST' }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    asked.on('error', reject).end();
  });
}

beforeAll(() => regions.start());
afterAll(async () => {
  for (const node of nodes) await node.abandon();
  await regions.dispose();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('two nodes of a log', () => {
  let first: NodeProcess;
  let second: NodeProcess;

  test('one serves, and the other follows it', async () => {
    first = await startNode('first');
    await expect.poll(() => readiness(first), PATIENCE).toMatchObject({ role: 'active' });
    second = await startNode('second');
    await expect
      .poll(() => readiness(second), PATIENCE)
      .toMatchObject({ role: 'standby', leader: 'first' });
  });

  test('the one that follows tells clients where they are served', async () => {
    const mqtt = await converse(addressOf(second, 'mqtt'), MQTT_CONNECT, '\0\0\0\0');
    expect(mqtt).toContain(addressOf(first, 'mqtt'));
    const stomp = await converse(addressOf(second, 'stomp'), STOMP_CONNECT, '\0\0');
    expect(stomp).toContain('ERROR');
    expect(stomp).toContain(addressOf(first, 'stomp'));
    const amqp = await converse(addressOf(second, 'amqp'), AMQP_OPEN, '\0\0\0\0\0\0');
    expect(amqp).toContain('amqp:connection:redirect');
  });

  test('hand over when they are asked', async () => {
    expect(await control(folders[1]!, '/hand-over')).toBeGreaterThanOrEqual(400);
    expect(await control(folders[0]!, '/hand-over')).toBeLessThan(300);
    await expect.poll(() => readiness(second), PATIENCE).toMatchObject({ role: 'active' });
    await expect
      .poll(() => readiness(first), PATIENCE)
      .toMatchObject({ role: 'standby', leader: 'second' });
    const answer = await converse(addressOf(second, 'stomp'), STOMP_CONNECT, '\0');
    expect(answer).toContain('CONNECTED');
  });

  test('take over from one that is gone', async () => {
    await second.abandon();
    nodes = nodes.filter((node) => node !== second);
    await expect.poll(() => readiness(first), PATIENCE).toMatchObject({ role: 'active' });
    const answer = await converse(addressOf(first, 'stomp'), STOMP_CONNECT, '\0');
    expect(answer).toContain('CONNECTED');
  });
});

test('the folder of a broker that stands alone is refused', async () => {
  const folder = temporaryFolder();
  const { config } = await loadConfig({
    sets: [`node.data=${folder}`, 'admin.port=0', LISTENERS],
  });
  const single = await startBroker({ config, log: LOG, onFatal: () => {} });
  await single.stop();
  await expect(startNode('third', folder)).rejects.toMatchObject({ code: 'config-invalid' });
  nodes.pop();
});
