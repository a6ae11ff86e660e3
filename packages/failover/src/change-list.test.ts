import type { CommitBatch } from '@causeway/journal';
import { describe, expect, test } from 'vitest';
import { applyChanges, ChangeWriter } from './change-list.js';
import { RECORD_HEADER_BYTES } from './log-record.js';

type Change = readonly [key: string, value: string | null];

class CollectingBatch implements CommitBatch {
  readonly operations = 0;
  readonly bytes = 0;
  readonly changes: Change[] = [];

  put(key: Buffer, value: Buffer): void {
    this.changes.push([key.toString('latin1'), value.toString('latin1')]);
  }

  delete(key: Buffer): void {
    this.changes.push([key.toString('latin1'), null]);
  }
}

function write(writer: ChangeWriter, changes: readonly Change[], commit: number): Buffer {
  for (const [key, value] of changes) {
    if (value === null) writer.delete(Buffer.from(key));
    else writer.put(Buffer.from(key), Buffer.from(value));
  }
  return Buffer.from(writer.finish(commit).subarray(RECORD_HEADER_BYTES));
}

function read(bytes: Buffer): { commit: number; changes: Change[] } {
  const batch = new CollectingBatch();
  const commit = applyChanges(bytes, batch);
  return { commit, changes: batch.changes };
}

const SOME: readonly Change[] = [
  ['a', '1'],
  ['b', null],
  ['', ''],
  ['k'.repeat(300), 'v'.repeat(70_000)],
];

describe('a list of changes', () => {
  test('is read as it was written, however large', () => {
    const commit = 2 ** 40 + 1;
    expect(read(write(new ChangeWriter(), SOME, commit))).toEqual({ commit, changes: SOME });
    expect(read(write(new ChangeWriter(), [], 1))).toEqual({ commit: 1, changes: [] });
  });

  test('is written into the same room again, unless that has grown large', () => {
    const writer = new ChangeWriter();
    write(writer, SOME, 1);
    expect(writer.reset()).toBe(true);
    expect(read(write(writer, [['c', '3']], 2))).toEqual({ commit: 2, changes: [['c', '3']] });
    writer.put(Buffer.from('large'), Buffer.alloc(9 * 1024 * 1024));
    expect(writer.reset()).toBe(false);
  });

  test('that is cut off or unknown is damaged', () => {
    const corrupt = expect.objectContaining({ code: 'storage-corrupt' });
    const bytes = write(new ChangeWriter(), [['key', 'value']], 1);
    for (let length = 0; length < bytes.length; length++) {
      if (length === 6) continue;
      expect(() => read(bytes.subarray(0, length)), `${length} bytes`).toThrow(corrupt);
    }
    bytes[6] = 9;
    expect(() => read(bytes)).toThrow(corrupt);
  });
});
