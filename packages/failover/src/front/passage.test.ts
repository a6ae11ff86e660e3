import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { SILENT_LOG } from '@causeway/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Passage } from './passage.js';

let echo: Server;
let passage: Passage;
let elsewhere: string | null;
let port: number;

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  elsewhere = `127.0.0.1:${(echo.address() as AddressInfo).port}`;
  passage = new Passage({
    listeners: [{ name: 'mqtt', host: '127.0.0.1', port: 0 }],
    elsewhere: (listener) => (listener === 'mqtt' ? elsewhere : null),
    connectionsMax: 2,
    log: SILENT_LOG,
  });
  port = (await passage.listen())[0]!;
});

afterEach(() => {
  passage.close();
  echo.close();
});

async function open(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function echoed(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  return String((await once(socket, 'data'))[0]);
}

test('passes bytes on, both ways, and the end', async () => {
  const socket = await open();
  expect(await echoed(socket, 'hello')).toBe('hello');
  expect(await echoed(socket, 'again')).toBe('again');
  socket.end();
  await once(socket, 'close');
});

test('closes at once while nobody knows who serves', async () => {
  elsewhere = null;
  await once(await open(), 'close');
});

test('closes when the broker that serves cannot be reached', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  elsewhere = `127.0.0.1:${(gone.address() as AddressInfo).port}`;
  gone.close();
  await once(gone, 'close');
  await once(await open(), 'close');
});

test('keeps to its limit', async () => {
  const first = await open();
  const second = await open();
  expect(await echoed(first, 'one')).toBe('one');
  expect(await echoed(second, 'two')).toBe('two');
  await once(await open(), 'close');
  expect(await echoed(first, 'still here')).toBe('still here');
});

test('resets everybody when it is over', async () => {
  const socket = await open();
  expect(await echoed(socket, 'one')).toBe('one');
  const closed = new Promise((resolve) => socket.on('close', resolve));
  passage.close();
  await closed;
});
