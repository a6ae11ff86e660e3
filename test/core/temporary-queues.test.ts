import { describe, expect, test } from 'vitest';
import { createTestBroker } from '../support/test-broker.js';

describe('a temporary queue', () => {
  test('takes replies from everybody and is read by its owner', async () => {
    const world = await createTestBroker({ authorizer: { allows: () => false } });
    const owner = world.connect('bob');
    const other = world.connect('bob');
    const queue = owner.createTemporaryQueue();
    const { address } = queue;
    expect([owner.may('read', address), other.may('read', address)]).toEqual([true, false]);
    expect([owner.may('write', address), other.may('write', address)]).toEqual([true, true]);
    expect(() => other.require('read', address)).toThrow(
      expect.objectContaining({ code: 'not-authorized' }),
    );
    const consumer = world.consume(queue);
    world.publish(address.uri, 'reply');
    world.run();
    expect(consumer.texts).toEqual(['reply']);
  });

  test('has a name that cannot be guessed', async () => {
    const world = await createTestBroker();
    const connection = world.connect();
    const names = new Set<string>();
    for (let count = 0; count < 100; count++) {
      const { name } = connection.createTemporaryQueue();
      expect(name).toMatch(/^temporary\.[0-9a-f]{32}$/);
      names.add(name);
    }
    expect(names.size).toBe(100);
  });

  test('dies with its connection, and its consumers are told', async () => {
    const world = await createTestBroker();
    const connection = world.connect();
    const queue = connection.createTemporaryQueue();
    const consumer = world.consume(queue);
    world.publish(queue.address.uri, 'reply');
    world.run();
    connection.close();
    world.run();
    expect([consumer.closedWith?.code, world.broker.queueCount]).toEqual(['address-not-found', 0]);
  });

  test('does not come back as an ordinary queue when a reply is late', async () => {
    const world = await createTestBroker();
    const connection = world.connect();
    const { address } = connection.createTemporaryQueue();
    connection.close();
    expect(world.publish(address.uri, 'late')).toBe(0);
    expect(() => world.broker.queue(address, true)).toThrow(
      expect.objectContaining({ code: 'address-not-found' }),
    );
    world.run();
    expect(world.broker).toMatchObject({ queueCount: 0, metrics: { messagesUnroutable: 1 } });
    await world.crash();
    expect([world.publish(address.uri, 'too late'), world.broker.queueCount]).toEqual([0, 0]);
  });

  test('stores nothing and is gone after a crash', async () => {
    const world = await createTestBroker();
    const queue = world.connect().createTemporaryQueue();
    world.confirm();
    world.run();
    world.publish(queue.address.uri, 'reply');
    expect([world.store.dirty, queue.length]).toEqual([false, 1]);
    await world.crash();
    expect(world.broker.queueCount).toBe(0);
  });

  test('is one of a bounded number for each connection', async () => {
    const world = await createTestBroker({ limits: { temporaryQueuesPerConnectionMax: 2 } });
    const connection = world.connect();
    const first = connection.createTemporaryQueue();
    connection.createTemporaryQueue();
    expect(() => connection.createTemporaryQueue()).toThrow(
      expect.objectContaining({ code: 'quota-exceeded' }),
    );
    world.connect().createTemporaryQueue();
    world.broker.deleteQueue(first);
    connection.createTemporaryQueue();
  });
});
