import { describe, expect, test } from 'vitest';
import { createTestBroker } from '../support/test-broker.js';
import { closeSession, MINUTE_MS, openSession, STORING } from '../support/test-session.js';

describe('a session', () => {
  test('is new the first time and found again while it lives', async () => {
    const world = await createTestBroker();
    const first = openSession(world);
    expect(first.present).toBe(false);
    world.broker.bind(first.session.queue, 't', STORING);
    closeSession(world, first);
    world.publish('topic://t', 'while away');
    const second = openSession(world);
    expect([second.present, second.session]).toEqual([true, first.session]);
    const consumer = world.consume(second.session.queue);
    world.run();
    expect(consumer.texts).toEqual(['while away']);
  });

  test('is found after a crash with its subscriptions, messages and slots', async () => {
    const world = await createTestBroker();
    const first = openSession(world);
    world.broker.bind(first.session.queue, 'a.*', STORING);
    world.broker.putSlot(first.session, 1, Buffer.from('one'));
    world.broker.putSlot(first.session, 2, Buffer.from('two'));
    world.broker.putSlot(first.session, 2, null);
    world.publish('topic://a.b', 'before');
    world.run();
    await world.crash();
    const second = openSession(world);
    expect([second.present, [...second.session.slots.keys()]]).toEqual([true, [1]]);
    expect(second.session.slots.get(1)?.toString()).toBe('one');
    world.publish('topic://a.c', 'after');
    const consumer = world.consume(second.session.queue);
    world.run();
    expect(consumer.texts).toEqual(['before', 'after']);
  });

  test('is thrown away when a clean one is asked for', async () => {
    const world = await createTestBroker();
    const first = openSession(world);
    world.broker.bind(first.session.queue, 't', STORING);
    world.broker.putSlot(first.session, 1, Buffer.from('one'));
    closeSession(world, first);
    world.publish('topic://t', 'lost');
    const second = openSession(world, { clean: true });
    expect([second.present, second.session.slots.size]).toEqual([false, 0]);
    expect(world.publish('topic://t', 'x')).toBe(0);
    world.run();
    await world.crash();
    const third = openSession(world);
    expect([third.present, third.session.queue.length]).toEqual([true, 0]);
    expect(world.broker.sessionCount).toBe(1);
  });

  test('without expiry ends with its connection and leaves nothing in the store', async () => {
    const world = await createTestBroker();
    const { session, owner } = openSession(world, { expiryMs: 0 });
    world.broker.bind(session.queue, 't', STORING);
    closeSession(world, { session, owner });
    expect([world.broker.sessionCount, world.broker.queueCount]).toEqual([0, 0]);
    expect(openSession(world, { expiryMs: 0 }).present).toBe(false);
    await world.crash();
    expect([world.broker.sessionCount, world.broker.queueCount]).toEqual([0, 0]);
  });

  test('that was kept is resumed by a connection that does not keep it, and ends with it', async () => {
    // [MQTT-3.1.2-5]: without Clean Start the session is resumed, whatever its new expiry.
    const world = await createTestBroker();
    const first = openSession(world);
    world.broker.bind(first.session.queue, 't', STORING);
    closeSession(world, first);
    world.publish('topic://t', 'kept');
    world.run();
    const second = openSession(world, { expiryMs: 0 });
    expect(second.present).toBe(true);
    const consumer = world.consume(second.session.queue);
    world.run();
    expect(consumer.texts).toEqual(['kept']);
    closeSession(world, second);
    expect([world.broker.sessionCount, world.broker.queueCount]).toEqual([0, 0]);
    await world.crash();
    expect(openSession(world).present).toBe(false);
  });

  test('that ends with its connection does not outlive a crash', async () => {
    const world = await createTestBroker();
    closeSession(world, openSession(world));
    openSession(world, { expiryMs: 0 });
    world.run();
    await world.crash();
    expect([world.broker.sessionCount, world.broker.queueCount]).toEqual([0, 0]);
  });
});

describe('the expiry of a session', () => {
  test('counts from the end of its connection', async () => {
    const world = await createTestBroker();
    const first = openSession(world);
    world.advance(10 * MINUTE_MS);
    closeSession(world, first);
    world.advance(MINUTE_MS - 1);
    const second = openSession(world);
    expect(second.present).toBe(true);
    closeSession(world, second);
    world.advance(MINUTE_MS);
    expect([world.broker.sessionCount, world.broker.queueCount]).toEqual([0, 0]);
  });

  test('goes on while the broker is down', async () => {
    for (const [downMs, present] of [
      [MINUTE_MS - 2000, true],
      [MINUTE_MS, false],
    ] as const) {
      const world = await createTestBroker();
      const first = openSession(world);
      closeSession(world, first);
      world.advance(1000);
      await world.crash({ downMs });
      expect(openSession(world).present).toBe(present);
    }
  });

  test('starts with a crash for a client that was connected', async () => {
    const world = await createTestBroker();
    openSession(world);
    world.run();
    await world.crash({ downMs: 10 * MINUTE_MS });
    world.advance(MINUTE_MS - 1);
    expect(world.broker.sessionCount).toBe(1);
    world.advance(1);
    expect(world.broker.sessionCount).toBe(0);
  });

  test('may be changed while connected, also to its end', async () => {
    const world = await createTestBroker();
    const first = openSession(world);
    world.broker.changeExpiry(first.session, 2 * MINUTE_MS);
    closeSession(world, first);
    world.advance(MINUTE_MS + 1);
    const second = openSession(world);
    expect(second.present).toBe(true);
    world.broker.changeExpiry(second.session, 0);
    closeSession(world, second);
    expect(world.broker.sessionCount).toBe(0);
  });

  test('is bounded by a limit', async () => {
    const world = await createTestBroker({ limits: { sessionExpiryMsMax: 1000 } });
    closeSession(world, openSession(world, { expiryMs: Number.POSITIVE_INFINITY }));
    world.advance(1000);
    expect(world.broker.sessionCount).toBe(0);
  });

  test('may be never', async () => {
    const limits = { sessionExpiryMsMax: Number.POSITIVE_INFINITY };
    const world = await createTestBroker({ limits });
    closeSession(world, openSession(world, { expiryMs: Number.POSITIVE_INFINITY }));
    await world.crash({ downMs: 1e12 });
    world.advance(1e12);
    expect(openSession(world).present).toBe(true);
  });
});

test('messages that need not survive are not kept for a client that is away', async () => {
  const world = await createTestBroker({ limits: { queueWindowMessages: 5 } });
  const first = openSession(world);
  world.broker.bind(first.session.queue, 't', STORING);
  closeSession(world, first);
  for (let number = 0; number < 20; number++) {
    world.publish('topic://t', `durable ${number}`);
    world.publish('topic://t', `transient ${number}`, { durable: false });
  }
  world.run();
  expect(first.session.queue.length).toBe(20);
  const consumer = world.consume(openSession(world).session.queue);
  world.run();
  expect(consumer.texts).toEqual(Array.from({ length: 20 }, (_, number) => `durable ${number}`));
});
