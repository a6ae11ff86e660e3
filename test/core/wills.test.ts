import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';
import type { MessageOptions } from '../support/test-message.js';
import { closeSession, type HeldSession, MINUTE_MS, openSession } from '../support/test-session.js';

interface WillOptions extends MessageOptions {
  readonly sessionExpiryMs?: number;
  readonly delayMs?: number;
  readonly willExpiryMs?: number;
}

/** Opens a session with a will, and a stored subscription that shows whether it was sent. */
function openWithWill(world: TestBroker, options: WillOptions = {}): HeldSession {
  const { sessionExpiryMs = MINUTE_MS, delayMs = 0, willExpiryMs = 0 } = options;
  world.subscribe('wills', { name: 'watcher', durable: true });
  const opened = openSession(world, { expiryMs: sessionExpiryMs });
  const message = world.message('topic://wills', 'gone', options);
  world.broker.setWill(opened.session, { message, delayMs, expiryMs: willExpiryMs });
  world.run();
  return opened;
}

/** The connection breaks. */
function close(world: TestBroker, held: HeldSession, discardWill = false): void {
  closeSession(world, held, discardWill);
}

/** How often the will was sent so far. */
function sent(world: TestBroker): number {
  return world.broker.findSubscriptionQueue('watcher')!.length;
}

describe('a will', () => {
  test('is sent when the connection ends without saying so', async () => {
    const world = await createTestBroker();
    close(world, openWithWill(world));
    expect(sent(world)).toBe(1);
    world.advance(2 * MINUTE_MS);
    expect(sent(world)).toBe(1);
  });

  test('is not sent when the client says goodbye', async () => {
    const world = await createTestBroker();
    close(world, openWithWill(world), true);
    world.advance(2 * MINUTE_MS);
    expect(sent(world)).toBe(0);
    await world.crash();
    expect(sent(world)).toBe(0);
  });

  test('is not sent when it was taken back, nor when it was replaced', async () => {
    const world = await createTestBroker();
    const first = openWithWill(world);
    const message = world.message('topic://wills', 'newer');
    world.broker.setWill(first.session, { message, delayMs: 0, expiryMs: 0 });
    close(world, first);
    const consumer = world.consume(world.broker.findSubscriptionQueue('watcher')!);
    world.run();
    expect(consumer.texts).toEqual(['newer']);
    const second = openSession(world);
    world.broker.setWill(second.session, null);
    close(world, second);
    expect(consumer.texts).toEqual(['newer']);
  });

  test('is sent after its delay, unless the client comes back', async () => {
    for (const [returns, times] of [
      [true, 0],
      [false, 1],
    ] as const) {
      const world = await createTestBroker();
      close(world, openWithWill(world, { delayMs: 10_000 }));
      world.advance(9999);
      expect(sent(world)).toBe(0);
      if (returns) openSession(world);
      world.advance(1);
      expect(sent(world)).toBe(times);
    }
  });

  test('is sent when the session ends, even if its delay is longer', async () => {
    // [MQTT-3.1.2-8]
    const world = await createTestBroker();
    close(world, openWithWill(world, { delayMs: 2 * MINUTE_MS }));
    world.advance(MINUTE_MS);
    expect(sent(world)).toBe(1);
    world.advance(5 * MINUTE_MS);
    expect(sent(world)).toBe(1);
  });

  test('is sent at once with a delay when its session ends with the connection', async () => {
    const world = await createTestBroker();
    close(world, openWithWill(world, { sessionExpiryMs: 0, delayMs: 10_000 }));
    expect(sent(world)).toBe(1);
  });

  test('is sent when a clean session takes over', async () => {
    // [MQTT-3.1.4-3]: the former session ends, and with it the wait.
    const world = await createTestBroker();
    close(world, openWithWill(world, { delayMs: 10_000 }));
    openSession(world, { clean: true, expiryMs: 0 });
    world.run();
    expect(sent(world)).toBe(1);
  });

  test('without a delay is sent when its session is taken over', async () => {
    const world = await createTestBroker();
    openWithWill(world);
    openSession(world);
    world.run();
    expect(sent(world)).toBe(1);
  });

  test('is kept by its topic when it asks for that, and expires', async () => {
    const world = await createTestBroker();
    close(world, openWithWill(world, { retain: true, willExpiryMs: 5000 }));
    const find = () => {
      const found: number[] = [];
      world.broker.retained('wills', ({ expiresAt }) => found.push(expiresAt - world.clock.nowMs));
      return found;
    };
    expect(find()).toEqual([5000]);
    world.advance(5000);
    expect(find()).toEqual([]);
  });

  test('that cannot be sent is reported, and the session still ends', async () => {
    const world = await createTestBroker({
      policies: [{ destination: 'queue://>', autoCreate: false }],
    });
    const held = openSession(world, { expiryMs: 0 });
    const message = world.message('queue://missing', 'gone');
    world.broker.setWill(held.session, { message, delayMs: 0, expiryMs: 0 });
    close(world, held);
    expect(world.logLines.map(({ event }) => event)).toEqual(['will-not-sent']);
    expect(world.broker.sessionCount).toBe(0);
  });
});

describe('a will over a crash', () => {
  test.each([
    ['of a session that is kept', MINUTE_MS],
    ['of a session that ends with its connection', 0],
  ])('%s is sent once, since the connection is gone', async (_, sessionExpiryMs) => {
    const world = await createTestBroker();
    openWithWill(world, { sessionExpiryMs });
    await world.crash();
    world.advance(1);
    expect(sent(world)).toBe(1);
    for (let start = 0; start < 3; start++) {
      await world.crash();
      world.advance(1);
      expect(sent(world)).toBe(1);
    }
  });

  test('waits for its delay from the crash on, and is sent once', async () => {
    const world = await createTestBroker();
    openWithWill(world, { delayMs: 10_000 });
    await world.crash();
    world.advance(9999);
    expect(sent(world)).toBe(0);
    world.advance(1);
    expect(sent(world)).toBe(1);
    await world.crash();
    world.advance(MINUTE_MS);
    expect(sent(world)).toBe(1);
  });

  test('is sent once when its delay ran out while the broker was down', async () => {
    const world = await createTestBroker();
    close(world, openWithWill(world, { delayMs: 10_000 }));
    for (let start = 0; start < 3; start++) {
      await world.crash({ downMs: 15_000 });
      world.advance(1);
      expect(sent(world)).toBe(1);
    }
  });

  test('is not lost in a second crash right after the first', async () => {
    for (const sessionExpiryMs of [0, MINUTE_MS]) {
      const world = await createTestBroker();
      openWithWill(world, { sessionExpiryMs, delayMs: 5000 });
      for (let start = 0; start < 3; start++) {
        world.autoCommit = false;
        await world.crash();
        world.autoCommit = true;
        await world.crash();
      }
      world.advance(5000);
      expect(sent(world)).toBe(1);
    }
  });

  test('does not hold back the client: it may come back before the delay', async () => {
    const world = await createTestBroker();
    openWithWill(world, { delayMs: 10_000 });
    await world.crash();
    expect(openSession(world).present).toBe(true);
    world.advance(MINUTE_MS);
    expect(sent(world)).toBe(0);
    await world.crash();
    world.advance(MINUTE_MS);
    expect(sent(world)).toBe(0);
  });
});
