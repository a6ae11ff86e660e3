import { describe, expect, test } from 'vitest';
import { Histogram } from './histogram.js';

describe('Histogram', () => {
  test('knows percentiles within two percent', () => {
    const histogram = new Histogram();
    for (let micros = 1; micros <= 100_000; micros++) histogram.record(micros / 1000);
    for (const percent of [1, 50, 90, 99, 99.9]) {
      const exact = percent;
      expect(Math.abs(histogram.percentileMs(percent) / exact - 1)).toBeLessThan(0.02);
    }
    expect(histogram.maxMs).toBe(100);
    expect(histogram.percentileMs(100)).toBe(100);
    expect(histogram.meanMs).toBeCloseTo(50, 0);
    expect(histogram.count).toBe(100_000);
  });

  test('takes anything', () => {
    const histogram = new Histogram();
    expect(histogram.percentileMs(50)).toBe(0);
    expect(histogram.meanMs).toBe(0);
    histogram.record(-1);
    histogram.record(1e12);
    expect(histogram.maxMs).toBe(1e12);
    expect(histogram.percentileMs(50)).toBeLessThan(0.002);
  });

  test('is exact for one value', () => {
    const histogram = new Histogram();
    histogram.record(12.345);
    expect(histogram.percentileMs(50)).toBeCloseTo(12.345, 6);
    expect(histogram.percentileMs(99.9)).toBeCloseTo(12.345, 6);
  });
});
