import { describe, expect, test } from 'vitest';
import { AddressBook } from './address.js';
import { createLimits } from './limits.js';
import { Message } from './message.js';
import type { Store } from './ports.js';
import { RetainedStore } from './retained-store.js';

const addresses = new AddressBook();

function createMessage(topic: string, text: string, expiresAt = 0): Message {
  const bytes = Buffer.from(text);
  const message = new Message(addresses.topic(topic), 1, true, bytes, 0, bytes.length, true);
  message.expiresAt = expiresAt;
  return message;
}

function createRetained(overrides = {}) {
  const staged: string[] = [];
  const store = {
    putRetained: (id: number, message: Message) => staged.push(`${id}=${message.bytes}`),
    deleteDocument: (kind: string, id: number) => staged.push(`delete ${kind} ${id}`),
  } as unknown as Store;
  let nextId = 1;
  const retained = new RetainedStore(store, createLimits(overrides), () => nextId++);
  const find = (filter: string, nowMs = 1000): string[] => {
    const found: string[] = [];
    retained.find(filter, nowMs, (message) => found.push(message.bytes.toString()));
    return found.sort();
  };
  const stage = (): string[] => {
    retained.stage();
    return staged.splice(0);
  };
  return { retained, find, stage };
}

describe('RetainedStore', () => {
  test('keeps the last message of each topic', () => {
    const { retained, find } = createRetained();
    retained.keep(createMessage('a.b', 'one'), false);
    retained.keep(createMessage('a.b', 'two'), false);
    retained.keep(createMessage('a.c', 'three'), false);
    expect(find('a.b')).toEqual(['two']);
    expect(find('a.*')).toEqual(['three', 'two']);
    expect(retained.size).toBe(2);
  });

  test('keeps a copy of its own', () => {
    const { retained, find } = createRetained();
    const message = createMessage('a', 'one');
    const input = message.bytes;
    retained.keep(message, false);
    input.fill(0);
    expect(find('a')).toEqual(['one']);
  });

  test('forgets a topic when it gets an empty message', () => {
    const { retained, find } = createRetained();
    retained.keep(createMessage('a', 'one'), false);
    retained.keep(createMessage('a', ''), true);
    retained.keep(createMessage('never.kept', ''), true);
    expect([find('>'), retained.size, retained.bytes]).toEqual([[], 0, 0]);
  });

  test('writes each change once per commit', () => {
    const { retained, stage } = createRetained();
    expect(retained.dirty).toBe(false);
    for (const text of ['one', 'two', 'three']) retained.keep(createMessage('a', text), false);
    expect(retained.dirty).toBe(true);
    expect(stage()).toEqual(['1=three']);
    expect([retained.dirty, stage()]).toEqual([false, []]);
    retained.keep(createMessage('a', 'four'), false);
    retained.keep(createMessage('a', ''), true);
    expect(stage()).toEqual(['delete retained 1']);
  });

  test('stores a topic that comes back in the same commit under a new id', () => {
    const { retained, stage, find } = createRetained();
    retained.keep(createMessage('a', 'one'), false);
    stage();
    retained.keep(createMessage('a', ''), true);
    retained.keep(createMessage('a', 'two'), false);
    expect(stage()).toEqual(['delete retained 1', '2=two']);
    expect(find('a')).toEqual(['two']);
  });

  test('does not store the topics of the broker itself', () => {
    const { retained, stage, find } = createRetained();
    retained.keep(createMessage('$SYS.uptime', '7'), false);
    expect(stage()).toEqual([]);
    expect([find('$SYS.>'), find('>')]).toEqual([['7'], []]);
  });

  test('does not show what expired, and forgets it durably', () => {
    const { retained, find, stage } = createRetained();
    retained.keep(createMessage('a', 'old', 1000), false);
    retained.keep(createMessage('b', 'young', 1001), false);
    stage();
    expect(find('>', 999)).toEqual(['old', 'young']);
    expect(find('>', 1000)).toEqual(['young']);
    expect(stage()).toEqual(['delete retained 1']);
    expect(retained.size).toBe(1);
  });

  test('counts its bytes, and refuses what does not fit', () => {
    const { retained, find } = createRetained({ retainedMessagesMax: 2, retainedBytesMax: 10 });
    retained.keep(createMessage('a', '1234'), false);
    retained.keep(createMessage('b', '1234'), false);
    expect(() => retained.keep(createMessage('c', '1'), false)).toThrow('no room');
    expect(() => retained.keep(createMessage('a', '1234567'), false)).toThrow('no room');
    retained.keep(createMessage('a', '123456'), false);
    expect([retained.bytes, retained.size, find('a')]).toEqual([10, 2, ['123456']]);
    retained.keep(createMessage('a', ''), true);
    retained.keep(createMessage('c', '1'), false);
    expect([retained.bytes, retained.size]).toEqual([5, 2]);
  });

  test('has what was restored, and stores it under its old id', () => {
    const { retained, find, stage } = createRetained();
    retained.restore(77, createMessage('a.b', 'stored'));
    expect([find('a.>'), retained.bytes, stage()]).toEqual([['stored'], 6, []]);
    retained.keep(createMessage('a.b', 'newer'), false);
    expect(stage()).toEqual(['77=newer']);
  });
});
