import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@causeway/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from './config/config.js';
import { type RunningBroker, startBroker } from './start-broker.js';

const LOG = { ...SILENT_LOG, flush() {} };

let folder: string;
let running: RunningBroker[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-start-'));
});
afterEach(async () => {
  for (const broker of running) await broker.stop();
  running = [];
  rmSync(folder, { recursive: true });
});

async function start(...sets: string[]): Promise<RunningBroker> {
  const { config } = await loadConfig({
    sets: [
      `node.data=${folder}`,
      'admin.port=0',
      'listeners=[{ protocol: mqtt, port: 0 }, { protocol: stomp, port: 0 }]',
      ...sets,
    ],
  });
  const onFatal = (error: Error) => {
    throw error;
  };
  const broker = await startBroker({ config, log: LOG, onFatal });
  running.push(broker);
  return broker;
}

async function stop(broker: RunningBroker): Promise<void> {
  running = running.filter((other) => other !== broker);
  await broker.stop();
}

function addressOf(broker: RunningBroker, name: string): string {
  return broker.addresses.find((address) => address.name === name)!.address;
}

/** Sends bytes and collects the answer until it holds what is wanted, or ends. */
function converse(address: string, request: Buffer | string, until: string): Promise<string> {
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), host, () => socket.write(request));
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      answer += text;
      if (answer.includes(until)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

const CONNECT = 'CONNECT\naccept-version:1.2\nhost:x\nlogin:admin\npasscode:admin\n\n\0';

describe('a started broker', { timeout: 30_000 }, () => {
  test('names what it bound, and serves there', async () => {
    const broker = await start();
    expect(broker.addresses.map(({ name }) => name)).toEqual(['mqtt', 'stomp', 'admin']);
    expect(addressOf(broker, 'mqtt')).toMatch(/^127\.0\.0\.1:\d+$/);
    const admin = addressOf(broker, 'admin');
    expect(admin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${admin}/readyz`)).status).toBe(200);
    expect(await converse(addressOf(broker, 'stomp'), CONNECT, '\0')).toMatch(/^CONNECTED\n/);
    const connect5 = Buffer.from('100e00044d5154540502003c0000016100', 'hex');
    connect5[1] = connect5.length - 2;
    // No credentials: CONNACK with reason 0x87 or 0x86.
    expect((await converse(addressOf(broker, 'mqtt'), connect5, '\x20'))[0]).toBe('\x20');
  });

  test('refuses a wrong password in the protocol’s words', async () => {
    const broker = await start();
    const answer = await converse(
      addressOf(broker, 'stomp'),
      CONNECT.replace('passcode:admin', 'passcode:wrong'),
      '\0',
    );
    expect(answer).toMatch(/^ERROR\n/);
    expect(answer).toContain('message:login refused');
  });

  test('keeps what it confirmed over a restart', async () => {
    const send = `${CONNECT}SEND\ndestination:/queue/kept\npersistent:true\nreceipt:1\n\nhello\0`;
    const first = await start();
    expect(await converse(addressOf(first, 'stomp'), send, 'receipt-id:1')).toContain('RECEIPT');
    await stop(first);
    const second = await start();
    const subscribe = `${CONNECT}SUBSCRIBE\nid:0\ndestination:/queue/kept\n\n\0`;
    expect(await converse(addressOf(second, 'stomp'), subscribe, 'hello')).toContain('MESSAGE\n');
  });

  test('publishes its numbers below $SYS', async () => {
    const broker = await start();
    const subscribe = `${CONNECT}SUBSCRIBE\nid:0\nactivemq.retroactive:true\ndestination:/topic/$SYS.broker.version\n\n\0`;
    const answer = await converse(addressOf(broker, 'stomp'), subscribe, 'causeway ');
    expect(answer).toContain('destination:/topic/$SYS.broker.version');
  });

  test('tells clients that it stops, and lets the folder go', async () => {
    const broker = await start();
    const [host, port] = addressOf(broker, 'stomp').split(':') as [string, string];
    const socket = connect(Number(port), host);
    socket.setEncoding('latin1');
    let answer = '';
    const connected = new Promise<void>((resolve) => {
      socket.on('data', (text) => {
        answer += text;
        if (answer.includes('CONNECTED')) resolve();
      });
    });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write(CONNECT);
    await connected;
    await stop(broker);
    await closed;
    expect(answer).toContain('message:broker shutting down');
    await start();
  });
});

describe('a broker that cannot start', { timeout: 30_000 }, () => {
  test('says that the folder is in use', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'storage-locked' });
  });

  test('says that the address is in use, and lets the folder go', async () => {
    const taken = addressOf(await start(), 'stomp').split(':')[1];
    const other = mkdtempSync(join(tmpdir(), 'causeway-start-'));
    const sets = [`node.data=${other}`, `listeners=[{ protocol: stomp, port: ${taken} }]`];
    await expect(start(...sets)).rejects.toMatchObject({ code: 'config-invalid' });
    await start(`node.data=${other}`);
    rmSync(other, { recursive: true });
  });
});
