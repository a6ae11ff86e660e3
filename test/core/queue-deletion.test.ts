import { describe, expect, test, vi } from 'vitest';
import { createTestBroker } from '../support/test-broker.js';

describe('deleting a queue', () => {
  test('settles thousands of messages, a part in each turn, and then forgets it', async () => {
    const world = await createTestBroker({ limits: { queueWindowMessages: 100 } });
    for (let number = 0; number < 5000; number++) world.publish('queue://q', `${number}`);
    world.run();
    const settle = vi.spyOn(world.store, 'settle');
    world.broker.deleteQueue(world.queue('q'));
    world.broker.turn();
    expect(settle.mock.calls.length).toBeLessThanOrEqual(1000);
    world.run();
    expect(settle).toHaveBeenCalledTimes(5000);
    expect([world.broker.queueCount, world.broker.queues.size]).toEqual([0, 0]);
    await world.crash();
    expect(world.broker.queueCount).toBe(0);
  });

  test('goes on after a crash where it was interrupted', async () => {
    const world = await createTestBroker();
    for (let number = 0; number < 3000; number++) world.publish('queue://q', `${number}`);
    world.run();
    world.broker.deleteQueue(world.queue('q'));
    world.confirm();
    world.broker.turn();
    expect(world.completeCommit()).toBe(true);
    await world.crash();
    expect(world.broker.queueCount).toBe(0);
    expect(world.queue('q').length).toBe(0);
  });

  test('closes its consumers and tells them', async () => {
    const world = await createTestBroker();
    const consumers = [world.consume('q'), world.consume('q')];
    world.publish('queue://q', 'a');
    world.run();
    world.broker.deleteQueue(world.queue('q'));
    for (const { closedWith, consumer } of consumers) {
      expect([closedWith?.code, consumer.closed, consumer.unsettled]).toEqual([
        'address-not-found',
        true,
        0,
      ]);
    }
    consumers[0]!.settle('accepted');
    world.run();
    expect(world.broker.queueCount).toBe(0);
  });

  test('leaves the name free for a new queue at once', async () => {
    const world = await createTestBroker();
    for (let number = 0; number < 2500; number++) world.publish('queue://q', `${number}`);
    world.run();
    const old = world.queue('q');
    world.broker.deleteQueue(old);
    world.broker.deleteQueue(old);
    world.publish('queue://q', 'new');
    const consumer = world.consume('q');
    world.run();
    expect([consumer.texts, world.broker.queueCount]).toEqual([['new'], 1]);
    await world.crash();
    expect([world.queue('q').length, world.broker.queueCount]).toEqual([1, 1]);
  });

  test('ends its subscriptions', async () => {
    const world = await createTestBroker();
    const queue = world.subscribe('t', { name: 's', durable: true });
    world.broker.deleteQueue(queue);
    expect(world.publish('topic://t', 'x')).toBe(0);
    world.run();
    await world.crash();
    expect(world.publish('topic://t', 'x')).toBe(0);
    expect(world.broker.findSubscriptionQueue('s')).toBeNull();
  });
});

describe('a subscription queue', () => {
  test('that is to be deleted with its last consumer is', async () => {
    const world = await createTestBroker();
    const queue = world.subscribe('t', { expiryMs: 0 });
    const consumers = [world.consume(queue), world.consume(queue)];
    consumers[0]!.close();
    expect(queue.deleted).toBe(false);
    consumers[1]!.close();
    consumers[1]!.close();
    world.run();
    expect([queue.deleted, world.broker.queueCount]).toEqual([true, 0]);
  });

  test('keeps its name, filters and messages over a restart when it is durable', async () => {
    const world = await createTestBroker();
    world.subscribe('a.*', { name: 's', durable: true });
    world.subscribe('a.*', { name: 'gone' });
    world.publish('topic://a.b', 'before');
    world.run();
    await world.restart();
    expect(world.broker.findSubscriptionQueue('gone')).toBeNull();
    world.publish('topic://a.c', 'after');
    const consumer = world.consume(world.broker.findSubscriptionQueue('s')!);
    world.run();
    expect(consumer.texts).toEqual(['before', 'after']);
    expect(consumer.deliveries.map(({ target }) => target?.bindings[0]?.filter)).toEqual([
      'a.*',
      'a.*',
    ]);
  });

  test('cannot be addressed as a queue', async () => {
    const world = await createTestBroker();
    const subscription = world.subscribe('t', { name: 'shop' });
    expect(world.queue('shop')).not.toBe(subscription);
    world.publish('queue://shop', 'x');
    world.run();
    expect([subscription.length, world.queue('shop').length]).toEqual([0, 1]);
  });

  test('stores nothing that comes through a binding which says so', async () => {
    const world = await createTestBroker();
    const queue = world.subscribe('t', { name: 's', durable: true, stores: false });
    const put = vi.spyOn(world.store, 'putEntry');
    world.publish('topic://t', 'x');
    expect([queue.length, put.mock.calls.length]).toEqual([1, 0]);
    world.run();
    await world.crash();
    expect(world.broker.findSubscriptionQueue('s')?.length).toBe(0);
  });
});

test('queues are bounded in number', async () => {
  const world = await createTestBroker({ limits: { queuesMax: 3 } });
  for (const name of ['a', 'b', 'c']) world.queue(name);
  expect(() => world.queue('d')).toThrow(expect.objectContaining({ code: 'quota-exceeded' }));
  expect(() => world.publish('queue://d', 'x')).toThrow('3 queues already');
  world.broker.deleteQueue(world.queue('a'));
  world.run();
  world.queue('d');
});
