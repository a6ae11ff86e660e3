import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';
import { textOf } from '../support/test-message.js';

const BINDING = { noLocal: false, durable: true, data: {} };
const RETAIN = { retain: true };

function retained(world: TestBroker, filter = '>'): string[] {
  const found: string[] = [];
  world.broker.retained(filter, (message) => found.push(textOf(message)));
  return found.sort();
}

describe('a retained message', () => {
  test('is delivered to those who subscribe already, and kept for those who come', async () => {
    const world = await createTestBroker();
    const consumer = world.consume(world.subscribe('a.>'));
    world.publish('topic://a.b', 'one', RETAIN);
    world.publish('topic://a.c', 'not kept');
    world.run();
    expect(consumer.texts).toEqual(['one', 'not kept']);
    expect([retained(world, 'a.*'), retained(world, 'a.c')]).toEqual([['one'], []]);
  });

  test('is replaced by the next of its topic and cleared by an empty one', async () => {
    const world = await createTestBroker();
    const consumer = world.consume(world.subscribe('a'));
    for (const text of ['one', 'two']) world.publish('topic://a', text, RETAIN);
    expect(retained(world)).toEqual(['two']);
    world.publish('topic://a', '', RETAIN);
    expect([retained(world), world.broker.retainedCount]).toEqual([[], 0]);
    world.run();
    expect(consumer.texts).toEqual(['one', 'two', '']);
  });

  test('survives a crash, also when it need not: topics keep what they were told to', async () => {
    const world = await createTestBroker();
    world.publish('topic://a', 'durable', RETAIN);
    world.publish('topic://b', 'transient', { ...RETAIN, durable: false });
    world.publish('topic://c', 'cleared', RETAIN);
    world.run();
    world.publish('topic://c', '', RETAIN);
    world.publish('topic://a', 'newer', RETAIN);
    world.run();
    await world.crash();
    expect(retained(world)).toEqual(['newer', 'transient']);
    world.publish('topic://a', '', RETAIN);
    world.run();
    await world.crash();
    expect(retained(world)).toEqual(['transient']);
  });

  test('of the broker itself does not survive', async () => {
    const world = await createTestBroker();
    world.publish('topic://$SYS.uptime', '7', RETAIN);
    world.run();
    expect([retained(world, '$SYS.*'), retained(world)]).toEqual([['7'], []]);
    await world.crash();
    expect(retained(world, '$SYS.*')).toEqual([]);
  });

  test('is not shown once it expired, nor after a crash', async () => {
    const world = await createTestBroker();
    const expiresAt = world.clock.nowMs + 1000;
    world.publish('topic://a', 'short', { ...RETAIN, expiresAt });
    world.publish('topic://b', 'long', RETAIN);
    world.run();
    world.advance(999);
    expect(retained(world)).toEqual(['long', 'short']);
    await world.crash({ downMs: 1 });
    expect(retained(world)).toEqual(['long']);
    world.run();
    expect(world.broker.retainedCount).toBe(1);
  });

  test('is refused when there is no room, and reaches nobody', async () => {
    const world = await createTestBroker({ limits: { retainedMessagesMax: 1 } });
    const consumer = world.consume(world.subscribe('>'));
    world.publish('topic://a', 'one', RETAIN);
    expect(() => world.publish('topic://b', 'two', RETAIN)).toThrow(
      expect.objectContaining({ code: 'quota-exceeded' }),
    );
    expect(consumer.texts).toEqual(['one']);
  });

  test('belongs to topics: a queue does not keep one', async () => {
    const world = await createTestBroker();
    world.publish('queue://a', 'one', RETAIN);
    expect([retained(world), world.queue('a').length]).toEqual([[], 1]);
  });
});

describe('a retained message for a new subscription', () => {
  test('goes to that queue only, and says that it was kept', async () => {
    const world = await createTestBroker();
    world.publish('topic://a.b', 'one', RETAIN);
    const other = world.consume(world.subscribe('a.b'));
    const queue = world.subscribe('a.*');
    const consumer = world.consume(queue);
    world.broker.retained('a.*', (message) => world.broker.enqueueDirect(queue, message, 'a.*'));
    world.publish('topic://a.b', 'two');
    world.run();
    expect([other.texts, consumer.texts]).toEqual([['two'], ['one', 'two']]);
    expect(consumer.deliveries.map(({ target }) => target?.direct)).toEqual([true, false]);
    expect(consumer.deliveries[0]!.target?.bindings[0]?.filter).toBe('a.*');
  });

  test('still says so after a crash', async () => {
    const world = await createTestBroker();
    const owner = { sessionTaken() {} };
    const options = { name: 's', owner, clean: false, expiryMs: 1e6 };
    world.publish('topic://a', 'one', RETAIN);
    const { queue } = world.broker.openSession(options).session;
    world.broker.bind(queue, 'a', BINDING);
    world.broker.retained('a', (message) => world.broker.enqueueDirect(queue, message, 'a'));
    world.publish('topic://a', 'two');
    world.run();
    await world.crash();
    const consumer = world.consume(world.broker.openSession(options).session.queue);
    world.run();
    expect(consumer.deliveries.map(({ text, target }) => [text, target?.direct])).toEqual([
      ['one', true],
      ['two', false],
    ]);
  });

  test('is not stored when its binding stores nothing', async () => {
    const world = await createTestBroker();
    world.publish('topic://a', 'one', RETAIN);
    world.run();
    const queue = world.subscribe('a', { stores: false });
    const consumer = world.consume(queue, { settlesOnSend: true });
    world.confirm();
    world.run();
    world.broker.retained('a', (message) => world.broker.enqueueDirect(queue, message, 'a'));
    expect([consumer.texts, world.store.dirty]).toEqual([['one'], false]);
  });
});
