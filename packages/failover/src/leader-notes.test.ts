import { expect, test } from 'vitest';
import { readFarewell, readLeaderNote, writeNote } from './leader-notes.js';

test('what a leader says is read as it was written', () => {
  const endpoints = [{ name: 'mqtt', address: '127.0.0.1:1883' }];
  const note = { node: 'az-a', endpoints, reason: 'lease' } as const;
  expect(readLeaderNote(writeNote(note))).toEqual(note);
  expect(readLeaderNote(Buffer.alloc(0))).toBeNull();
  const farewell = { node: 'az-a', successor: null };
  expect(readFarewell(writeNote(farewell))).toEqual(farewell);
});

test.each(['', '{', 'null', '[]', '{"node":7}'])('%j is no farewell', (text) => {
  const corrupt = expect.objectContaining({ code: 'storage-corrupt' });
  expect(() => readFarewell(Buffer.from(text))).toThrow(corrupt);
});
