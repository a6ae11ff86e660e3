import { expect, test, vi } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';

const RED = "color = 'red'";

function publishColors(world: TestBroker, durable = true): void {
  for (const [n, color] of ['red', 'blue', 'red', 'green'].entries()) {
    world.publish('topic://t', `color=${color} n=${n}`, { durable });
  }
  world.run();
}

test.each([true, false])('only what matches goes into the queue (durable %s)', async (durable) => {
  const world = await createTestBroker();
  const queues = [
    world.subscribe('t', { selector: RED }),
    world.subscribe('t', { selector: 'n > 1' }),
    world.subscribe('t'),
    world.subscribe('t', { name: 'kept', durable: true, selector: RED }),
  ];
  const consumers = queues.map((queue) => world.consume(queue));
  publishColors(world, durable);
  expect(consumers.map(({ deliveries }) => deliveries.length)).toEqual([2, 2, 4, 2]);
  expect(consumers[0]!.texts).toEqual(['color=red n=0', 'color=red n=2']);
});

test('a message that nobody selects is unroutable', async () => {
  const world = await createTestBroker();
  world.subscribe('t', { selector: RED });
  expect(world.publish('topic://t', 'color=blue')).toBe(0);
  expect(world.publish('topic://t', 'color=red')).toBe(1);
  expect(world.broker.metrics.messagesUnroutable).toBe(1);
});

test('with several filters one that takes the message is enough', async () => {
  const world = await createTestBroker();
  const queue = world.subscribe('a.>', { name: 's', selector: RED });
  const options = { noLocal: false, durable: true, data: {} };
  world.broker.bind(queue, 'a.b', { ...options, selector: "color = 'blue'" });
  const sent = (topic: string, color: string) => world.publish(topic, `color=${color}`);
  expect([sent('topic://a.b', 'red'), sent('topic://a.b', 'blue')]).toEqual([1, 1]);
  expect([sent('topic://a.b', 'green'), sent('topic://a.c', 'blue')]).toEqual([0, 0]);
  world.broker.bind(queue, 'a.*', options);
  expect(sent('topic://a.b', 'green')).toBe(1);
});

test('another selector replaces the former at once', async () => {
  const world = await createTestBroker();
  world.subscribe('t', { name: 's', selector: RED });
  world.subscribe('t', { name: 's', selector: "color = 'blue'" });
  expect(world.publish('topic://t', 'color=red')).toBe(0);
  world.subscribe('t', { name: 's' });
  expect(world.publish('topic://t', 'color=red')).toBe(1);
});

test('it survives a restart, and a lower limit', async () => {
  const world = await createTestBroker({ limits: { selectorBytesMax: 40 } });
  world.subscribe('t', { name: 's', durable: true, selector: RED });
  world.run();
  Object.assign(world.limits, { selectorBytesMax: 5 });
  await world.crash();
  publishColors(world);
  const queue = world.broker.findSubscriptionQueue('s')!;
  const consumer = world.consume(queue);
  world.run();
  expect(consumer.texts).toEqual(['color=red n=0', 'color=red n=2']);
  expect(queue.bindings.get('t')!.options.selector).toBe(RED);
});

test('one that cannot be read leaves nothing behind', async () => {
  const world = await createTestBroker();
  expect(() => world.subscribe('t', { selector: 'color =' })).toThrow(
    expect.objectContaining({ code: 'invalid-selector' }),
  );
  expect(world.broker.queueCount).toBe(0);
  const queue = world.subscribe('t', { selector: RED });
  const options = { noLocal: false, durable: true, data: {} };
  expect(() => world.broker.bind(queue, 't', { ...options, selector: '(' })).toThrow();
  expect(world.publish('topic://t', 'color=blue')).toBe(0);
});

test('what a topic kept is selected as well', async () => {
  const world = await createTestBroker();
  world.publish('topic://t', 'color=red', { retain: true });
  for (const selector of [RED, "color = 'blue'"]) {
    const queue = world.subscribe('t', { selector });
    world.broker.retained('t', (message) => world.broker.enqueueDirect(queue, message, 't'));
    const consumer = world.consume(queue);
    world.run();
    expect(consumer.texts).toEqual(selector === RED ? ['color=red'] : []);
  }
});

test('nobody looks at the content of messages where nobody selects', async () => {
  const world = await createTestBroker();
  world.subscribe('selected', { selector: RED });
  const view = vi.spyOn(world.formats, 'view');
  world.subscribe('t');
  publishColors(world);
  expect(view).not.toHaveBeenCalled();
});
