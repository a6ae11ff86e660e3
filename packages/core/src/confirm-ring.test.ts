import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import type { Confirmable } from './broker-api.js';
import { ConfirmRing } from './confirm-ring.js';

class Waiter implements Confirmable {
  pendingConfirms = 0;
  readonly tokens: number[] = [];

  constructor(readonly whenConfirmed: (token: number) => void = () => {}) {}

  confirmed(token: number): void {
    this.tokens.push(token);
    this.whenConfirmed(token);
  }
}

describe('ConfirmRing', () => {
  test('confirms what is durable, in the order it was asked for', () => {
    const ring = new ConfirmRing();
    const order: string[] = [];
    const left = new Waiter((token) => order.push(`left ${token}`));
    const right = new Waiter((token) => order.push(`right ${token}`));
    ring.push(left, 1, 1);
    ring.push(right, 2, 1);
    ring.push(left, 3, 2);
    expect([left.pendingConfirms, right.pendingConfirms]).toEqual([2, 1]);
    ring.run(0);
    expect(order).toEqual([]);
    ring.run(1);
    expect(order).toEqual(['left 1', 'right 2']);
    expect([left.pendingConfirms, right.pendingConfirms]).toEqual([1, 0]);
    ring.run(5);
    expect(order).toEqual(['left 1', 'right 2', 'left 3']);
  });

  test('never lets a confirm overtake an earlier one', () => {
    const ring = new ConfirmRing();
    const waiter = new Waiter();
    ring.push(waiter, 1, 4);
    ring.push(waiter, 2, 3);
    ring.run(3);
    expect(waiter.tokens).toEqual([]);
    ring.run(4);
    expect(waiter.tokens).toEqual([1, 2]);
  });

  test('takes further confirms from within a confirm', () => {
    const ring = new ConfirmRing();
    const waiter: Waiter = new Waiter((token) => {
      expect(waiter.pendingConfirms).toBe(0);
      if (token < 5) ring.push(waiter, token + 1, token < 3 ? 1 : 2);
    });
    ring.push(waiter, 1, 1);
    ring.run(1);
    expect(waiter.tokens).toEqual([1, 2, 3]);
    ring.run(2);
    expect(waiter.tokens).toEqual([1, 2, 3, 4, 5]);
  });

  test('confirms each once, whatever the commits are', () => {
    const random = new SeededRandom(12);
    const ring = new ConfirmRing();
    const waiter = new Waiter();
    let asked = 0;
    let durable = 0;
    for (let step = 0; step < 3000; step++) {
      if (random.chance(0.8)) ring.push(waiter, asked++, durable + random.between(0, 2));
      else ring.run(++durable);
      expect(waiter.pendingConfirms).toBe(asked - waiter.tokens.length);
    }
    ring.run(durable + 2);
    expect(waiter.tokens).toEqual(Array.from({ length: asked }, (_, token) => token));
  });
});
