import { expect, test } from 'vitest';
import { Backoff } from './backoff.js';

test('waits are random below a limit that doubles up to a cap, and begin anew after a success', () => {
  const backoff = new Backoff(50, 500);
  const limits = [50, 100, 200, 400, 500, 500];
  for (let round = 0; round < 50; round++) {
    for (const limit of limits) {
      const wait = backoff.failed();
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThan(limit);
    }
    backoff.succeeded();
  }
  for (let times = 0; times < 2000; times++) expect(backoff.failed()).toBeLessThan(500);
});
