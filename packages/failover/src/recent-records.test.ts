import { expect, test } from 'vitest';
import { RecentRecords } from './recent-records.js';

test('the newest are there, up to a number and to a size', () => {
  const recent = new RecentRecords();
  expect(recent.get(1)).toBeNull();
  for (let sequence = 11; sequence <= 2000; sequence++) recent.add(sequence, Buffer.of(1));
  expect(recent.get(2000)).toEqual(Buffer.of(1));
  expect(recent.get(2000 - 1023)).not.toBeNull();
  expect(recent.get(2000 - 1024)).toBeNull();
  expect([recent.get(2001), recent.get(0), recent.get(-1)]).toEqual([null, null, null]);
});

test('one that is larger than all may be stays alone', () => {
  const recent = new RecentRecords();
  recent.add(1, Buffer.of(1));
  recent.add(2, Buffer.alloc(5 * 1024 * 1024));
  expect(recent.get(1)).toBeNull();
  expect(recent.get(2)!.length).toBe(5 * 1024 * 1024);
  recent.add(3, Buffer.of(3));
  expect(recent.get(2)).toBeNull();
  expect(recent.get(3)).toEqual(Buffer.of(3));
});
