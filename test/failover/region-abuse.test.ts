import type { Log } from '@causeway/core';
import { SILENT_LOG } from '@causeway/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  encodeDocument,
  encodeFrame,
  HEADER_BYTES,
} from '../../packages/failover/src/region/frame.js';
import { FRAME } from '../../packages/failover/src/region/frame-type.js';
import { RawRegionSocket } from './raw-region-socket.js';
import { CLUSTER, RegionFixture } from './region-fixture.js';

let fixture: RegionFixture;
let reasons: unknown[];
let sockets: RawRegionSocket[];

beforeEach(() => {
  fixture = new RegionFixture();
  reasons = [];
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.close();
  await fixture.dispose();
});

const log: Log = {
  ...SILENT_LOG,
  info: (_, fields) => reasons.push(fields?.reason),
  warn: (_, fields) => reasons.push(fields?.reason),
};

async function open(): Promise<RawRegionSocket> {
  const socket = await RawRegionSocket.open(fixture.region.port);
  sockets.push(socket);
  return socket;
}

const HELLO = { cluster: CLUSTER, clusterId: null, name: 'raw', instance: 'one' };

async function login(): Promise<RawRegionSocket> {
  const socket = await open();
  socket.send(encodeDocument(FRAME.hello, 0, HELLO));
  expect(await socket.next(FRAME.welcome)).not.toBeNull();
  return socket;
}

/** A header that promises more than is sent. */
function promise(type: number, bytes: number): Buffer {
  const frame = encodeFrame(type, 1);
  frame.writeUInt32BE(bytes, 4);
  return frame;
}

async function expectRefusal(send: Buffer, reason: RegExp): Promise<void> {
  const socket = await open();
  socket.send(send);
  const refused = await socket.next(FRAME.refused);
  expect(refused!.payload.toString()).toMatch(reason);
  await socket.closed();
}

test('what is no hello is refused with a reason, and closed', async () => {
  await fixture.start({ log });
  await expectRefusal(
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    /does not begin as a frame/,
  );
  await expectRefusal(encodeFrame(FRAME.append, 1, [0]), /hello was expected/);
  await expectRefusal(promise(FRAME.hello, 2 ** 31), /are allowed/);
  await expectRefusal(encodeDocument(FRAME.hello, 0, 'text'), /no object in JSON/);
  await expectRefusal(encodeDocument(FRAME.hello, 0, { ...HELLO, name: 7 }), /field name/);
  await expectRefusal(encodeDocument(FRAME.hello, 0, { ...HELLO, cluster: 'x' }), /not x/);
  const newer = encodeDocument(FRAME.hello, 0, HELLO);
  newer[2] = 9;
  await expectRefusal(newer, /version 9/);
});

test('a malformed frame closes its connection only, with a reason in the log', async () => {
  await fixture.start({ log });
  const healthy = fixture.connect();
  await healthy.tail();
  const wrong: readonly [Buffer, RegExp][] = [
    [promise(FRAME.append, 2 ** 32 - 1), /are allowed/],
    [encodeFrame(FRAME.append, 1, [0]), /an append has 6 bytes/],
    [encodeFrame(99, 1), /type 99/],
    [encodeFrame(FRAME.read, 1, [1]), /payload of 2 numbers/],
    [Buffer.concat([encodeFrame(FRAME.ping, 0), Buffer.alloc(HEADER_BYTES)]), /does not begin/],
    [encodeDocument(FRAME.hello, 0, HELLO), /type 1/],
  ];
  for (const [frame, reason] of wrong) {
    reasons.length = 0;
    const socket = await login();
    socket.send(frame);
    await socket.closed();
    expect(
      reasons.some((each) => reason.test(String(each))),
      String(reason),
    ).toBe(true);
  }
  expect(await healthy.tail()).toBe(0);
});

test('a thousand silent connections keep nobody out', async () => {
  await fixture.start({ log });
  for (let index = 0; index < 1000; index++) await open();
  const healthy = fixture.connect();
  expect(await healthy.tail()).toBe(0);
  await vi.waitUntil(() => sockets.filter(({ isClosed }) => !isClosed).length <= 32);
});

test('who says hello a byte at a time is out of time', async () => {
  await fixture.start({ log, limits: { helloTimeoutMs: 300 } });
  const socket = await open();
  const hello = encodeDocument(FRAME.hello, 0, HELLO);
  let at = 0;
  const timer = setInterval(() => socket.send(hello.subarray(at, ++at)), 20);
  await socket.closed();
  clearInterval(timer);
  expect(reasons).toContain('no hello in time');
  expect(fixture.region.status().members).toEqual([]);
});

test('a node that falls silent is given up, one that only gives signs of life is not', async () => {
  await fixture.start({ log, limits: { silenceMs: 400 } });
  const socket = await login();
  const alive = fixture.connect({ timeouts: { heartbeatMs: 50 } });
  await alive.tail();
  await socket.closed();
  expect(reasons).toContain('the node is silent');
  expect(alive.connected).toBe(true);
});

test('a node that does not read gets what it has credit for, and is closed when it asks on', async () => {
  await fixture.start({ log, limits: { outputBytesMax: 64 * 1024, silenceMs: 60_000 } });
  const writer = fixture.connect();
  for (let tail = 0; tail < 40; tail++) {
    await new Promise((resolve) => writer.append(tail, Buffer.alloc(100_000, 1), resolve));
  }
  const reader = await login();
  reader.send(encodeFrame(FRAME.read, 1, [1, 250_000]));
  for (let sequence = 1; sequence <= 3; sequence++) {
    expect((await reader.next(FRAME.record))!.payload.readUIntBE(0, 6)).toBe(sequence);
  }
  reader.socket.pause();
  // However much the kernel takes for it: it asks on and on.
  const questions = Array.from({ length: 1000 }, (_, index) => encodeFrame(FRAME.ends, index));
  while (!reasons.includes('the node does not read')) {
    if (reader.socket.writableLength < 1_000_000) reader.send(...questions);
    await new Promise(setImmediate);
  }
  expect(await writer.tail()).toBe(40);
});

test('more appends than the disk takes are left in the socket', async () => {
  await fixture.start({ log, limits: { pendingBytesMax: 200_000 } });
  const socket = await login();
  const record = Buffer.alloc(50_000, 1);
  const count = 100;
  for (let tail = 0; tail < count; tail++) {
    socket.send(encodeFrame(FRAME.append, tail + 1, [tail], record.length), record);
  }
  for (let tail = 0; tail < count; tail++) {
    expect((await socket.next(FRAME.appended))!.request).toBe(tail + 1);
  }
});

test('too many readings, or two of one number, are a violation', async () => {
  await fixture.start({ log });
  const socket = await login();
  for (let request = 0; request < 2; request++) socket.send(encodeFrame(FRAME.read, 5, [1, 100]));
  await socket.closed();
  const other = await login();
  for (let request = 0; request < 20; request++) {
    other.send(encodeFrame(FRAME.read, request, [1, 100]));
  }
  await other.closed();
  expect(reasons.filter((each) => /too many readings/.test(String(each)))).toHaveLength(2);
});
