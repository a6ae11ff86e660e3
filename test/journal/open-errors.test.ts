import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AddressBook, BrokerError, SILENT_LOG } from '@causeway/core';
import { FORMAT_VERSION, Journal, LevelLog, MemoryLog, openJournal } from '@causeway/journal';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sealValue } from '../../packages/journal/src/checksum.js';
import { Keys } from '../../packages/journal/src/keys.js';
import { RECORD } from '../../packages/journal/src/record-kinds.js';
import { flushLevel, Run, temporaryFolder } from './store-fixture.js';

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => rmSync(folder, { recursive: true }));

function open(path = folder): Promise<Journal> {
  return openJournal({
    folder: path,
    addresses: new AddressBook(),
    log: SILENT_LOG,
    onFatal: () => {},
  });
}

test('a folder in use is refused as locked', async () => {
  const journal = await open();
  await expect(open()).rejects.toMatchObject({ code: 'storage-locked' });
  await expect(open()).rejects.toThrow(folder);
  await journal.close();
  await (await open()).close();
});

test('folders that do not exist are created', async () => {
  const path = join(folder, 'some', 'where');
  const journal = await open(path);
  expect((await journal.recover()).bootCount).toBe(1);
  await journal.close();
});

test('a folder that cannot be is an operating error', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(open(join(folder, 'file', 'below'))).rejects.toMatchObject({
    code: 'storage-failed',
  });
});

test('tables without the file that names them are not taken for an empty folder', async () => {
  mkdirSync(join(folder, 'lost'));
  writeFileSync(join(folder, 'lost', '000005.ldb'), 'a table');
  // LevelDB, which would delete it, is not even asked: nothing changes however often one tries.
  for (let times = 0; times < 5; times++) {
    await expect(open(join(folder, 'lost'))).rejects.toMatchObject({ code: 'storage-corrupt' });
    expect(readdirSync(join(folder, 'lost'))).toEqual(['000005.ldb']);
  }
});

test('a store of a newer format is refused', async () => {
  const run = await Run.start(await LevelLog.open(folder));
  await flushLevel(run);
  await run.journal.close();
  const log = await LevelLog.open(folder);
  const batch = log.begin();
  const key = new Keys().meta('format', FORMAT_VERSION + 1);
  const value = Buffer.from([0, 0, 0, 0, RECORD.format]);
  sealValue(key, value);
  batch.put(key, value);
  await new Promise((resolve) => log.append(log.tail, batch, resolve));
  await log.close();
  const journal = await open();
  await expect(journal.recover()).rejects.toMatchObject({ code: 'storage-newer' });
  await journal.close();
});

test('a database of something else is refused', async () => {
  const log = await LevelLog.open(folder);
  const batch = log.begin();
  batch.put(Buffer.from('other'), Buffer.from('data'));
  await new Promise((resolve) => log.append(0, batch, resolve));
  await log.close();
  const journal = await open();
  await expect(journal.recover()).rejects.toMatchObject({ code: 'storage-corrupt' });
  await journal.close();
});

test('a failed write is fatal: reported once, never tried again, nothing confirmed', async () => {
  const log = new MemoryLog();
  const run = await Run.start(log);
  run.model.put(1, 'lost');
  run.journal.commit();
  log.failAppend();
  run.model.put(1, 'lost as well');
  run.journal.commit();
  expect(log.appending).toBe(false);
  expect(run.durable).toEqual([]);
  expect(run.journal.durableCommit).toBe(0);
  expect(run.fatal).toHaveLength(1);
  expect(run.fatal[0]).toMatchObject({ code: 'storage-failed' });
});

test('closing waits for the commit that is being written', async () => {
  const run = await Run.start(await LevelLog.open(folder));
  run.model.put(1, 'kept');
  run.journal.commit();
  await run.journal.close();
  expect(run.durable).toEqual([1]);
  const again = await Run.start(await LevelLog.open(folder), run.model.state);
  expect(again.recovered.queues.get(1)!.tail).toBe(2);
  await again.journal.close();
});

test('a journal is used after its recovery only', () => {
  const journal = new Journal({
    commitLog: new MemoryLog(),
    addresses: new AddressBook(),
    log: SILENT_LOG,
    onFatal: () => {},
  });
  expect(() => journal.settle(1, 1)).toThrow('invariant');
  expect(() => journal.settle(1, 1)).not.toThrow(BrokerError);
});
