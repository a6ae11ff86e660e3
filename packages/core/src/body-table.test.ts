import { describe, expect, test } from 'vitest';
import { BodyTable } from './body-table.js';
import type { Message } from './message.js';
import type { Store, StoredEntry } from './ports.js';

function createTable() {
  const deleted: number[] = [];
  const settled = new Set<string>();
  const store = { deleteBody: (id: number) => deleted.push(id) } as unknown as Store;
  const table = new BodyTable(store, (queue, sequence) => settled.has(`${queue}/${sequence}`));
  return { table, deleted, settled };
}

const createMessage = (id: number, storedReferences = 0) =>
  ({ id, storedReferences, residents: 0 }) as Message;

function readBack(message: Message, ...bodyTargets: number[]): StoredEntry {
  return { sequence: 1, message, bodyId: message.id, bodyTargets, stale: false, direct: false };
}

describe('BodyTable', () => {
  test('frees a body with the last entry that refers to it', () => {
    const { table, deleted } = createTable();
    const message = createMessage(7, 3);
    table.release(message);
    table.release(message);
    expect(deleted).toEqual([]);
    table.release(message);
    expect(deleted).toEqual([7]);
  });

  test('gives all queues the same object while one of them has it in memory', () => {
    const { table } = createTable();
    const message = createMessage(7, 2);
    table.enter(message);
    expect(table.adopt(readBack(createMessage(7), 1, 1, 2, 1))).toBe(message);
    table.enter(message);
    table.leave(message);
    expect(table.adopt(readBack(createMessage(7), 1, 1, 2, 1))).toBe(message);
    table.leave(message);
    const again = createMessage(7);
    expect(table.adopt(readBack(again, 1, 1, 2, 1))).toBe(again);
  });

  test('counts what is left of the references when a body is read back', () => {
    const { table, settled, deleted } = createTable();
    settled.add('1/5').add('3/9');
    const message = table.adopt(readBack(createMessage(7), 1, 5, 2, 6, 3, 9, 4, 1));
    expect(message.storedReferences).toBe(2);
    table.release(message);
    table.release(message);
    expect(deleted).toEqual([7]);
  });
});
