import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { SILENT_LOG } from '@causeway/core';
import { type AppendResult, connectRegion, type RegionLog } from '@causeway/failover';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encodeDocument, encodeFrame } from '../../packages/failover/src/region/frame.js';
import { FRAME } from '../../packages/failover/src/region/frame-type.js';
import { CollectingReader } from './collecting-reader.js';
import { type RawFrame, RawRegionSocket } from './raw-region-socket.js';

/** A region that answers as badly as the test wants. */
let server: Server;
let peers: RawRegionSocket[];
let log: RegionLog;

beforeEach(async () => {
  peers = [];
  server = createServer((socket) => {
    const peer = new RawRegionSocket(socket);
    peers.push(peer);
    peer.send(encodeDocument(FRAME.welcome, 0, { clusterId: 'an id' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  log = connectRegion({
    host: '127.0.0.1',
    port,
    cluster: 'test',
    node: { name: 'a', instance: 'one' },
    log: SILENT_LOG,
    timeouts: { requestMs: 250, connectMs: 500, silenceMs: 400, retryMs: 10, retryMsMax: 20 },
  });
});

afterEach(async () => {
  await log.close();
  for (const peer of peers) peer.close();
  server.close();
});

/** The connection of now. */
async function peer(): Promise<RawRegionSocket> {
  await vi.waitUntil(() => log.connected);
  return peers.at(-1)!;
}

function append(expectedTail: number): { answers: AppendResult[]; done: Promise<AppendResult> } {
  const answers: AppendResult[] = [];
  const done = new Promise<AppendResult>((resolve) => {
    log.append(expectedTail, Buffer.from('record'), (result) => {
      answers.push(result);
      resolve(result);
    });
  });
  return { answers, done };
}

/** Keeps a connection alive that says nothing else. */
function pings(region: RawRegionSocket): void {
  const timer = setInterval(() => region.send(encodeFrame(FRAME.ping, 0)), 50);
  region.socket.once('close', () => clearInterval(timer));
}

async function appendFrame(region: RawRegionSocket): Promise<RawFrame> {
  return (await region.next(FRAME.append))!;
}

test('an answer that comes twice counts once', async () => {
  const region = await peer();
  const { answers, done } = append(0);
  const { request } = await appendFrame(region);
  region.send(encodeFrame(FRAME.appended, request), encodeFrame(FRAME.fenced, request, [9]));
  expect(await done).toEqual({ outcome: 'ok' });
  const tail = log.tail();
  region.send(encodeFrame(FRAME.numbers, (await region.next(FRAME.ends))!.request, [1, 1]));
  expect(await tail).toBe(1);
  expect(answers).toEqual([{ outcome: 'ok' }]);
});

test('an answer that comes late is unknown, once, and the log goes on', async () => {
  const region = await peer();
  pings(region);
  const { answers, done } = append(0);
  const { request } = await appendFrame(region);
  expect(await done).toMatchObject({ outcome: 'unknown', cause: { code: 'timed-out' } });
  region.send(encodeFrame(FRAME.appended, request));
  const next = append(1);
  const { request: later } = await appendFrame(region);
  region.send(encodeFrame(FRAME.appended, later));
  expect(await next.done).toEqual({ outcome: 'ok' });
  expect(answers).toHaveLength(1);
});

test('no answer at all: unknown, and the connection is given up when it is silent', async () => {
  await peer();
  const { done } = append(0);
  expect((await done).outcome).toBe('unknown');
  await vi.waitUntil(() => peers.length > 1);
  const region = await peer();
  const next = append(0);
  region.send(encodeFrame(FRAME.appended, (await appendFrame(region)).request));
  expect(await next.done).toEqual({ outcome: 'ok' });
});

test('answers that make no sense end the connection, and what was asked is unknown', async () => {
  const nonsense: ((request: number) => Buffer)[] = [
    (request) => encodeFrame(FRAME.chunk, request),
    (request) => encodeFrame(FRAME.fenced, request),
    () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    () => encodeFrame(FRAME.record, 1),
  ];
  for (const answer of nonsense) {
    const region = await peer();
    const { answers, done } = append(0);
    region.send(answer((await appendFrame(region)).request));
    expect((await done).outcome).toBe('unknown');
    await region.closed();
    await vi.waitUntil(() => !region.isClosed || peers.at(-1) !== region);
    expect(answers).toHaveLength(1);
  }
});

test('a request that failed is unknown with the reason of the region', async () => {
  const region = await peer();
  const { done } = append(0);
  const { request } = await appendFrame(region);
  const failure = { code: 'storage-failed', message: 'the disk is full' };
  region.send(encodeDocument(FRAME.failed, request, failure));
  expect(await done).toMatchObject({ outcome: 'unknown', cause: { code: 'storage-failed' } });
});

test('records of a former connection, or out of turn, are not delivered', async () => {
  const region = await peer();
  const reader = new CollectingReader(log, 5);
  const { request } = (await region.next(FRAME.read))!;
  const record = (sequence: number): Buffer => {
    return Buffer.concat([encodeFrame(FRAME.record, request, [sequence], 1), Buffer.from('x')]);
  };
  region.send(record(5), record(5), record(7), record(6), record(4));
  await reader.take(2);
  region.close();
  await vi.waitUntil(() => peers.length > 1);
  const next = await peer();
  const again = (await next.next(FRAME.read))!;
  expect([again.request, again.payload.readUIntBE(0, 6)]).toEqual([request, 7]);
  next.send(record(6), record(7));
  await reader.take(3);
  expect(reader.sequences).toEqual([5, 6, 7]);
});
