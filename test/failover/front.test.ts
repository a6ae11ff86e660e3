import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@causeway/core';
import { Front } from '@causeway/failover';
import { loadConfig, type RunningBroker, startBroker } from '@causeway/server';
import mqtt from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
let broker: RunningBroker | null;
let front: Front | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-front-'));
  broker = null;
  front = null;
});

afterEach(async () => {
  await front?.close();
  await broker?.stop();
  rmSync(folder, { recursive: true });
});

test.each(['v1', 'v2'] as const)('a broker takes the header %s of the front', async (version) => {
  const listeners = [{ protocol: 'mqtt', port: 0, proxyProtocol: true }];
  const { config } = await loadConfig({
    sets: [`node.data=${folder}`, 'admin.port=0', `listeners=${JSON.stringify(listeners)}`],
  });
  const refused: unknown[] = [];
  const log = {
    ...SILENT_LOG,
    audit: (_event: string, fields: object = {}) => refused.push(fields),
    flush() {},
  };
  broker = await startBroker({ config, log, onFatal: (error) => expect.fail(error.message) });
  const portOf = (name: string) =>
    Number(
      broker!.addresses
        .find((each) => each.name === name)!
        .address.split(':')
        .at(-1),
    );
  front = new Front({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    nodes: [
      {
        name: 'causeway',
        admin: { host: '127.0.0.1', port: portOf('admin'), secure: false },
        endpoints: [{ host: '127.0.0.1', port: portOf('mqtt') }],
      },
    ],
    waitMs: 5000,
    probeMs: 20,
    connectionsMax: 10,
    admitPerSecond: 100,
    proxyHeader: version,
    log: SILENT_LOG,
  });
  const [bound] = await front.start();
  const client = mqtt.connect({
    host: '127.0.0.1',
    port: bound!.port,
    ...{ username: 'admin', password: 'wrong', reconnectPeriod: 0 },
  });
  let localPort = 0;
  client.once('connect', () => expect.fail('it was let in'));
  const socket = client.stream as unknown as Socket;
  socket.once('connect', () => {
    localPort = socket.localPort!;
  });
  await new Promise((resolve) => client.once('error', resolve));
  client.end();
  // The broker names the client by its own address, and not by the front's.
  expect(JSON.stringify(refused)).toContain(`127.0.0.1:${localPort}`);
});
