import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FORMAT_VERSION, LevelLog } from '@causeway/journal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sealValue } from '../../packages/journal/src/checksum.js';
import { Keys } from '../../packages/journal/src/keys.js';
import { RECORD } from '../../packages/journal/src/record-kinds.js';
import { RawMqtt } from '../support/raw-mqtt.js';
import { SeededRandom } from '../support/seeded-random.js';
import { FailingDaemon } from './failing-daemon.js';

const SETTINGS = [
  ...['--set', 'listeners=[{ protocol: mqtt, port: 0 }]'],
  ...['--set', 'admin.port=0'],
  ...['--set', 'anonymous=true'],
];
const MESSAGES = 50;
const EMPTY_ROUNDS = 50;
const TEXT = 'what was stored, and nothing else: ';

let folder: string;
let original: string;
let copies = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-folder-'));
  original = join(folder, 'original');
  const daemon = start(original);
  const client = await RawMqtt.open(await daemon.ready('mqtt'));
  await client.login();
  for (let number = 1; number <= MESSAGES; number++) {
    await client.deliver({ topic: '$queue/kept', payload: TEXT + number, id: number });
  }
  await client.leave();
  expect(await daemon.stop()).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(data: string): FailingDaemon {
  return new FailingDaemon(['--data', data, ...SETTINGS]);
}

/** A copy of the store that a test may damage. */
function copy(): string {
  const data = join(folder, `copy-${++copies}`);
  cpSync(original, data, { recursive: true });
  return data;
}

/** As a later version of the broker would leave the folder. */
async function writeNewerFormat(data: string): Promise<void> {
  const log = await LevelLog.open(data);
  const batch = log.begin();
  const key = new Keys().meta('format', FORMAT_VERSION + 1);
  const value = Buffer.from([0, 0, 0, 0, RECORD.format]);
  sealValue(key, value);
  batch.put(key, value);
  await new Promise((resolve) => log.append(log.tail, batch, resolve));
  await log.close();
}

/** Starts over a store; returns the exit code, or null when it serves. */
async function outcome(daemon: FailingDaemon): Promise<number | string | null> {
  try {
    await daemon.ready('mqtt');
    return null;
  } catch {
    return daemon.ends();
  }
}

/** The largest file of LevelDB's that holds messages. */
function dataFile(data: string): string {
  const files = readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(log|ldb)$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
  const [largest] = files.sort((left, right) => sizeOf(right) - sizeOf(left));
  return largest!;
}

/** Without the zeros that a write-ahead log ends with. */
function sizeOf(file: string): number {
  return readFileSync(file).findLastIndex((byte) => byte !== 0) + 1;
}

describe('a data folder', () => {
  test('in use ends the second broker with 3', async () => {
    const data = copy();
    const first = start(data);
    await first.ready('mqtt');
    const second = start(data);
    expect(await second.ends()).toBe(3);
    expect(second.output).toContain('in use by another process');
    expect(await first.stop()).toBe(0);
  });

  test('of a newer format ends the broker with 3', async () => {
    const data = copy();
    await writeNewerFormat(data);
    const daemon = start(data);
    expect(await daemon.ends(), daemon.output).toBe(3);
    expect(daemon.output).toContain('has format 2');
  });

  test('that ends early ends the broker with 4', async () => {
    const data = copy();
    const file = dataFile(data);
    writeFileSync(file, readFileSync(file).subarray(0, sizeOf(file) / 2));
    const daemon = start(data);
    expect(await daemon.ends(), daemon.output).toBe(4);
    expect(daemon.output).toContain('is damaged');
  });

  test('with flipped bits is refused with 4, or what is damaged is not served', async () => {
    const random = new SeededRandom(11);
    const outcomes: (number | string | null)[] = [];
    for (let flip = 0; flip < 6; flip++) {
      const data = copy();
      const file = dataFile(data);
      const bytes = readFileSync(file);
      const at = random.below(sizeOf(file));
      bytes[at] = bytes[at]! ^ (1 << random.below(8));
      writeFileSync(file, bytes);
      const daemon = start(data);
      const result = await outcome(daemon);
      outcomes.push(result);
      if (result !== null) continue;
      const texts = await drain(await daemon.ready('mqtt'));
      for (const text of texts) expect(text).toMatch(new RegExp(`^${TEXT}\\d+$`));
      if (texts.length < MESSAGES) expect(daemon.output).toMatch(/damaged|quarantine/);
      await daemon.stop();
    }
    for (const result of outcomes) expect([null, 4]).toContain(result);
    expect(outcomes).toContain(4);
  });
});

/** Everything that the queue hands out. */
async function drain(port: number): Promise<string[]> {
  const client = await RawMqtt.open(port);
  await client.login();
  await client.subscribe('$queue/kept', 1);
  const texts: string[] = [];
  // What was read back is shown once it is noted that it may be: a few turns later.
  for (let empty = 0; empty < EMPTY_ROUNDS && texts.length < MESSAGES; ) {
    client.send(client.builder.subscribe(2, [['end', 0]]));
    let packet = await client.next();
    let published = 0;
    while (packet.type === 'publish') {
      texts.push(packet.payload!);
      published++;
      client.send(client.builder.puback(packet.id!));
      packet = await client.next();
    }
    empty = published === 0 ? empty + 1 : 0;
  }
  await client.leave();
  return texts;
}
