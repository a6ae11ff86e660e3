import { expect, test } from 'vitest';
import { MemoryState } from './memory-state.js';
import { NO_POSITION } from './position-record.js';

function put(state: MemoryState, key: string, sequence: number, sync: boolean): void {
  const batch = state.begin();
  batch.put(Buffer.from(key), Buffer.from(key));
  state.write(batch, { ...NO_POSITION, sequence }, sync, () => {});
}

test('a write is there, with its position, when it has ended', () => {
  const state = new MemoryState();
  put(state, 'a', 1, false);
  expect([state.position.sequence, state.get(Buffer.from('a'))]).toEqual([0, null]);
  expect([state.completeWrite(), state.completeWrite()]).toEqual([true, false]);
  expect([state.position.sequence, state.get(Buffer.from('a'))]).toEqual([1, Buffer.from('a')]);
});

test('a process that dies loses the write under way; a machine, all that was not synced', () => {
  const state = new MemoryState();
  put(state, 'synced', 1, true);
  state.completeWrite();
  put(state, 'written', 2, false);
  state.completeWrite();
  put(state, 'under way', 3, true);
  const restarted = state.crash(false);
  expect([[...restarted.entries().keys()], restarted.position.sequence]).toEqual([
    ['synced', 'written'],
    2,
  ]);
  expect(state.completeWrite()).toBe(false);
  put(restarted, 'after', 3, false);
  restarted.completeWrite();
  const rebooted = state.crash(true);
  expect([[...rebooted.entries().keys()], rebooted.position.sequence]).toEqual([['synced'], 1]);
});
