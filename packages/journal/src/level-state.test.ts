import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressBook, SILENT_LOG } from '@causeway/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LogPosition } from './applied-state.js';
import { Keys } from './keys.js';
import { openDatabase } from './level-database.js';
import { LevelState } from './level-state.js';
import { openJournal } from './open-journal.js';
import { NO_POSITION } from './position-record.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-state-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function position(sequence: number, epoch: number): LogPosition {
  const leader = Buffer.from(`leader of ${epoch}`);
  return { sequence, epoch, leader, hash: Buffer.alloc(16, sequence), commit: sequence * 2 };
}

function write(state: LevelState, key: string, to: LogPosition): Promise<void> {
  const batch = state.begin();
  batch.put(Buffer.from(key), Buffer.from(key));
  return new Promise((resolve, reject) => {
    state.write(batch, to, true, (error) => (error === null ? resolve() : reject(error)));
  });
}

test('what was written is found again, with how far it had come', async () => {
  const first = await LevelState.open(folder);
  expect(first.position).toEqual(NO_POSITION);
  await write(first, 'a', position(1, 1));
  await write(first, 'b', position(2, 1));
  await write(first, 'c', position(3, 2));
  expect(first.position).toEqual(position(3, 2));
  await first.close();
  const second = await LevelState.open(folder);
  expect(second.position).toEqual(position(3, 2));
  expect(['a', 'b', 'c'].map((key) => second.get(Buffer.from(key))?.toString())).toEqual([
    'a',
    'b',
    'c',
  ]);
  await second.close();
});

test('a store that does not say how far it has come is refused, and left as it is', async () => {
  const open = () => {
    return openJournal({
      folder,
      addresses: new AddressBook(),
      log: SILENT_LOG,
      onFatal: () => {},
    });
  };
  const journal = await open();
  await journal.recover();
  journal.putDocument('queue', 1, Buffer.from('a queue'));
  journal.commit();
  await journal.close();
  await expect(LevelState.open(folder)).rejects.toMatchObject({ code: 'storage-corrupt' });
  const again = await open();
  expect((await again.recover()).documents.queue.get(1)?.toString()).toBe('a queue');
  await again.close();
});

test.each([
  ['the position 1', (keys: Keys) => keys.position(1)],
  ['the leader', (keys: Keys) => keys.leader(1)],
])('damage of %s is named', async (name, keyOf) => {
  const state = await LevelState.open(folder);
  await write(state, 'a', position(1, 1));
  await state.close();
  const database = await openDatabase(folder, {});
  await database.put(keyOf(new Keys()), Buffer.alloc(40));
  await database.close();
  const opening = LevelState.open(folder);
  await expect(opening).rejects.toMatchObject({ code: 'storage-corrupt' });
  await expect(opening).rejects.toThrow(name);
});
