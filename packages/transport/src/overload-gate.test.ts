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
  it('holds each reader once, and lets all go when the broker has caught up', () => {
    let overloaded = false;
    const gate = new OverloadGate<Reader>(() => overloaded);
    const [one, two] = [new Reader(), new Reader()];
    gate.check(one);
    expect(one.pauses).toBe(0);

    overloaded = true;
    gate.check(one);
    gate.check(one);
    gate.check(two);
    gate.release();
    expect([one.pauses, two.pauses]).toEqual([1, 1]);

    overloaded = false;
    gate.release();
    gate.release();
    expect([one.pauses, two.pauses, gate.size]).toEqual([0, 0, 0]);
  });

  it('forgets a reader that is gone', () => {
    let overloaded = true;
    const gate = new OverloadGate<Reader>(() => overloaded);
    const reader = new Reader();
    gate.check(reader);
    gate.forget(reader);
    overloaded = false;
    gate.release();
    expect(reader.pauses).toBe(1);
  });
});
