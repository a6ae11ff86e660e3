import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Edge } from './edge.js';
import { FaultProxy } from './fault-proxy.js';
import { parseToxics } from './toxic.js';

let target: Server;
/** The target's sides of the connections, in their order. */
let accepted: Socket[];
let proxy: FaultProxy;
let edge: Edge;
let clients: Socket[];

beforeEach(async () => {
  accepted = [];
  clients = [];
  target = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket.on('error', () => {}));
    target.emit('taken');
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  proxy = new FaultProxy({
    host: '127.0.0.1',
    port: 0,
    target: { host: '127.0.0.1', port: (target.address() as AddressInfo).port },
    seed: 1,
  });
  edge = new Edge('a~b', [proxy]);
  await edge.start();
});

afterEach(async () => {
  await edge.close();
  for (const socket of [...clients, ...accepted]) socket.destroy();
  target.close();
});

function dial(): Socket {
  const client = connect({ ...proxy.address, allowHalfOpen: true }).on('error', () => {});
  clients.push(client);
  return client;
}

/** A connection through the proxy: both of its ends. */
async function open(): Promise<{ client: Socket; server: Socket }> {
  const taken = once(target, 'taken');
  const client = dial();
  await taken;
  return { client, server: accepted.at(-1)! };
}

async function toxic(type: string, more: object = {}): Promise<void> {
  await edge.add(parseToxics({ type, ...more }));
}

async function text(socket: Socket): Promise<string> {
  const [chunk] = await once(socket, 'data');
  return String(chunk);
}

async function failure(socket: Socket): Promise<string> {
  const [error] = await once(socket, 'error');
  return (error as NodeJS.ErrnoException).code!;
}

describe('a proxy', () => {
  test('passes on bytes and ends, each direction for itself', async () => {
    const { client, server } = await open();
    client.end('hello');
    expect(await text(server)).toBe('hello');
    await once(server, 'end');
    server.end('there');
    expect(await text(client)).toBe('there');
    await once(client, 'close');
    expect(proxy.links).toBe(0);
  });

  test('passes on a reset', async () => {
    const { client, server } = await open();
    const failed = failure(server);
    client.resetAndDestroy();
    expect(await failed).toBe('ECONNRESET');
  });

  test('resets whom it cannot connect', async () => {
    target.close();
    const client = dial();
    expect(await failure(client)).toBe('ECONNRESET');
  });

  test('holds back a source whose sink does not read', async () => {
    const { client, server } = await open();
    server.pause();
    const chunk = Buffer.alloc(64 * 1024, 1);
    let sent = 0;
    // Until nothing more is taken: the system's buffers on the way, and the proxy's, are full.
    while (client.writableLength < 8 * 1024 * 1024) {
      client.write(chunk);
      sent += chunk.length;
    }
    client.end();
    let received = 0;
    server.on('data', (bytes: Buffer) => {
      received += bytes.length;
    });
    server.resume();
    await once(server, 'end');
    expect(received).toBe(sent);
  });

  test('that is down refuses connections and resets those it has, until it is up', async () => {
    const { client, server } = await open();
    const failed = Promise.all([failure(client), failure(server)]);
    await toxic('down');
    expect(await failed).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(await failure(dial())).toBe('ECONNREFUSED');
    await edge.clear();
    const again = await open();
    again.client.write('again');
    expect(await text(again.server)).toBe('again');
  });

  test('with latency is late in one direction only', async () => {
    const { client, server } = await open();
    await toxic('latency', { direction: 'downstream', attributes: { latency: 80 } });
    const startMs = performance.now();
    client.write('ping');
    expect(await text(server)).toBe('ping');
    server.write('pong');
    expect(await text(client)).toBe('pong');
    expect(performance.now() - startMs).toBeGreaterThan(75);
  });

  test('cut in one direction still has the other, and resets the connection when it is healed', async () => {
    const { client, server } = await open();
    await toxic('half_open', { direction: 'upstream' });
    client.write('lost');
    server.write('heard');
    expect(await text(client)).toBe('heard');
    const failed = Promise.all([failure(client), failure(server)]);
    await edge.clear();
    expect(await failed).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(server.bytesRead).toBe(0);
  });

  test('half open tells neither side that the other is gone', async () => {
    const { client, server } = await open();
    await toxic('half_open');
    client.resetAndDestroy();
    await once(client, 'close');
    // Whoever connects now is not heard of either.
    const late = dial();
    await once(late, 'connect');
    late.write('hello?');
    expect(server.destroyed).toBe(false);
    expect(accepted).toHaveLength(1);
    const failed = Promise.all([failure(server), failure(late)]);
    await edge.clear();
    expect(await failed).toEqual(['ECONNRESET', 'ECONNRESET']);
  });

  test('with a timeout swallows everything, then closes', async () => {
    const { client, server } = await open();
    const closed = Promise.all([once(client, 'end'), once(server, 'end')]);
    client.resume();
    server.resume();
    await toxic('timeout', { attributes: { timeout: 30 } });
    client.write('lost');
    await closed;
    expect(server.bytesRead).toBe(0);
  });

  test('resets peers after a time, new ones, too', async () => {
    const { client } = await open();
    const failed = failure(client);
    await toxic('reset_peer', { attributes: { timeout: 20 } });
    expect(await failed).toBe('ECONNRESET');
    expect(await failure((await open()).client)).toBe('ECONNRESET');
  });

  test('with limited data closes after it', async () => {
    await toxic('limit_data', { direction: 'upstream', attributes: { bytes: 3 } });
    const { client, server } = await open();
    client.write('abcdef');
    expect(await text(server)).toBe('abc');
    client.resume();
    await once(client, 'end');
  });

  test('slices, and narrows', async () => {
    await toxic('slicer', {
      direction: 'upstream',
      attributes: { average_size: 100, delay: 10_000 },
    });
    await toxic('bandwidth', { direction: 'downstream', attributes: { rate: 100 } });
    const { client, server } = await open();
    let pieces = 0;
    server.on('data', () => pieces++);
    client.end(Buffer.alloc(1000));
    await once(server, 'end');
    expect(pieces).toBeGreaterThan(3);
    const startMs = performance.now();
    server.end(Buffer.alloc(10 * 1024));
    client.resume();
    await once(client, 'end');
    expect(performance.now() - startMs).toBeGreaterThan(70);
  });
});

test('an edge has a toxic of a type and direction once', async () => {
  await toxic('latency', { attributes: { latency: 5 } });
  await toxic('latency', { direction: 'upstream', attributes: { latency: 7 } });
  expect(edge.toxics.map(({ direction, attributes }) => [direction, attributes.latency])).toEqual([
    ['downstream', 5],
    ['upstream', 7],
  ]);
  await edge.clear();
  expect(edge.toxics).toEqual([]);
});
