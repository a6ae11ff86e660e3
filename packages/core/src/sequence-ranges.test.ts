import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { SequenceRanges } from './sequence-ranges.js';

/** Compares everything the structure says with a plain set of the same sequences. */
function expectLike(ranges: SequenceRanges, model: Set<number>, limit: number): void {
  let watermark = 1;
  while (model.has(watermark)) watermark++;
  expect(ranges.watermark).toBe(watermark);
  expect(ranges.countAbove).toBe([...model].filter((sequence) => sequence > watermark).length);
  let missing = limit + 1;
  for (let sequence = limit; sequence >= 1; sequence--) {
    const settled = model.has(sequence);
    if (!settled) missing = sequence;
    if (ranges.has(sequence) !== settled) expect.fail(`has(${sequence})`);
    if (ranges.nextMissing(sequence) !== missing) expect.fail(`nextMissing(${sequence})`);
  }
  expectCanonical(ranges);
}

/** Sorted, disjoint, not adjacent, all above the watermark. */
function expectCanonical({ ranges, watermark }: SequenceRanges): void {
  let end = watermark;
  for (let index = 0; index < ranges.length; index += 2) {
    expect(ranges[index]).toBeGreaterThan(index === 0 ? end : end + 1);
    expect(ranges[index + 1]).toBeGreaterThanOrEqual(ranges[index]!);
    end = ranges[index + 1]!;
  }
}

describe('SequenceRanges', () => {
  test('starts empty at 1', () => {
    const ranges = new SequenceRanges();
    expect([ranges.watermark, ranges.countAbove, ranges.ranges]).toEqual([1, 0, []]);
  });

  test('moves the watermark over a gap that closes', () => {
    const ranges = new SequenceRanges();
    for (const sequence of [3, 2, 5, 7, 6]) ranges.add(sequence);
    expect(ranges.ranges).toEqual([2, 3, 5, 7]);
    ranges.add(1);
    expect([ranges.watermark, ranges.ranges, ranges.countAbove]).toEqual([4, [5, 7], 3]);
    ranges.add(4);
    expect([ranges.watermark, ranges.ranges, ranges.countAbove]).toEqual([8, [], 0]);
  });

  test('does not count a sequence twice', () => {
    const ranges = new SequenceRanges();
    for (const sequence of [1, 1, 5, 5, 6, 5]) ranges.add(sequence);
    expect([ranges.watermark, ranges.ranges, ranges.countAbove]).toEqual([2, [5, 6], 2]);
  });

  test('behaves like a set, whatever is added', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new SeededRandom(seed);
      const ranges = new SequenceRanges();
      const model = new Set<number>();
      const limit = random.pick([12, 60, 200]);
      for (let step = 0; step < limit * 2; step++) {
        const sequence = random.between(1, limit);
        ranges.add(sequence);
        model.add(sequence);
        if (step % 5 === 0) expectLike(ranges, model, limit);
      }
    }
  });

  test('is restored from its watermark and ranges', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new SeededRandom(seed);
      const ranges = new SequenceRanges();
      for (let step = 0; step < 60; step++) ranges.add(random.between(1, 100));
      const restored = new SequenceRanges(ranges.watermark, ranges.ranges);
      const model = new Set<number>();
      for (let sequence = 1; sequence <= 100; sequence++) {
        if (ranges.has(sequence)) model.add(sequence);
      }
      expectLike(restored, model, 100);
    }
  });

  test('is restored in a time that does not depend on how much was settled', () => {
    const billion = 1_000_000_000;
    const restored = new SequenceRanges(5, [7, billion, billion + 2, 2 * billion]);
    expect(restored.countAbove).toBe(2 * billion - 7);
    expect(restored.ranges).toEqual([7, billion, billion + 2, 2 * billion]);
    restored.add(5);
    restored.add(6);
    expect(restored.watermark).toBe(billion + 1);
  });
});
