import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { Deadlines } from './deadlines.js';

describe('Deadlines', () => {
  test('run when they are due, not before', () => {
    const deadlines = new Deadlines();
    const ran: string[] = [];
    deadlines.add(10, () => ran.push('ten'));
    expect(deadlines.next).toBe(10);
    deadlines.advance(9);
    expect(ran).toEqual([]);
    deadlines.advance(10);
    expect(ran).toEqual(['ten']);
    expect(deadlines.next).toBe(Number.POSITIVE_INFINITY);
    deadlines.advance(100);
    expect(ran).toEqual(['ten']);
  });

  test('run by time, and at the same time by the order they were added', () => {
    const random = new SeededRandom(9);
    const deadlines = new Deadlines();
    const ran: [number, number][] = [];
    for (let index = 0; index < 500; index++) {
      const at = random.below(50);
      deadlines.add(at, () => ran.push([at, index]));
    }
    deadlines.advance(50);
    const sorted = [...ran].sort((left, right) => left[0] - right[0] || left[1] - right[1]);
    expect(ran).toEqual(sorted);
    expect(ran.length).toBe(500);
  });

  test('do not run once they are cancelled', () => {
    const deadlines = new Deadlines();
    const ran: string[] = [];
    const cancel = deadlines.add(5, () => ran.push('cancelled'));
    deadlines.add(5, () => ran.push('kept'));
    cancel();
    cancel();
    deadlines.advance(5);
    cancel();
    expect(ran).toEqual(['kept']);
  });

  test('may cancel and add others while they run', () => {
    const deadlines = new Deadlines();
    const ran: string[] = [];
    const cancel = deadlines.add(2, () => ran.push('two'));
    deadlines.add(1, () => {
      ran.push('one');
      cancel();
      deadlines.add(2, () => ran.push('added'));
      deadlines.add(9, () => ran.push('later'));
    });
    deadlines.advance(3);
    expect(ran).toEqual(['one', 'added']);
    expect(deadlines.next).toBe(9);
  });

  test('that were cancelled do not pile up until they would have been due', () => {
    const deadlines = new Deadlines();
    deadlines.add(1000, () => {});
    for (let round = 0; round < 10_000; round++) deadlines.add(1_000_000, () => {})();
    expect(deadlines.length).toBeLessThan(1000);
  });

  test('keep their order when cancelled ones are thrown out', () => {
    const random = new SeededRandom(10);
    const deadlines = new Deadlines();
    const wanted: number[] = [];
    const ran: number[] = [];
    for (let index = 0; index < 5000; index++) {
      const at = random.below(1000) * 10_000 + index;
      const cancel = deadlines.add(at, () => ran.push(at));
      if (random.chance(0.9)) cancel();
      else wanted.push(at);
    }
    deadlines.advance(Number.MAX_SAFE_INTEGER);
    expect(ran).toEqual(wanted.sort((left, right) => left - right));
  });
});
