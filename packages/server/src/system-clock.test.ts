import { expect, test } from 'vitest';
import { SystemClock } from './system-clock.js';

test('shows the same time until it is refreshed', async () => {
  const clock = new SystemClock();
  const { monotonicMs, wallMs } = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([clock.monotonicMs(), clock.wallMs()]).toEqual([monotonicMs, wallMs]);
  clock.refresh();
  expect(clock.monotonicMs()).toBeGreaterThan(monotonicMs);
});

test('does not go back behind a clock that was ahead, and stays as far ahead', () => {
  const clock = new SystemClock();
  const aheadMs = Date.now() + 3_600_000;
  clock.catchUp(aheadMs);
  expect(clock.wallMs()).toBeGreaterThanOrEqual(aheadMs);
  clock.catchUp(0);
  clock.refresh();
  expect(clock.wallMs()).toBeGreaterThanOrEqual(aheadMs);
});
