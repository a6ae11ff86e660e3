import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { CommittedMark } from './committed-mark.js';

describe('CommittedMark', () => {
  test('is durable at its initial value', () => {
    const mark = new CommittedMark(7);
    expect([mark.staged, mark.durable(0), mark.commit]).toEqual([7, 7, 0]);
  });

  test('takes effect with the commit it was raised in', () => {
    const mark = new CommittedMark(1);
    mark.raise(5, 1);
    mark.raise(9, 1);
    expect([mark.staged, mark.commit]).toEqual([9, 1]);
    expect([mark.durable(0), mark.durable(1)]).toEqual([1, 9]);
  });

  test('knows the value of the commit being written while the next one is open', () => {
    const mark = new CommittedMark(1);
    mark.raise(5, 3);
    mark.raise(6, 4);
    expect([2, 3, 4].map((commit) => mark.durable(commit))).toEqual([1, 5, 6]);
  });

  test('says what was last durable in any run of commits with one in flight at most', () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = new SeededRandom(seed);
      const mark = new CommittedMark(0);
      /** The value that each commit leaves behind. */
      const valueAfter = [0];
      let durable = 0;
      let inFlight = false;
      let staged = 0;
      for (let step = 0; step < 60; step++) {
        const open = durable + (inFlight ? 2 : 1);
        const action = random.below(3);
        if (action === 0) {
          staged += random.between(1, 5);
          mark.raise(staged, open);
        } else if (action === 1 && !inFlight) {
          valueAfter[open] = staged;
          inFlight = true;
        } else if (action === 2 && inFlight) {
          durable++;
          inFlight = false;
        }
        expect(mark.staged).toBe(staged);
        expect(mark.durable(durable)).toBe(valueAfter[durable]);
      }
    }
  });
});
