import { describe, expect, test } from 'vitest';
import { createLimits } from './limits.js';
import type { Message } from './message.js';
import { QueueWindow } from './queue-window.js';

const message = (size: number, expiresAt = 0) => ({ size, expiresAt }) as Message;
const SMALL = message(0);

function createWindow(overrides = {}) {
  const total = { windowBytes: 0 };
  const window = new QueueWindow(createLimits(overrides), total);
  const add = (count: number) => {
    for (; count > 0; count--) window.add(SMALL);
  };
  return { window, total, add };
}

describe('QueueWindow', () => {
  test('is full at its number of messages and low at half of it', () => {
    const { window, add } = createWindow({ queueWindowMessages: 10 });
    add(5);
    expect([window.full, window.low]).toEqual([false, true]);
    add(1);
    expect([window.full, window.low]).toEqual([false, false]);
    add(4);
    expect([window.full, window.low, window.messages]).toEqual([true, false, 10]);
    window.remove(SMALL);
    expect(window.full).toBe(false);
  });

  test('counts a body and what it takes to remember it', () => {
    const { window, total } = createWindow({ queueWindowBytes: 10_000 });
    window.add(message(9000));
    expect(window.full).toBe(false);
    window.add(message(900));
    expect([window.full, window.low]).toEqual([true, false]);
    expect(total.windowBytes).toBeGreaterThan(9900);
    window.remove(message(9000));
    window.remove(message(900));
    expect([total.windowBytes, window.messages]).toEqual([0, 0]);
  });

  test('is small when all queues together use too much', () => {
    const { window, total, add } = createWindow({ windowBytesTotal: 1000 });
    total.windowBytes = 1000;
    add(63);
    expect(window.full).toBe(false);
    add(1);
    expect(window.full).toBe(true);
    total.windowBytes = 0;
    expect(window.full).toBe(false);
  });

  test('bounds what is not stored by a limit of its own, and warns before', () => {
    const { window, add } = createWindow({
      queueWindowMessages: 10,
      transientMessagesMax: 100,
      pacingMessages: 25,
    });
    add(25);
    expect([window.full, window.behind, window.transientFull]).toEqual([true, false, false]);
    add(1);
    expect([window.behind, window.transientFull]).toEqual([true, false]);
    add(74);
    expect(window.transientFull).toBe(true);
    const bytes = createWindow({ transientBytesMax: 1000, pacingBytes: 500 }).window;
    bytes.add(message(800));
    expect([bytes.behind, bytes.transientFull]).toEqual([true, true]);
  });

  test('knows whether anything in it expires', () => {
    const { window, add } = createWindow();
    add(3);
    expect(window.expires).toBe(false);
    window.add(message(1, 99));
    expect(window.expires).toBe(true);
    window.remove(SMALL);
    window.remove(message(1, 99));
    expect(window.expires).toBe(false);
  });
});
