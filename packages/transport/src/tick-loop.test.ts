import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { TickLoop } from './tick-loop.js';

function loopThatRecords() {
  const calls: string[] = [];
  const state = { onTurn: () => {}, serving: true };
  const loop = new TickLoop({
    refresh: () => calls.push('refresh'),
    turn: () => {
      calls.push('turn');
      state.onTurn();
    },
    serving: () => state.serving,
  });
  const flushable = (name: string) => ({ flushNow: () => calls.push(name) });
  return { calls, flushable, loop, state };
}

describe('TickLoop', () => {
  it('runs one turn however often it is asked for', async () => {
    const { calls, loop } = loopThatRecords();
    loop.request();
    loop.request();
    expect(calls).toEqual([]);
    await immediate();
    await immediate();
    expect(calls).toEqual(['refresh', 'turn']);
  });

  it('flushes after the turn, what became dirty in it included', async () => {
    const { calls, flushable, loop, state } = loopThatRecords();
    loop.add(flushable('early'));
    loop.afterTurn(() => calls.push('after'));
    state.onTurn = () => {
      state.onTurn = () => {};
      loop.add(flushable('late'));
    };
    await immediate();
    expect(calls).toEqual(['refresh', 'turn', 'after', 'early', 'late']);
  });

  it('lets nothing leave while it may not serve', async () => {
    const { calls, flushable, loop, state } = loopThatRecords();
    state.serving = false;
    loop.add(flushable('held'));
    await immediate();
    expect(calls).toEqual(['refresh', 'turn']);
  });

  it('runs another turn for what is asked for during one', async () => {
    const { calls, flushable, loop, state } = loopThatRecords();
    loop.add({ flushNow: () => loop.add(flushable('second')) });
    state.onTurn = () => {
      state.onTurn = () => {};
      loop.request();
    };
    await immediate();
    expect(calls).toEqual(['refresh', 'turn']);
    await immediate();
    expect(calls).toEqual(['refresh', 'turn', 'refresh', 'turn', 'second']);
    await immediate();
    expect(calls).toHaveLength(5);
  });
});
