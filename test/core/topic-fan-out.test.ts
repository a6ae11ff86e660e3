import { describe, expect, test, vi } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';

/** Counts what the store is told. */
function spyOnStore({ store }: TestBroker) {
  return {
    entries: vi.spyOn(store, 'putEntry'),
    bodies: vi.spyOn(store, 'putBody'),
    references: vi.spyOn(store, 'putReference'),
    deleted: vi.spyOn(store, 'deleteBody'),
  };
}

const durable = (name: string) => ({ name, durable: true });

describe('a topic', () => {
  test('reaches every queue whose filter matches, each once', async () => {
    const world = await createTestBroker();
    const [all, one, other] = ['news.>', 'news.sport', 'news.weather'].map((filter) =>
      world.consume(world.subscribe(filter)),
    );
    expect(world.publish('topic://news.sport', 'goal')).toBe(2);
    world.run();
    expect([all, one, other].map((consumer) => consumer!.texts)).toEqual([['goal'], ['goal'], []]);
  });

  test('without a subscriber drops messages and counts them', async () => {
    const world = await createTestBroker();
    expect(world.publish('topic://news.sport', 'goal')).toBe(0);
    expect(world.broker.metrics.messagesUnroutable).toBe(1);
    world.run();
    expect(world.broker.queueCount).toBe(0);
  });

  test('is not the queue of the same name', async () => {
    const world = await createTestBroker();
    const queue = world.consume('news');
    const topic = world.consume(world.subscribe('news'));
    world.publish('topic://news', 'to the topic');
    world.publish('queue://news', 'to the queue');
    world.run();
    expect([queue.texts, topic.texts]).toEqual([['to the queue'], ['to the topic']]);
  });

  test('delivers once to a queue with several matching filters, naming them all', async () => {
    const world = await createTestBroker();
    const queue = world.subscribe('a.*');
    world.broker.bind(queue, 'a.>', { noLocal: false, durable: true, data: {} });
    world.broker.bind(queue, 'b', { noLocal: false, durable: true, data: {} });
    const consumer = world.consume(queue);
    expect(world.publish('topic://a.b', 'x')).toBe(1);
    world.run();
    const filters = consumer.last.target?.bindings.map(({ filter }) => filter);
    expect([consumer.texts, filters?.sort()]).toEqual([['x'], ['a.*', 'a.>']]);
  });

  test('follows bindings as they come, change and go', async () => {
    const world = await createTestBroker();
    const queue = world.subscribe('a');
    const binding = { noLocal: false, durable: true, data: { qos: 1 } };
    expect(world.publish('topic://b', '1')).toBe(0);
    expect(world.broker.bind(queue, 'b', binding)).toBe(false);
    expect(world.publish('topic://b', '2')).toBe(1);
    expect(world.broker.bind(queue, 'b', { ...binding, data: { qos: 2 } })).toBe(true);
    world.publish('topic://b', '3');
    expect(world.broker.unbind(queue, 'b')).toBe(true);
    expect(world.broker.unbind(queue, 'b')).toBe(false);
    expect(world.publish('topic://b', '4')).toBe(0);
    const consumer = world.consume(queue);
    world.run();
    expect(consumer.texts).toEqual(['2', '3']);
    expect(consumer.last.target?.bindings[0]?.options.data).toEqual({ qos: 2 });
  });

  test('delivers to the consumers of a shared subscription in turn', async () => {
    const world = await createTestBroker();
    const shared = world.subscribe('jobs', { name: 'share:workers' });
    expect(world.subscribe('jobs', { name: 'share:workers' })).toBe(shared);
    const consumers = [world.consume(shared), world.consume(shared)];
    for (const text of ['a', 'b', 'c', 'd']) world.publish('topic://jobs', text);
    world.run();
    expect(consumers.map(({ texts }) => texts)).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ]);
  });
});

