import { AddressBook } from '@causeway/core';
import { expect, test } from 'vitest';
import { REASON } from './codec/reason.js';
import { type PublishTarget, TopicCache } from './topic-cache.js';

const addresses = new AddressBook();

function target(topic: string): PublishTarget {
  const address = addresses.topic(topic);
  return { address, refusal: REASON.success, topic: Buffer.from(topic) };
}

function find(cache: TopicCache, topic: string): string | undefined {
  const view = Buffer.from(`<${topic}>`);
  return cache.find(view, 1, view.length - 1)?.address.name;
}

test('finds the last topic and earlier ones by their bytes', () => {
  const cache = new TopicCache();
  expect(find(cache, 'a')).toBeUndefined();
  for (const topic of ['a', 'b', 'ab', 'ä/ö']) cache.add(target(topic));
  for (const topic of ['ä/ö', 'a', 'a', 'ab', 'b', 'b']) expect(find(cache, topic)).toBe(topic);
  expect(find(cache, 'abc')).toBeUndefined();
  expect(find(cache, '')).toBeUndefined();
});

test('is bounded', () => {
  const cache = new TopicCache();
  for (let index = 0; index < 3000; index++) cache.add(target(`t${index}`));
  const known = Array.from({ length: 3000 }, (_, index) => find(cache, `t${index}`));
  expect(known.filter((name) => name !== undefined).length).toBeLessThanOrEqual(1024);
  expect(find(cache, 't2999')).toBe('t2999');
});
