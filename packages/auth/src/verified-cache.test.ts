import { describe, expect, test } from 'vitest';
import { VerifiedCache } from './verified-cache.js';

function createCache(entriesMax?: number) {
  const clock = { now: 0, monotonicMs: () => clock.now, wallMs: () => 0 };
  return { clock, cache: new VerifiedCache(clock, entriesMax) };
}

describe('VerifiedCache', () => {
  test('remembers for a minute', () => {
    const { cache, clock } = createCache();
    const digest = cache.digest('alice', Buffer.from('secret'));
    expect(cache.has(digest)).toBe(false);
    cache.add(digest);
    clock.now = 59_999;
    expect(cache.has(digest)).toBe(true);
    clock.now = 60_000;
    expect(cache.has(digest)).toBe(false);
  });

  test('tells names and passwords apart', () => {
    const { cache } = createCache();
    const digests = [
      cache.digest('ab', Buffer.from('c')),
      cache.digest('a', Buffer.from('bc')),
      cache.digest('', Buffer.from('abc')),
    ];
    expect(new Set(digests).size).toBe(3);
    expect(digests[0]).toBe(cache.digest('ab', Buffer.from('c')));
  });

  test('has another key in each instance', () => {
    const secret = Buffer.from('secret');
    expect(createCache().cache.digest('a', secret)).not.toBe(
      createCache().cache.digest('a', secret),
    );
  });

  test('forgets the oldest when it is full', () => {
    const { cache } = createCache(2);
    for (const digest of ['1', '2', '1', '3']) cache.add(digest);
    expect(['1', '2', '3'].map((digest) => cache.has(digest))).toEqual([true, false, true]);
  });
});
