import type { BrokerError } from '@causeway/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type NodeConnection, NodeRegistry } from './node-registry.js';

const RIVAL_MS = 100;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A connection, and what became of it. */
class FakeConnection implements NodeConnection {
  readonly node;
  state: 'waiting' | 'admitted' | 'refused' | 'replaced' = 'waiting';
  reason = '';

  constructor(name: string, instance: string) {
    this.node = { name, instance };
  }

  admitted(): void {
    this.state = 'admitted';
  }

  refuse(error: BrokerError): void {
    this.state = 'refused';
    this.reason = error.code;
  }

  tell(): void {}

  replaced(): void {
    this.state = 'replaced';
  }
}

function setUp(nodesMax = 10) {
  const registry = new NodeRegistry({ rivalMs: RIVAL_MS, nodesMax });
  const enter = (name: string, instance: string): FakeConnection => {
    const connection = new FakeConnection(name, instance);
    registry.enter(connection);
    return connection;
  };
  return { registry, enter };
}

test('names of their own get in, up to a number', () => {
  const { registry, enter } = setUp(2);
  const [a, b, c] = [enter('a', '1'), enter('b', '1'), enter('c', '1')];
  expect([a.state, b.state, c.state]).toEqual(['admitted', 'admitted', 'refused']);
  expect(c.reason).toBe('quota-exceeded');
  registry.leave(a);
  expect(enter('c', '1').state).toBe('admitted');
  expect(registry.all().map(({ node }) => node.name)).toEqual(['b', 'c']);
});

test('the same instance takes the place of its former connection', () => {
  const { registry, enter } = setUp();
  const [before, after] = [enter('a', '1'), enter('a', '1')];
  expect([before.state, after.state]).toEqual(['replaced', 'admitted']);
  registry.leave(before);
  expect(registry.get('a')).toBe(after);
});

test('another instance is refused once the present one is heard of', () => {
  const { registry, enter } = setUp();
  const [present, rival] = [enter('a', '1'), enter('a', '2')];
  expect(rival.state).toBe('waiting');
  expect(enter('a', '3').state).toBe('refused');
  registry.heard(enter('b', '1'));
  expect(rival.state).toBe('waiting');
  registry.heard(present);
  expect([present.state, rival.state, rival.reason]).toEqual([
    'admitted',
    'refused',
    'config-invalid',
  ]);
  vi.advanceTimersByTime(RIVAL_MS);
  expect(registry.get('a')).toBe(present);
});

test('another instance gets the name of one that is silent, or leaves', () => {
  const { registry, enter } = setUp();
  const [first, second] = [enter('a', '1'), enter('a', '2')];
  vi.advanceTimersByTime(RIVAL_MS - 1);
  expect(second.state).toBe('waiting');
  vi.advanceTimersByTime(1);
  expect([first.state, second.state]).toEqual(['replaced', 'admitted']);
  const third = enter('a', '3');
  registry.leave(second);
  expect(third.state).toBe('admitted');
});

test('a rival that gives up, and a region that stops, leave no timer', () => {
  const { registry, enter } = setUp();
  const [present, rival] = [enter('a', '1'), enter('a', '2')];
  registry.leave(rival);
  expect(vi.getTimerCount()).toBe(0);
  enter('a', '3');
  registry.close();
  expect(vi.getTimerCount()).toBe(0);
  expect(registry.get('a')).toBe(present);
});
