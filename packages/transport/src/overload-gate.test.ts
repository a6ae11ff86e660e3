import { describe, expect, it } from 'vitest';
import { OverloadGate } from './overload-gate.js';

class Reader {
  pauses = 0;
  pauseReading(): void {
    this.pauses++;
  }
  resumeReading(): void {
    this.pauses--;
  }
}

describe('OverloadGate', () => {
  it('holds each reader once, and lets all go when the reason is over', () => {
    const reason = { over: false };
    let given: typeof reason | null = null;
    const gate = new OverloadGate<Reader>(() => given);
    const [one, two] = [new Reader(), new Reader()];
    gate.check(one);
    expect(one.pauses).toBe(0);

    given = reason;
    gate.check(one);
    gate.check(one);
    gate.check(two);
    gate.release();
    expect([one.pauses, two.pauses, gate.holds(one)]).toEqual([1, 1, true]);

    reason.over = true;
    gate.release();
    gate.release();
    expect([one.pauses, two.pauses, gate.size, gate.holds(one)]).toEqual([0, 0, 0, false]);
  });

  it('lets each reader go when its own reason is over', () => {
    const [disk, slow] = [{ over: false }, { over: false }];
    let given = disk;
    const gate = new OverloadGate<Reader>(() => given);
    const [one, two] = [new Reader(), new Reader()];
    gate.check(one);
    given = slow;
    gate.check(two);
    slow.over = true;
    gate.release();
    expect([one.pauses, two.pauses]).toEqual([1, 0]);
  });

  it('forgets a reader that is gone', () => {
    const reason = { over: false };
    const gate = new OverloadGate<Reader>(() => reason);
    const reader = new Reader();
    gate.check(reader);
    gate.forget(reader);
    reason.over = true;
    gate.release();
    expect(reader.pauses).toBe(1);
  });
});
