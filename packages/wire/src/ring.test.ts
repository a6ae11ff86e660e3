import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { Ring } from './ring.js';

describe('Ring', () => {
  test('gives back in the order it took', () => {
    const ring = new Ring<number>(2);
    for (let value = 0; value < 100; value++) ring.push(value);
    for (let value = 0; value < 100; value++) expect(ring.shift()).toBe(value);
    expect(ring.shift()).toBeUndefined();
    expect(ring.length).toBe(0);
  });

  test('knows every element by its place', () => {
    const ring = new Ring<string>(4);
    for (const value of 'abcdef') ring.push(value);
    ring.shift();
    expect(ring.peek()).toBe('b');
    expect([0, 1, 4].map((index) => ring.at(index))).toEqual(['b', 'c', 'f']);
    expect([-1, 5, 100].map((index) => ring.at(index))).toEqual([undefined, undefined, undefined]);
  });

  test('is empty after clear', () => {
    const ring = new Ring<number>(2);
    for (let value = 0; value < 5; value++) ring.push(value);
    ring.clear();
    expect([ring.length, ring.peek(), ring.shift(), ring.at(0)]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
    ]);
    ring.push(7);
    expect(ring.shift()).toBe(7);
  });

  test('behaves like an array, whatever is done to it', () => {
    const random = new SeededRandom(3);
    const ring = new Ring<number>(1);
    const model: number[] = [];
    for (let step = 0; step < 5000; step++) {
      // Grows and drains in turn, so that the ends meet at every place of the array.
      if (random.chance(step % 1000 < 500 ? 0.7 : 0.3)) {
        ring.push(step);
        model.push(step);
      } else expect(ring.shift()).toBe(model.shift());
      expect(ring.length).toBe(model.length);
      expect(ring.peek()).toBe(model[0]);
      const index = random.below(model.length + 1);
      expect(ring.at(index)).toBe(model[index]);
    }
  });

  test('forgets what it gave back', () => {
    const ring = new Ring<object>(4);
    const held = new WeakRef({});
    ring.push(held.deref()!);
    expect(ring.shift()).toBe(held.deref());
    expect(ring.at(0)).toBeUndefined();
    expect(ring.peek()).toBeUndefined();
  });
});
