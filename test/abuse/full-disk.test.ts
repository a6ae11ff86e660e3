import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RawMqtt } from '../support/raw-mqtt.js';
import { createTestBroker } from '../support/test-broker.js';
import { FailingDaemon } from './failing-daemon.js';

const MESSAGE_BYTES = 20_000;
const DISK_BYTES = 6 * 1024 * 1024;
const SETTINGS = [
  ...['--set', 'listeners=[{ protocol: mqtt, port: 0 }]'],
  ...['--set', 'admin.port=0'],
  ...['--set', 'anonymous=true'],
];
const CONSUMER = { clientId: 'consumer', cleanStart: false };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-disk-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Publishes to a queue until the broker ends; returns the numbers that were confirmed. */
async function publishUntilTheEnd(port: number): Promise<number[]> {
  const client = await RawMqtt.open(port);
  await client.login({ clientId: 'producer' });
  const confirmed: number[] = [];
  for (let number = 1; ; number++) {
    const payload = `${number}:`.padEnd(MESSAGE_BYTES, 'x');
    client.publish({ topic: '$queue/disk', payload, qos: 1, id: (number % 65_535) + 1 });
    const answer = await client.nextOrClosed();
    if (answer?.type !== 'puback') return confirmed;
    confirmed.push(number);
  }
}

/** What the queue holds, in order, read to the last confirmed number. */
async function drain(port: number, last: number): Promise<number[]> {
  const client = await RawMqtt.open(port);
  await client.login(CONSUMER);
  await client.subscribe('$queue/disk', 1);
  const numbers: number[] = [];
  while (!numbers.includes(last)) {
    const { payload, id } = await client.expect('publish');
    numbers.push(Number.parseInt(payload!, 10));
    client.send(client.builder.puback(id!));
  }
  await client.leave();
  return numbers;
}

async function checkAfterwards(data: string, confirmed: readonly number[]): Promise<void> {
  expect(confirmed.length).toBeGreaterThan(20);
  const daemon = new FailingDaemon(['--data', data, ...SETTINGS]);
  try {
    const numbers = await drain(await daemon.ready('mqtt'), confirmed.at(-1)!);
    expect(numbers, 'everything confirmed, in order').toEqual(confirmed);
  } finally {
    expect(await daemon.stop()).toBe(0);
  }
}

test('files that cannot grow end the broker, and nothing confirmed is lost', async () => {
  const daemon = new FailingDaemon(['--data', folder, ...SETTINGS], DISK_BYTES / 2);
  const confirmed = await publishUntilTheEnd(await daemon.ready('mqtt'));
  expect(await daemon.ends(), daemon.output).toBe(1);
  expect(daemon.output).toMatch(/"storage-failed".*"store failed"/);
  await checkAfterwards(folder, confirmed);
});

test.runIf(canMount())('a full disk ends the broker, and nothing confirmed is lost', async () => {
  const disk = join(folder, 'disk');
  const copy = join(folder, 'copy');
  expect(run('mkdir', disk)).toBe(true);
  expect(run('mount', '-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'none', disk)).toBe(true);
  let confirmed: number[];
  try {
    const daemon = new FailingDaemon(['--data', join(disk, 'data'), ...SETTINGS]);
    confirmed = await publishUntilTheEnd(await daemon.ready('mqtt'));
    expect(await daemon.ends(), daemon.output).toBe(1);
    expect(daemon.output).toMatch(/"storage-failed".*"store failed"/);
    cpSync(join(disk, 'data'), copy, { recursive: true });
  } finally {
    run('umount', disk);
  }
  await checkAfterwards(copy, confirmed);
});

test('a write that fails confirms nothing and delivers nothing', async () => {
  const world = await createTestBroker({ autoCommit: false });
  const consumer = world.consume('q');
  world.publish('queue://q', 'lost');
  const confirm = world.confirm();
  world.broker.turn();
  expect(world.log.appending).toBe(true);
  expect(() => world.log.failAppend()).toThrow('the disk failed');
  world.publish('queue://q', 'late');
  const late = world.confirm();
  world.broker.turn();
  expect([confirm.done, late.done]).toEqual([false, false]);
  expect(consumer.texts).toEqual([]);
});

function run(command: string, ...args: string[]): boolean {
  return spawnSync(command, args).status === 0;
}

/** Whether this machine lets the test have a small disk of its own. */
function canMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'causeway-mount-'));
  const mounted = run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'none', place);
  if (mounted) run('umount', place);
  rmSync(place, { recursive: true });
  return mounted;
}
