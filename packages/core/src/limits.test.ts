import { describe, expect, test } from 'vitest';
import { createLimits, LIMITS, type LimitDefinition } from './limits.js';

const definitions = Object.entries(LIMITS) as [string, LimitDefinition][];

describe('LIMITS', () => {
  test('are positive whole numbers that say what they bound', () => {
    for (const [name, limit] of definitions) {
      expect(Number.isSafeInteger(limit.default) && limit.default > 0, name).toBe(true);
      expect(limit.describe, name).toMatch(/^[A-Z].*\.$/);
    }
  });

  test('name their unit', () => {
    for (const [name, { unit }] of definitions) {
      if (unit === 'ms') expect(name).toMatch(/Ms(Max)?$/);
      if (unit === 'bytes') expect(name).toMatch(/Bytes(Max|Total)?$/);
    }
  });

  test('fit together', () => {
    const limits = createLimits();
    expect(limits.handshakeBytesMax).toBeLessThanOrEqual(limits.frameBytesMax);
    expect(limits.headerBytesMax).toBeLessThanOrEqual(limits.frameBytesMax);
    expect(limits.queueWindowBytes).toBeLessThanOrEqual(limits.windowBytesTotal);
    expect(limits.prefetchDefault).toBeLessThanOrEqual(limits.prefetchMax);
    expect(limits.receiveMaximum).toBeLessThanOrEqual(65_535);
  });
});

describe('createLimits', () => {
  test('takes the defaults where nothing else was said', () => {
    const limits = createLimits({ queuesMax: 5 });
    expect(limits.queuesMax).toBe(5);
    expect(limits.connectionsMax).toBe(LIMITS.connectionsMax.default);
    expect(Object.keys(limits).sort()).toEqual(Object.keys(LIMITS).sort());
  });
});
