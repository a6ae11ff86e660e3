import type { Session, SessionOwner } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';

class Owner implements SessionOwner {
  taken = 0;

  constructor(readonly whenTaken: () => void = () => {}) {}

  sessionTaken(): void {
    this.taken++;
    this.whenTaken();
  }
}

interface OpenOptions {
  readonly name?: string;
  readonly owner?: SessionOwner;
  readonly clean?: boolean;
  readonly expiryMs?: number;
}

const MINUTE_MS = 60_000;
const BINDING = { noLocal: false, durable: true, data: {} };

function open(world: TestBroker, options: OpenOptions = {}) {
  const { name = 's', owner = new Owner(), clean = false, expiryMs = MINUTE_MS } = options;
  const opened = world.broker.openSession({ name, owner, clean, expiryMs });
  return { ...opened, owner };
}

function close(world: TestBroker, { session, owner }: { session: Session; owner: SessionOwner }) {
  world.broker.closeSession(session, owner, { discardWill: true });
  world.run();
}

describe('a session', () => {
  test('is new the first time and found again while it lives', async () => {
    const world = await createTestBroker();
    const first = open(world);
    expect(first.present).toBe(false);
    world.broker.bind(first.session.queue, 't', BINDING);
    close(world, first);
    world.publish('topic://t', 'while away');
    const second = open(world);
    expect([second.present, second.session]).toEqual([true, first.session]);
    const consumer = world.consume(second.session.queue);
    world.run();
    expect(consumer.texts).toEqual(['while away']);
  });

  test('is found after a crash with its subscriptions, messages and slots', async () => {
    const world = await createTestBroker();
    const first = open(world);
    world.broker.bind(first.session.queue, 'a.*', BINDING);
    world.broker.putSlot(first.session, 1, Buffer.from('one'));
    world.broker.putSlot(first.session, 2, Buffer.from('two'));
    world.broker.putSlot(first.session, 2, null);
    world.publish('topic://a.b', 'before');
    world.run();
    await world.crash();
    const second = open(world);
    expect([second.present, [...second.session.slots.keys()]]).toEqual([true, [1]]);
    expect(second.session.slots.get(1)?.toString()).toBe('one');
    world.publish('topic://a.c', 'after');
    const consumer = world.consume(second.session.queue);
    world.run();
    expect(consumer.texts).toEqual(['before', 'after']);
  });

  test('is thrown away when a clean one is asked for', async () => {
    const world = await createTestBroker();
    const first = open(world);
    world.broker.bind(first.session.queue, 't', BINDING);
    world.broker.putSlot(first.session, 1, Buffer.from('one'));
    close(world, first);
    world.publish('topic://t', 'lost');
    const second = open(world, { clean: true });
    expect([second.present, second.session.slots.size]).toEqual([false, 0]);
    expect(world.publish('topic://t', 'x')).toBe(0);
    world.run();
    await world.crash();
    const third = open(world);
    expect([third.present, third.session.queue.length]).toEqual([true, 0]);
    expect(world.broker.sessionCount).toBe(1);
  });

  test('without expiry ends with its connection and leaves nothing in the store', async () => {
    const world = await createTestBroker();
    const { session, owner } = open(world, { expiryMs: 0 });
    world.broker.bind(session.queue, 't', BINDING);
    close(world, { session, owner });
    expect([world.broker.sessionCount, world.broker.queueCount]).toEqual([0, 0]);
    expect(open(world, { expiryMs: 0 }).present).toBe(false);
    await world.crash();
    expect([world.broker.sessionCount, world.broker.queueCount]).toEqual([0, 0]);
  });

  test('that was kept is resumed by a connection that does not keep it, and ends with it', async () => {
    // [MQTT-3.1.2-5]: without Clean Start the session is resumed, whatever its new expiry.
    const world = await createTestBroker();
    const first = open(world);
    world.broker.bind(first.session.queue, 't', BINDING);
    close(world, first);
    world.publish('topic://t', 'kept');
    world.run();
    const second = open(world, { expiryMs: 0 });
    expect(second.present).toBe(true);
    const consumer = world.consume(second.session.queue);
    world.run();
    expect(consumer.texts).toEqual(['kept']);
    close(world, second);
    expect([world.broker.sessionCount, world.broker.queueCount]).toEqual([0, 0]);
    await world.crash();
    expect(open(world).present).toBe(false);
  });

  test('that ends with its connection does not outlive a crash', async () => {
    const world = await createTestBroker();
    close(world, open(world));
    open(world, { expiryMs: 0 });
    world.run();
    await world.crash();
    expect([world.broker.sessionCount, world.broker.queueCount]).toEqual([0, 0]);
  });
});

