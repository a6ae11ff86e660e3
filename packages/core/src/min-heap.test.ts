import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { MinHeap } from './min-heap.js';

describe('MinHeap', () => {
  test('is empty at first', () => {
    const heap = new MinHeap<number>((left, right) => left < right);
    expect([heap.length, heap.peek(), heap.pop(), heap.length]).toEqual([
      0,
      undefined,
      undefined,
      0,
    ]);
  });

  test('gives the smallest first, whatever the order of pushes and pops', () => {
    const random = new SeededRandom(8);
    const heap = new MinHeap<number>((left, right) => left < right);
    let model: number[] = [];
    for (let step = 0; step < 4000; step++) {
      if (random.chance(step % 1000 < 500 ? 0.7 : 0.3)) {
        const value = random.below(100);
        heap.push(value);
        model.push(value);
        model.sort((left, right) => left - right);
      } else {
        expect(heap.pop()).toBe(model[0]);
        model = model.slice(1);
      }
      expect(heap.peek()).toBe(model[0]);
      expect(heap.length).toBe(model.length);
    }
  });

  test('orders by what it was told', () => {
    const heap = new MinHeap<string>((left, right) => left.length > right.length);
    for (const text of ['a', 'aaa', 'aa']) heap.push(text);
    expect([heap.pop(), heap.pop(), heap.pop()]).toEqual(['aaa', 'aa', 'a']);
  });
});
