import { MemoryState } from '@causeway/journal';
import { beforeEach, describe, expect, test } from 'vitest';
import { Applier } from './applier.js';
import { ChangeWriter } from './change-list.js';
import {
  decodeRecord,
  encodeRecord,
  hashRecord,
  NO_HASH,
  RECORD_HEADER_BYTES,
  type RecordKind,
} from './log-record.js';

let nowMs = 0;
let state: MemoryState;
let applier: Applier;
let failure: Error | null;
let durable: number[];

beforeEach(() => {
  nowMs = 0;
  state = new MemoryState();
  failure = null;
  durable = [];
  applier = new Applier({
    state,
    clock: { monotonicMs: () => nowMs, wallMs: () => nowMs },
    onFailure: (error) => {
      failure = error;
    },
    onDurable: (sequence) => durable.push(sequence),
  });
});

function changes(key: string, commit: number): Buffer {
  const writer = new ChangeWriter();
  writer.put(Buffer.from(key), Buffer.from(key));
  return Buffer.from(writer.finish(commit).subarray(RECORD_HEADER_BYTES));
}

function push(sequence: number, kind: RecordKind, body: Buffer = Buffer.alloc(0)): void {
  const header = {
    kind,
    epoch: 1,
    batchId: 1n,
    lastConfirmed: 0,
    wallMs: 0,
    previousHash: NO_HASH,
  };
  const bytes = encodeRecord(header, body);
  applier.push({ sequence, record: decodeRecord(bytes), hash: hashRecord(bytes) });
}

function keys(): string[] {
  while (state.completeWrite());
  return [...state.entries().keys()];
}

describe('what is received', () => {
  test('is applied once it is known to be durable, in order', () => {
    push(1, 'open', Buffer.from('a leader'));
    push(2, 'batch', changes('a', 1));
    push(3, 'batch', changes('b', 2));
    expect(state.writing).toBe(false);
    applier.confirm(2);
    expect(keys()).toEqual(['a']);
    expect(state.position).toMatchObject({ sequence: 2, epoch: 1, commit: 1 });
    expect(state.position.leader.toString()).toBe('a leader');
    applier.confirm(3);
    expect(keys()).toEqual(['a', 'b']);
    expect(state.position).toMatchObject({ sequence: 3, commit: 2 });
  });

  test('in parts is applied as a whole, and its place is before them until then', () => {
    const whole = changes('a', 1);
    push(1, 'part', whole.subarray(0, 5));
    push(2, 'lease');
    push(3, 'batch', whole.subarray(5));
    applier.confirm(2);
    expect([keys(), state.position.sequence]).toEqual([[], 0]);
    applier.confirm(3);
    expect([keys(), state.position.sequence]).toEqual([['a'], 3]);
  });

  test('in parts that are never completed is void with the next leader', () => {
    push(1, 'part', Buffer.from('half'));
    push(2, 'open', Buffer.from('another'));
    push(3, 'batch', changes('b', 1));
    applier.confirm(3);
    expect([keys(), failure]).toEqual([['b'], null]);
  });

  test('and not applied is forgotten by a reset', () => {
    push(1, 'batch', changes('a', 1));
    applier.reset();
    applier.confirm(1);
    expect(keys()).toEqual([]);
  });

  test('and cannot be read is a failure, once, and nothing is written', () => {
    push(1, 'batch', Buffer.from('nonsense'));
    applier.confirm(1);
    expect(failure).toMatchObject({ code: 'storage-corrupt' });
    push(2, 'batch', changes('b', 1));
    applier.confirm(2);
    expect([keys(), state.position.sequence]).toEqual([[], 0]);
  });
});

test('a disk that fails is a failure', () => {
  push(1, 'batch', changes('a', 1));
  applier.confirm(1);
  state.failWrite();
  expect(failure).toMatchObject({ code: 'storage-failed' });
});

test('now and then a write is synced, and said to be on the disk', () => {
  push(1, 'batch', changes('a', 1));
  applier.confirm(1);
  expect([keys(), durable]).toEqual([['a'], []]);
  nowMs = 1000;
  push(2, 'batch', changes('b', 2));
  applier.confirm(2);
  expect([keys(), durable]).toEqual([['a', 'b'], [2]]);
});

test('who waits is called when nothing is being written', () => {
  let idle = 0;
  applier.whenIdle(() => idle++);
  expect(idle).toBe(1);
  push(1, 'batch', changes('a', 1));
  applier.confirm(1);
  applier.whenIdle(() => idle++);
  expect(idle).toBe(1);
  state.completeWrite();
  expect(idle).toBe(2);
});
