import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Log, SILENT_LOG } from '@causeway/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Front, type FrontOptions } from './front.js';

/** A node as the front sees it: it says whether it serves, and answers with its name. */
class FakeNode {
  readonly name: string;
  said: object = { ready: false, role: 'standby' };
  silent = false;
  readonly sockets = new Set<Socket>();
  readonly #admin: HttpServer;
  readonly #listener: Server;

  constructor(name: string) {
    this.name = name;
    this.#admin = createHttpServer((_request, response) => {
      if (this.silent) return;
      response.statusCode = 'ready' in this.said && this.said.ready === true ? 200 : 503;
      response.end(JSON.stringify(this.said));
    });
    this.#listener = createServer((socket) => {
      this.sockets.add(socket.on('error', () => {}));
      socket.write(name);
      socket.on('data', (chunk) => socket.write(chunk));
    });
  }

  async start(): Promise<void> {
    this.#admin.listen(0, '127.0.0.1');
    this.#listener.listen(0, '127.0.0.1');
    await Promise.all([once(this.#admin, 'listening'), once(this.#listener, 'listening')]);
  }

  serve(epoch: number): void {
    this.said = { ready: true, role: 'active', name: this.name, epoch };
  }

  get target(): FrontOptions['nodes'][number] {
    const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
    return {
      name: this.name,
      admin: { host: '127.0.0.1', port: port(this.#admin), secure: false },
      endpoints: [{ host: '127.0.0.1', port: port(this.#listener) }],
    };
  }

  stop(): void {
    this.#admin.close();
    this.#admin.closeAllConnections();
    this.#listener.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

let a: FakeNode;
let b: FakeNode;
let front: Front | null;
let lines: string[];
let port: number;
let clients: Socket[];

beforeEach(async () => {
  front = null;
  lines = [];
  clients = [];
  a = new FakeNode('az-a');
  b = new FakeNode('az-b');
  await Promise.all([a.start(), b.start()]);
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  await front?.close();
  a.stop();
  b.stop();
});

const note = (event: string, fields: object = {}) =>
  lines.push([event, ...Object.values(fields)].join(' '));
const LOG: Log = { ...SILENT_LOG, info: note, warn: note, error: note };

async function start(more: Partial<FrontOptions> = {}): Promise<void> {
  front = new Front({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    nodes: [a.target, b.target],
    waitMs: 5000,
    probeMs: 10,
    connectionsMax: 100,
    admitPerSecond: 10_000,
    proxyHeader: null,
    log: LOG,
    ...more,
  });
  port = (await front.start())[0]!.port;
}

function dial(): Socket {
  const client = connect(port, '127.0.0.1').on('error', () => {});
  clients.push(client);
  return client;
}

/** Waits until this, and nothing else, has come since the last time. */
async function comes(socket: Socket, expected: string): Promise<void> {
  let text = '';
  while (text !== expected) {
    const chunk: Buffer | null = socket.read(expected.length - text.length) ?? socket.read();
    if (chunk === null) await once(socket, 'readable');
    else text += String(chunk);
    expect(expected.startsWith(text), `${text} instead of ${expected}`).toBe(true);
  }
}

async function failure(socket: Socket): Promise<string> {
  const [error] = await once(socket, 'error');
  return (error as NodeJS.ErrnoException).code!;
}

/** Waits until the log says so. */
async function logged(line: string): Promise<void> {
  while (!lines.includes(line)) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a front', () => {
  test('passes connections on to the node that serves, both ways', async () => {
    b.serve(3);
    await start();
    const client = dial();
    await comes(client, 'az-b');
    client.write('hello');
    await comes(client, 'hello');
    expect(front!.status).toMatchObject({
      active: 'az-b',
      connections: 1,
      nodes: [
        { name: 'az-a', answer: 'not-ready', role: 'standby' },
        { name: 'az-b', answer: 'ready', epoch: 3 },
      ],
    });
    const closed = once([...b.sockets][0]!, 'end');
    client.end();
    await closed;
  });

  test('holds a connection until a node serves', async () => {
    await start();
    const early = dial();
    early.write('early');
    await once(early, 'connect');
    expect(lines).toContain('no node serves az-a: not-ready, standby; az-b: not-ready, standby');
    a.serve(1);
    await comes(early, 'az-a');
    await comes(early, 'early');
  });

  test('gives up on a connection when no node serves in time', async () => {
    await start({ waitMs: 50 });
    expect(await failure(dial())).toBe('ECONNRESET');
    await logged('connections refused 1 no node serves');
  });

  test('resets the connections of a node that says that it does not serve any more', async () => {
    a.serve(1);
    await start();
    const client = dial();
    await comes(client, 'az-a');
    const failed = failure(client);
    a.said = { ready: false, role: 'fenced' };
    expect(await failed).toBe('ECONNRESET');
    b.serve(2);
    await comes(dial(), 'az-b');
  });

  test('believes the higher epoch when two say that they serve, and never an older one', async () => {
    a.serve(1);
    await start();
    const client = dial();
    await comes(client, 'az-a');
    const failed = failure(client);
    b.serve(2);
    expect(await failed).toBe('ECONNRESET');
    await comes(dial(), 'az-b');
    await logged('node is behind az-a 1 2');
    b.said = { ready: false, role: 'standby' };
    await logged('no node serves az-a: behind, active; az-b: not-ready, standby');
  });

  test('keeps the connections of a silent node until another one serves', async () => {
    a.serve(1);
    await start();
    const client = dial();
    await comes(client, 'az-a');
    a.silent = true;
    await logged('node az-a silent unknown 1');
    client.write('still there');
    await comes(client, 'still there');
    const failed = failure(client);
    b.serve(2);
    expect(await failed).toBe('ECONNRESET');
  });

  test('takes no other node for the one that was meant', async () => {
    a.serve(1);
    a.said = { ...a.said, name: 'az-z' };
    await start({ waitMs: 20 });
    expect(lines).toContain('node has another name az-a az-z');
    expect(await failure(dial())).toBe('ECONNRESET');
  });

  test('tries again when the node cannot be connected', async () => {
    a.serve(1);
    const refusing = createServer();
    refusing.listen(0, '127.0.0.1');
    await once(refusing, 'listening');
    const address = refusing.address() as AddressInfo;
    refusing.close();
    await once(refusing, 'close');
    const endpoints = [{ host: '127.0.0.1', port: address.port }];
    await start({ nodes: [{ ...a.target, endpoints }, b.target] });
    const client = dial();
    await once(client, 'connect');
    const late = createServer((socket) => socket.on('error', () => {}).end('late')).listen(
      address.port,
      '127.0.0.1',
    );
    await comes(client, 'late');
    late.close();
  });

  test('has no more connections than it may', async () => {
    a.serve(1);
    await start({ connectionsMax: 1 });
    await comes(dial(), 'az-a');
    expect(await failure(dial())).toBe('ECONNRESET');
    await logged('connections refused 1 too many connections');
  });

  test('says where clients are from when it is told to', async () => {
    a.serve(1);
    await start({ proxyHeader: 'v1' });
    const client = dial();
    await comes(client, 'az-a');
    await comes(client, `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.localPort} ${port}\r\n`);
  });

  test('says when an address cannot be bound', async () => {
    await start();
    const other = new Front({
      listeners: [{ host: '127.0.0.1', port }],
      nodes: [],
      waitMs: 1,
      probeMs: 10,
      connectionsMax: 1,
      admitPerSecond: 1,
      proxyHeader: null,
      log: LOG,
    });
    await expect(other.start()).rejects.toThrow(/cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
  });
});
