import { describe, expect, it } from 'vitest';
import { findPlan, stockPlans } from './stock-plans.js';

describe('stock plans', () => {
  it('can all be run, have limits, and say what they are', () => {
    for (const plan of stockPlans()) {
      expect(plan.limits.writeRto, plan.name).toBeDefined();
      expect(plan.limits.lost, plan.name).toBe(0);
      expect(plan.description, plan.name).toMatch(/\.$/);
      expect(findPlan(plan.name)).toEqual(plan);
    }
  });

  it('has every kind of fault', () => {
    const kinds = new Set(stockPlans().flatMap(({ faults }) => faults.map(({ fault }) => fault)));
    expect([...kinds].sort()).toEqual([
      ...['bandwidth', 'clock-jump', 'cut', 'flapping', 'flip-bit', 'full-disk', 'half-open'],
      ...['kill', 'latency', 'partition', 'pause', 'reboot', 'reset', 'slow-disk', 'stall'],
      ...['storm', 'terminate', 'truncate'],
    ]);
  });

  it('says which there are', () => {
    expect(() => findPlan('explode')).toThrow(
      /no stock plan explode.*\nstock plans: .*kill-active/,
    );
    expect(() => findPlan('./explode')).toThrow(/cannot be read/);
  });
});
