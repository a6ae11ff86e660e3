import { BrokerError } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { flowSettings, PLAIN } from './flow-settings.js';
import { parseToxics, TOXICS } from './toxic.js';

describe('a toxic', () => {
  test('has a direction, or both, and defaults', () => {
    expect(
      parseToxics({ type: 'latency', direction: 'upstream', attributes: { latency: 5 } }),
    ).toEqual([{ type: 'latency', direction: 'upstream', attributes: { latency: 5, jitter: 0 } }]);
    expect(parseToxics({ type: 'half_open' }).map(({ direction }) => direction)).toEqual([
      'upstream',
      'downstream',
    ]);
    expect(parseToxics({ type: 'down' })).toHaveLength(1);
  });

  test.each<[unknown, RegExp]>([
    [null, /a toxic must be an object/],
    [{}, /type must be one of down, latency/],
    [{ type: 'toString' }, /type must be one of/],
    [{ type: 'down', name: 'x' }, /a toxic has no name/],
    [{ type: 'down', direction: 'sideways' }, /direction must be upstream, downstream or both/],
    [{ type: 'latency', attributes: { delay: 1 } }, /latency has no attribute delay/],
    [{ type: 'latency', attributes: { latency: -1 } }, /latency must be a number from 0 to/],
    [{ type: 'latency', attributes: { latency: '1' } }, /latency must be a number/],
    [{ type: 'bandwidth', attributes: [] }, /attributes must be an object/],
  ])('%j is refused', (input, message) => {
    expect(() => parseToxics(input)).toThrow(message);
    expect(() => parseToxics(input)).toThrow(BrokerError);
  });
});

test('toxics of a direction come together, and others do not count', () => {
  expect(flowSettings([], 'upstream')).toBe(PLAIN);
  const toxics = [
    ...parseToxics({ type: 'latency', direction: 'upstream', attributes: { latency: 5 } }),
    ...parseToxics({ type: 'bandwidth', direction: 'upstream', attributes: { rate: 1000 } }),
    ...parseToxics({ type: 'half_open', direction: 'downstream' }),
  ];
  expect(flowSettings(toxics, 'upstream')).toEqual({
    ...PLAIN,
    plain: false,
    latencyMs: 5,
    bytesPerMs: 1024,
  });
  expect(flowSettings(toxics, 'downstream').vanish).toBe(true);
  for (const type of Object.keys(TOXICS)) {
    expect(() => flowSettings(parseToxics({ type }), 'upstream')).not.toThrow();
  }
});
