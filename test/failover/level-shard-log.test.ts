import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrokerError, SILENT_LOG } from '@causeway/core';
import { LevelShardLog } from '@causeway/failover';
import { type LevelBatch, LevelLog, openDatabase, sealValue } from '@causeway/journal';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { logKey } from '../../packages/failover/src/log-keys.js';
import { temporaryFolder } from '../journal/store-fixture.js';
import { CollectingReader } from './collecting-reader.js';

let folder: string;
let fatal: BrokerError[];

beforeEach(() => {
  folder = temporaryFolder();
  fatal = [];
});

afterEach(() => rmSync(folder, { recursive: true }));

function open(): Promise<LevelShardLog> {
  return LevelShardLog.open({ folder, log: SILENT_LOG, onFatal: (error) => fatal.push(error) });
}

async function fill(count: number, bytes = 20): Promise<void> {
  const log = await open();
  for (let tail = await log.tail(); count > 0; tail++, count--) {
    await new Promise((resolve) => log.append(tail, Buffer.alloc(bytes, tail), resolve));
  }
  await log.close();
}

/** Changes the folder behind the log's back. */
async function tamper(change: (put: LevelBatch['put'], del: LevelBatch['delete']) => void) {
  const database = await openDatabase(folder, {});
  let batch = database.batch();
  change(
    (key, value) => {
      batch = batch.put(key, value);
    },
    (key) => {
      batch = batch.del(key);
    },
  );
  await batch.write({ sync: true } as object);
  await database.close();
}

test('a folder in use, of something else, or of a newer version is refused', async () => {
  const log = await open();
  await expect(open()).rejects.toMatchObject({ code: 'storage-locked' });
  await log.close();
  await tamper((put) => put(logKey('format', 2), Buffer.alloc(5)));
  await expect(open()).rejects.toMatchObject({ code: 'storage-newer' });
  rmSync(folder, { recursive: true });
  const node = await LevelLog.open(folder);
  const batch = node.begin();
  batch.put(Buffer.from('q'), Buffer.from('a message'));
  await new Promise((resolve) => node.append(0, batch, resolve));
  await node.close();
  await expect(open()).rejects.toThrow('not the folder of a log');
});

test('a record that is missing among the newest is noticed', async () => {
  await fill(300);
  await tamper((_, del) => del(logKey('record', 290)));
  await expect(open()).rejects.toThrow('record 290 is missing');
});

test('the first record must be there', async () => {
  await fill(300);
  await tamper((_, del) => del(logKey('record', 1)));
  await expect(open()).rejects.toThrow('record 1 is missing');
});

test('a record that was changed is noticed, when it is read at the latest', async () => {
  await fill(300);
  const wrong = (put: LevelBatch['put'], sequence: number, under = sequence): void => {
    const value = Buffer.alloc(24, 7);
    sealValue(logKey('record', under), value);
    if (under === sequence) value[20]! ^= 1;
    put(logKey('record', sequence), value);
  };
  await tamper((put) => wrong(put, 10));
  const log = await open();
  const reader = new CollectingReader(log, 8);
  expect(await reader.end()).toMatchObject({ code: 'storage-corrupt' });
  expect(reader.sequences).toEqual([8, 9]);
  await log.close();
  await tamper((put) => wrong(put, 299, 298));
  await expect(open()).rejects.toThrow('record 299 is damaged');
});

test('a log whose end was lost is noticed', async () => {
  await fill(100);
  const [newest] = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .reverse();
  truncateSync(join(folder, newest!), 2000);
  await expect(open()).rejects.toThrow(/ends at \d+, but had record 100/);
});

test('a table that is damaged or missing is noticed', async () => {
  // More than a memory table, so that some is in tables; the checked ones are among them.
  await fill(120, 300_000);
  const tables = readdirSync(folder).filter((name) => name.endsWith('.ldb'));
  expect(tables.length).toBeGreaterThan(0);
  const path = join(folder, tables[0]!);
  truncateSync(path, 1000);
  await expect(open()).rejects.toMatchObject({ code: 'storage-corrupt' });
  rmSync(path);
  await expect(open()).rejects.toMatchObject({ code: 'storage-corrupt' });
});

test('without its file CURRENT a folder is no empty one', async () => {
  await fill(3);
  rmSync(join(folder, 'CURRENT'));
  await expect(open()).rejects.toMatchObject({ code: 'storage-corrupt' });
  writeFileSync(join(folder, 'CURRENT'), 'nonsense\n');
  await expect(open()).rejects.toMatchObject({ code: 'storage-corrupt' });
});

test('what was trimmed is deleted, also after an interruption, and never looked for', async () => {
  await fill(3000);
  let log = await open();
  await log.trim(2900);
  await log.close();
  log = await open();
  expect([await log.first(), await log.tail()]).toEqual([2901, 3000]);
  await log.close();
  await fill(200);
  const database = await openDatabase(folder, {});
  const keys = await database.keys({ gte: logKey('record', 0), lt: logKey('record', 2901) }).all();
  await database.close();
  expect(keys).toEqual([]);
  expect(fatal).toEqual([]);
});

test('a reader that is slow is read back from the disk', async () => {
  const log = await open();
  const reader = new CollectingReader(log, 1);
  reader.reading.pause();
  for (let tail = 0; tail < 60; tail++) {
    await new Promise((resolve) => log.append(tail, Buffer.alloc(200_000, tail), resolve));
  }
  reader.reading.resume();
  const records = await reader.take(60);
  expect(records.every(({ sequence, bytes }) => bytes[199_999] === sequence - 1)).toBe(true);
  await log.close();
});

test('closing writes what was accepted, and accepts nothing more', async () => {
  const log = await open();
  const outcomes: string[] = [];
  let tail = 0;
  const appendOn = (): void => {
    log.append(tail++, Buffer.alloc(1000), ({ outcome }) => {
      outcomes.push(outcome);
      // A writer that never rests does not keep the log from closing.
      if (outcome === 'ok') appendOn();
    });
  };
  for (let chained = 0; chained < 4; chained++) appendOn();
  await log.close();
  const written = outcomes.filter((outcome) => outcome === 'ok').length;
  expect(written).toBeGreaterThanOrEqual(4);
  expect(outcomes.slice(written)).toEqual(Array.from({ length: 4 }, () => 'unknown'));
  const again = await open();
  expect(await again.tail()).toBe(written);
  await again.close();
});
