import { describe, expect, test } from 'vitest';
import { IdleWatch } from './idle-watch.js';
import { FakeClient } from './testing/fake-client.js';

const IDLE_MS = 10_000;

function setUp(remoteIdleTimeOutMs: number) {
  const client = new FakeClient({ remoteIdleTimeOutMs, limits: { idleTimeoutMs: IDLE_MS } });
  const watch = new IdleWatch(client.real);
  /** The client says something. */
  const hear = () => {
    watch.heard = true;
  };
  /** Lets seconds pass, in each of which the engine ticks; returns when heart-beats were sent. */
  const pass = (seconds: number, each: (second: number) => void = () => undefined): number[] => {
    const sent: number[] = [];
    for (let second = 1; second <= seconds; second++) {
      each(second);
      client.advance(1000);
      watch.tick(client.nowMs);
      for (const { kind } of client.take()) if (kind === 'empty') sent.push(second);
    }
    return sent;
  };
  return { client, watch, pass, hear };
}

describe('our silence', () => {
  test('2.4.5 a client that asked for nothing is sent nothing', () => {
    const { client, pass, hear } = setUp(0);
    expect(pass(100, hear)).toEqual([]);
    expect(client.timers).toBe(0);
  });

  test('2.4.5 an idle client hears from us at least every half of what it asked for', () => {
    const { pass, hear } = setUp(20_000);
    const sent = pass(60, hear);
    const gaps = sent.map((second, index) => second - (sent[index - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(5);
  });

  test('2.4.5 what is written anyway is as good', () => {
    const { client, pass, hear } = setUp(20_000);
    const busy = () => {
      hear();
      client.wrote = true;
    };
    expect(pass(60, busy)).toEqual([]);
    expect(pass(10, hear).length).toBe(1);
  });

  test.each([100, 1000, 5000, 7999])('2.4.5 an idle-time-out of %d ms is kept exactly', (ms) => {
    const { client, watch } = setUp(ms);
    let lastMs = client.nowMs;
    for (let step = 0; step < 1000; step++) {
      client.advance(10);
      if (client.take().length > 0) lastMs = client.nowMs;
      expect(client.nowMs - lastMs).toBeLessThan(ms);
    }
    watch.stop();
    expect(client.timers).toBe(0);
    client.advance(ms * 10);
    expect(client.take()).toEqual([]);
  });

  test('a client that has ended is sent nothing', () => {
    const { client, pass } = setUp(20_000);
    client.ended = true;
    expect(pass(60)).toEqual([]);
    expect(client.failures).toEqual([]);
  });
});

describe('the silence of the client', () => {
  test('2.4.5 it is given up after idleTimeoutMs', () => {
    const { client, pass } = setUp(0);
    pass(10);
    expect(client.failures).toEqual([]);
    pass(1);
    expect(client.failures).toEqual(['amqp:resource-limit-exceeded']);
  });

  test('2.4.5 anything it says counts', () => {
    const { client, pass, hear } = setUp(0);
    pass(100, (second) => {
      if (second % 9 === 0) hear();
    });
    expect(client.failures).toEqual([]);
  });

  test.each(['held', 'congested'] as const)('it says nothing while its input is %s', (state) => {
    const { client, pass } = setUp(0);
    client.sink[state] = true;
    pass(100);
    expect(client.failures).toEqual([]);
    client.sink[state] = false;
    pass(9);
    expect(client.failures).toEqual([]);
    pass(2);
    expect(client.failures.length).toBeGreaterThan(0);
  });

  test('with idleTimeoutMs 0 it may be silent for ever', () => {
    const client = new FakeClient({ limits: { idleTimeoutMs: 0 } });
    const watch = new IdleWatch(client.real);
    for (let hour = 0; hour < 100; hour++) {
      client.advance(3_600_000);
      watch.tick(client.nowMs);
    }
    expect(client.failures).toEqual([]);
  });
});
