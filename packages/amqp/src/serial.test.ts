import { describe, expect, it } from 'vitest';
import { distance, increment } from './serial.js';

describe('serial numbers (2.8.10, RFC 1982)', () => {
  it('wrap around', () => {
    expect(increment(0xffffffff)).toBe(0);
  });

  it('compare across the wrap', () => {
    expect(distance(2, 0xfffffffe)).toBe(4);
    expect(distance(0xfffffffe, 2)).toBe(-4);
    expect(distance(7, 7)).toBe(0);
    expect(distance(0x80000000, 0)).toBe(-0x80000000);
    expect(distance(0x7fffffff, 0)).toBe(0x7fffffff);
  });
});