describe('the body of a message for several stored queues', () => {
  test('is stored once and freed when the last of them has settled', async () => {
    const world = await createTestBroker();
    const consumers = ['left', 'middle', 'right'].map((name) =>
      world.consume(world.subscribe('t', durable(name))),
    );
    const spies = spyOnStore(world);
    world.publish('topic://t', 'x');
    world.run();
    expect(spies.bodies).toHaveBeenCalledTimes(1);
    expect(spies.references).toHaveBeenCalledTimes(3);
    expect(spies.entries).not.toHaveBeenCalled();
    for (const [index, consumer] of consumers.entries()) {
      expect(spies.deleted).not.toHaveBeenCalled();
      consumer.settle(index === 1 ? 'rejected' : 'accepted');
    }
    expect(spies.deleted).toHaveBeenCalledTimes(1);
  });

  test('is one object in memory, however many queues hold it', async () => {
    const world = await createTestBroker();
    const consumers = ['left', 'right'].map((name) =>
      world.consume(world.subscribe('t', durable(name))),
    );
    world.publish('topic://t', 'x');
    world.run();
    expect(consumers[0]!.last.message).toBe(consumers[1]!.last.message);
  });

  test('is stored with its entry when only one queue stores it', async () => {
    const world = await createTestBroker();
    world.subscribe('t', durable('stored'));
    const transient = world.consume(world.subscribe('t'));
    const spies = spyOnStore(world);
    world.publish('topic://t', 'x');
    expect(transient.texts).toEqual(['x']);
    expect(spies.entries).toHaveBeenCalledTimes(1);
    expect(spies.bodies).not.toHaveBeenCalled();
  });

  test('is freed after a restart too, when the rest has settled', async () => {
    const world = await createTestBroker();
    const first = world.consume(world.subscribe('t', durable('left')));
    world.subscribe('t', durable('right'));
    world.subscribe('t', durable('third'));
    world.publish('topic://t', 'x');
    world.run();
    first.settle('accepted');
    world.run();
    await world.crash();
    const spies = spyOnStore(world);
    const right = world.consume(world.broker.findSubscriptionQueue('right')!);
    world.run();
    expect(right.texts).toEqual(['x']);
    right.settle('accepted');
    expect(spies.deleted).not.toHaveBeenCalled();
    const third = world.consume(world.broker.findSubscriptionQueue('third')!);
    world.run();
    third.settle('accepted');
    expect(spies.deleted).toHaveBeenCalledTimes(1);
  });

  test('is freed when a queue that refers to it is deleted', async () => {
    const world = await createTestBroker();
    const queue = world.subscribe('t', durable('left'));
    const right = world.consume(world.subscribe('t', durable('right')));
    const spies = spyOnStore(world);
    world.publish('topic://t', 'x');
    world.run();
    world.broker.deleteQueue(queue);
    world.run();
    expect(spies.deleted).not.toHaveBeenCalled();
    right.settle('accepted');
    expect(spies.deleted).toHaveBeenCalledTimes(1);
  });

  test('is freed when it expires everywhere', async () => {
    const world = await createTestBroker();
    for (const name of ['left', 'right']) world.subscribe('t', durable(name));
    const spies = spyOnStore(world);
    world.publish('topic://t', 'x', { expiresAt: world.clock.nowMs + 10_000 });
    world.run();
    world.advance(11_000);
    expect(spies.deleted).toHaveBeenCalledTimes(1);
  });
});

describe('noLocal', () => {
  test('keeps a subscriber from its own messages only', async () => {
    const world = await createTestBroker();
    const own = world.consume(world.subscribe('t', { ownerId: 7, noLocal: true }));
    const other = world.consume(world.subscribe('t', { ownerId: 8, noLocal: true }));
    expect(world.publish('topic://t', 'mine', { publisherId: 7 })).toBe(1);
    expect(world.publish('topic://t', 'theirs', { publisherId: 9 })).toBe(2);
    expect([own.texts, other.texts]).toEqual([['theirs'], ['mine', 'theirs']]);
  });

  test('does not hold when another filter of the same subscriber allows it', async () => {
    const world = await createTestBroker();
    const queue = world.subscribe('t', { ownerId: 7, noLocal: true });
    const consumer = world.consume(queue);
    world.broker.bind(queue, '>', { noLocal: false, durable: true, data: {} });
    world.publish('topic://t', 'mine', { publisherId: 7 });
    expect(consumer.texts).toEqual(['mine']);
  });
});
