import { createLimits } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { HeartBeat, planHeartBeat } from './heart-beat.js';

const limits = createLimits({ heartBeatMs: 10_000, heartBeatGraceFactor: 2 });

describe('the agreed intervals', () => {
  test.each([
    [undefined, 0, 0],
    ['0,0', 0, 0],
    ['5000,0', 0, 10_000],
    ['30000,0', 0, 30_000],
    ['0,5000', 10_000, 0],
    ['0,60000', 60_000, 0],
    ['10000, 10000', 10_000, 10_000],
  ])('%s', (header, sendMs, expectMs) => {
    expect(planHeartBeat(header, limits)).toEqual({ sendMs, expectMs });
  });

  test('are none when the broker is told not to', () => {
    expect(planHeartBeat('1000,1000', createLimits({ heartBeatMs: 0 }))).toEqual({
      sendMs: 0,
      expectMs: 0,
    });
  });

  test.each(['', '1', '1,2,3', '-1,0', 'a,b', '1.5,0', ','])('%j is malformed', (header) => {
    expect(() => planHeartBeat(header, limits)).toThrow('two numbers');
  });
});

describe('the watch', () => {
  test('beats before the interval ends when nothing else was sent', () => {
    const beat = new HeartBeat({ sendMs: 10_000, expectMs: 0 }, limits, 0);
    let last = 0;
    for (let now = 1000; now <= 60_000; now += 1000) {
      if (beat.check(now, false, false, false) !== 'beat') continue;
      expect(now - last).toBeLessThanOrEqual(9000);
      expect(now - last).toBeGreaterThan(7000);
      last = now;
    }
    expect(last).toBeGreaterThan(50_000);
  });

  test('does not beat while messages flow', () => {
    const beat = new HeartBeat({ sendMs: 10_000, expectMs: 0 }, limits, 0);
    for (let now = 1000; now <= 60_000; now += 1000) {
      expect(beat.check(now, false, true, false)).toBe('nothing');
    }
  });

  test('gives up after the silence that the grace factor allows', () => {
    const beat = new HeartBeat({ sendMs: 0, expectMs: 10_000 }, limits, 0);
    for (let now = 1000; now <= 21_000; now += 1000) {
      expect(beat.check(now, false, false, false)).toBe('nothing');
    }
    expect(beat.check(21_001, true, false, false)).toBe('nothing');
    expect(beat.check(42_001, false, false, false)).toBe('nothing');
    expect(beat.check(42_002, false, false, false)).toBe('silent');
  });

  test('is patient while the broker itself keeps the client from being heard', () => {
    const beat = new HeartBeat({ sendMs: 0, expectMs: 10_000 }, limits, 0);
    expect(beat.check(200_000, false, false, true)).toBe('nothing');
    expect(beat.check(210_001, false, false, true)).toBe('silent');
  });

  test('of short intervals needs a timer', () => {
    expect(new HeartBeat({ sendMs: 10_000, expectMs: 1 }, limits, 0).needsTimer).toBe(false);
    const short = new HeartBeat({ sendMs: 400, expectMs: 0 }, limits, 0);
    expect(short.needsTimer).toBe(true);
    expect(short.checkEveryMs).toBe(100);
  });
});
