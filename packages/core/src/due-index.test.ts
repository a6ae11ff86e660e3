import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { DueIndex } from './due-index.js';

function drain(index: DueIndex): [dueAt: number, number: number][] {
  const drained: [number, number][] = [];
  while (index.length > 0) {
    drained.push([index.nextDueAt, index.next]);
    index.shift();
  }
  return drained;
}

describe('DueIndex', () => {
  test('is empty at first', () => {
    const index = new DueIndex();
    index.shift();
    expect([index.length, index.nextDueAt, index.next]).toEqual([0, Number.POSITIVE_INFINITY, 0]);
  });

  test('gives the earliest first, and among equals the lowest number', () => {
    const index = new DueIndex();
    for (const [dueAt, number] of [
      [30, 1],
      [10, 5],
      [20, 2],
      [10, 3],
      [10, 4],
      [0.5, 6],
    ] as const) {
      index.add(dueAt, number);
    }
    expect(drain(index)).toEqual([
      [0.5, 6],
      [10, 3],
      [10, 4],
      [10, 5],
      [20, 2],
      [30, 1],
    ]);
  });

  test('agrees with a sorted list, growing and shrinking', () => {
    const random = new SeededRandom(5);
    const index = new DueIndex();
    const model: [number, number][] = [];
    for (let step = 1; step <= 20_000; step++) {
      if (random.chance(step % 5000 < 3000 ? 0.7 : 0.25)) {
        const dueAt = random.below(1000);
        index.add(dueAt, step);
        model.push([dueAt, step]);
        model.sort(([left, first], [right, second]) => left - right || first - second);
      } else {
        model.shift();
        index.shift();
      }
      const [dueAt, number] = model[0] ?? [Number.POSITIVE_INFINITY, 0];
      expect([index.length, index.nextDueAt, index.next]).toEqual([model.length, dueAt, number]);
    }
    expect(drain(index)).toEqual(model);
  });
});
