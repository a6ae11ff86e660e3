import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Daemon } from '../support/daemon.js';
import { RawMqtt } from '../support/raw-mqtt.js';
import { startTestServer } from '../support/test-server.js';

const SILENT = 10_000;
const HANDSHAKE_MS = 6000;
const RSS_MAX_MIB = 250;
/** Connections that are opened at a time: more than the backlog would be retried by the kernel. */
const AT_ONCE = 200;
const CALM_MS_MAX = 2000;

test(`${SILENT} connections that say nothing harm nobody, and are closed in time`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-silent-'));
  const daemon = new Daemon(
    ...['--data', folder],
    ...['--set', 'listeners=[{ protocol: mqtt, port: 0 }, { protocol: any, port: 0 }]'],
    ...['--set', 'admin.port=0', '--set', 'anonymous=true'],
    ...['--set', `limits.handshakeTimeoutMs=${HANDSHAKE_MS}`],
  );
  const sockets: Socket[] = [];
  try {
    const ready = await daemon.start();
    const [mqttPort, anyPort] = ['mqtt', 'any'].map((name) => portOf(ready, name)) as [
      number,
      number,
    ];
    const client = await RawMqtt.open(mqttPort);
    await client.login();
    await client.subscribe('a');
    let closed = 0;
    const startedMs = performance.now();
    while (sockets.length < SILENT) {
      const port = sockets.length % 2 === 0 ? mqttPort : anyPort;
      sockets.push(...(await openSilently(port, AT_ONCE, () => closed++)));
    }
    const openedMs = performance.now() - startedMs;
    expect(residentMib(daemon.pid)).toBeLessThan(RSS_MAX_MIB);
    while (closed < SILENT) {
      const beforeMs = performance.now();
      client.publish({ topic: 'a', payload: 'served' });
      await client.expect('publish', { payload: 'served' });
      expect(performance.now() - beforeMs, 'a client waits').toBeLessThan(CALM_MS_MAX);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const takenMs = performance.now() - startedMs;
      expect(takenMs, 'silence lasts').toBeLessThan(openedMs + HANDSHAKE_MS + 20_000);
    }
    await client.leave();
  } finally {
    for (const socket of sockets) socket.destroy();
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a login that comes a byte at a time has no more time than any other', async () => {
  const server = await startTestServer({ limits: { handshakeTimeoutMs: 10_000 } });
  try {
    const starts = [
      [server.mqttPort, '\x10\x7f\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x60abc'],
      [server.stompPort, 'CONNECT\naccept-version:1.2\nhost:h\n'],
      [server.amqpPort, 'AMQP\x03\x01\x00\x00\x00\x00\x00\x40'],
      [server.webSocketPort, 'GET /x HTTP/1.1\r\n'],
      [server.anyPort, 'STOMP\naccept-version:1.2\nhost:h\n'],
    ] as const;
    for (const [port, text] of starts) {
      let closed = false;
      const [socket] = await openSilently(port, 1, () => {
        closed = true;
      });
      // A second for each byte.
      for (const byte of Buffer.from(text.slice(0, 12), 'latin1')) {
        await new Promise<void>((resolve) => socket!.write(Buffer.of(byte), () => resolve()));
        server.skip(1000);
      }
      await until(() => closed);
    }
  } finally {
    await server.close();
  }
});

test('a client that vanishes without a word is given up after its keep-alive', async () => {
  const server = await startTestServer();
  try {
    const witness = await RawMqtt.open(server.mqttPort);
    await witness.login({ clientId: 'witness' });
    await witness.subscribe('will');
    const client = await RawMqtt.open(server.mqttPort);
    // The connection stays open, and nobody is at its other end.
    await client.login({
      clientId: 'gone',
      keepAlive: 10,
      will: { topic: 'will', payload: 'gone' },
    });
    server.skip(14_000);
    await witness.expectSilence();
    server.skip(2000);
    await witness.expect('publish', { payload: 'gone' });
    await client.expectDisconnect(0x8d);
    await witness.leave();
  } finally {
    await server.close();
  }
});

function portOf(ready: string, name: string): number {
  return Number(new RegExp(` ${name}=[^ :]*:(\\d+)`).exec(ready)![1]);
}

async function openSilently(
  port: number,
  count: number,
  whenClosed: () => void,
): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve);
          socket.once('error', reject);
          socket.on('error', () => {});
          socket.once('close', whenClosed);
          socket.resume();
        }),
    ),
  );
  return sockets;
}

function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1024;
}

async function until(done: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!done()) {
    if (performance.now() > deadline) throw new Error('the connection stays open');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