describe('the expiry of a session', () => {
  test('counts from the end of its connection', async () => {
    const world = await createTestBroker();
    const first = open(world);
    world.advance(10 * MINUTE_MS);
    close(world, first);
    world.advance(MINUTE_MS - 1);
    const second = open(world);
    expect(second.present).toBe(true);
    close(world, second);
    world.advance(MINUTE_MS);
    expect([world.broker.sessionCount, world.broker.queueCount]).toEqual([0, 0]);
  });

  test('goes on while the broker is down', async () => {
    for (const [downMs, present] of [
      [MINUTE_MS - 2000, true],
      [MINUTE_MS, false],
    ] as const) {
      const world = await createTestBroker();
      const first = open(world);
      close(world, first);
      world.advance(1000);
      await world.crash({ downMs });
      expect(open(world).present).toBe(present);
    }
  });

  test('starts with a crash for a client that was connected', async () => {
    const world = await createTestBroker();
    open(world);
    world.run();
    await world.crash({ downMs: 10 * MINUTE_MS });
    world.advance(MINUTE_MS - 1);
    expect(world.broker.sessionCount).toBe(1);
    world.advance(1);
    expect(world.broker.sessionCount).toBe(0);
  });

  test('may be changed while connected, also to its end', async () => {
    const world = await createTestBroker();
    const first = open(world);
    world.broker.changeExpiry(first.session, 2 * MINUTE_MS);
    close(world, first);
    world.advance(MINUTE_MS + 1);
    const second = open(world);
    expect(second.present).toBe(true);
    world.broker.changeExpiry(second.session, 0);
    close(world, second);
    expect(world.broker.sessionCount).toBe(0);
  });

  test('is bounded by a limit', async () => {
    const world = await createTestBroker({ limits: { sessionExpiryMsMax: 1000 } });
    close(world, open(world, { expiryMs: Number.POSITIVE_INFINITY }));
    world.advance(1000);
    expect(world.broker.sessionCount).toBe(0);
  });

  test('may be never', async () => {
    const limits = { sessionExpiryMsMax: Number.POSITIVE_INFINITY };
    const world = await createTestBroker({ limits });
    close(world, open(world, { expiryMs: Number.POSITIVE_INFINITY }));
    await world.crash({ downMs: 1e12 });
    world.advance(1e12);
    expect(open(world).present).toBe(true);
  });
});

describe('taking a session over', () => {
  test('tells the former owner, ends its consumers and keeps the messages', async () => {
    const world = await createTestBroker();
    const first = open(world);
    world.broker.bind(first.session.queue, 't', BINDING);
    const old = world.consume(first.session.queue);
    for (const text of ['a', 'b']) world.publish('topic://t', text);
    world.run();
    old.settle('accepted', {}, 0);
    const second = open(world);
    expect([first.owner, second.present]).toMatchObject([{ taken: 1 }, true]);
    expect([old.consumer.closed, second.session.owner]).toEqual([true, second.owner]);
    const consumer = world.consume(second.session.queue);
    world.run();
    expect(consumer.deliveries.map(({ text, redelivered }) => [text, redelivered])).toEqual([
      ['b', true],
    ]);
  });

  test('works when the former owner closes the session while it is told', async () => {
    const world = await createTestBroker();
    let closing: () => void = () => {};
    const owner = new Owner(() => closing());
    const { session } = open(world, { owner });
    closing = () => world.broker.closeSession(session, owner, { discardWill: false });
    const second = open(world);
    expect([owner.taken, second.present, second.session.owner]).toEqual([1, true, second.owner]);
  });

  test('leaves the new owner alone when the old one closes late', async () => {
    const world = await createTestBroker();
    const first = open(world);
    const second = open(world);
    close(world, { session: first.session, owner: first.owner });
    world.advance(2 * MINUTE_MS);
    expect([second.session.owner, world.broker.sessionCount]).toEqual([second.owner, 1]);
  });

  test('does not resume a session that ends with its connection', async () => {
    const world = await createTestBroker();
    const first = open(world, { expiryMs: 0 });
    const second = open(world, { expiryMs: 0 });
    expect([first.owner, second.present]).toMatchObject([{ taken: 1 }, false]);
    expect(second.session).not.toBe(first.session);
  });
});

test('messages that need not survive are not kept for a client that is away', async () => {
  const world = await createTestBroker({ limits: { queueWindowMessages: 5 } });
  const first = open(world);
  world.broker.bind(first.session.queue, 't', BINDING);
  close(world, first);
  for (let number = 0; number < 20; number++) {
    world.publish('topic://t', `durable ${number}`);
    world.publish('topic://t', `transient ${number}`, { durable: false });
  }
  world.run();
  expect(first.session.queue.length).toBe(20);
  const consumer = world.consume(open(world).session.queue);
  world.run();
  expect(consumer.texts).toEqual(Array.from({ length: 20 }, (_, number) => `durable ${number}`));
});
