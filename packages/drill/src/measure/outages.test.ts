import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../ledger/ledger-event.js';
import { entry, makeHistory } from '../testing/make-history.js';
import { findOutages, lengthOf } from './outages.js';

const MS = 1e6;
const at = (milliseconds: number, what: LedgerEntry) => ({ ...what, t: milliseconds * MS });
const confirmsAt = (...times: number[]) => times.map((time) => at(time, entry.confirm(time)));

/** Rounds begin at 1000 and 2000 ms, and the work ends at 3000 ms. */
function writes(...times: number[]): (number | null)[] {
  const faults = [
    at(1000, entry.fault(1)),
    at(2000, entry.fault(2)),
    at(3000, entry.phase('drain')),
  ];
  const timed = [...confirmsAt(...times), ...faults].sort((a, b) => a.t - b.t);
  const history = makeHistory([at(1, entry.producer()), ...timed]);
  return findOutages(history).writes.map(lengthOf);
}

const steady = (from: number, to: number) =>
  Array.from({ length: (to - from) / 100 + 1 }, (_, index) => from + index * 100);

describe('findOutages', () => {
  it('takes the longest silence of each round', () => {
    expect(writes(...steady(100, 1000), ...steady(1400, 2000), ...steady(2600, 3000))).toEqual([
      400, 600,
    ]);
  });

  it('counts a silence that began a moment before the fault was written down', () => {
    expect(writes(...steady(100, 990), ...steady(1500, 3000))[0]).toBe(600);
  });

  it('leaves the silence after the next fault to the next round', () => {
    expect(writes(...steady(100, 1990), ...steady(2890, 3000))).toEqual([100, 900 + 90]);
  });

  it('says so when nothing came any more', () => {
    expect(writes(...steady(100, 1900))).toEqual([100, null]);
  });
});
