import { expect, test } from 'vitest';
import { createTestBroker } from '../support/test-broker.js';

test('consumers of a queue are served in turn', async () => {
  const world = await createTestBroker();
  const consumers = [world.consume('q'), world.consume('q'), world.consume('q')];
  for (let number = 1; number <= 6; number++) world.publish('queue://q', `${number}`);
  world.run();
  expect(consumers.map(({ texts }) => texts)).toEqual([
    ['1', '4'],
    ['2', '5'],
    ['3', '6'],
  ]);
});

test.each([true, false])(
  'a consumer without credit is passed over (durable %s)',
  async (durable) => {
    const world = await createTestBroker();
    const poor = world.consume('q', { credit: 1 });
    const rich = world.consume('q', { credit: 10 });
    for (let number = 1; number <= 5; number++)
      world.publish('queue://q', `${number}`, { durable });
    world.run();
    expect([poor.texts, rich.texts]).toEqual([['1'], ['2', '3', '4', '5']]);
    expect([poor.consumer.credit, poor.consumer.unsettled]).toEqual([0, 1]);
  },
);

test('messages wait until there is credit, and settling alone gives none', async () => {
  const world = await createTestBroker();
  const consumer = world.consume('q', { credit: 1 });
  for (const text of ['a', 'b', 'c']) world.publish('queue://q', text);
  world.run();
  consumer.settle('accepted');
  world.run();
  expect(consumer.texts).toEqual(['a']);
  consumer.consumer.grant(2);
  world.run();
  expect(consumer.texts).toEqual(['a', 'b', 'c']);
  expect(world.queue('q').length).toBe(2);
});

test('what is settled when it is sent uses no credit', async () => {
  const world = await createTestBroker();
  const consumer = world.consume('q', { credit: 1, settlesOnSend: true });
  for (const text of ['a', 'b', 'c']) world.publish('queue://q', text);
  world.run();
  expect(consumer.texts).toEqual(['a', 'b', 'c']);
  expect(consumer.consumer).toMatchObject({ credit: 1, unsettled: 0 });
  expect(world.queue('q').length).toBe(0);
  await world.crash();
  expect(world.queue('q').length).toBe(0);
});

test('a paused consumer gets nothing until it is resumed, others go on', async () => {
  const world = await createTestBroker();
  const paused = world.consume('q', { onDelivery: (_, { consumer }) => consumer.pause() });
  const other = world.consume('q');
  for (const text of ['a', 'b', 'c', 'd']) world.publish('queue://q', text);
  world.run();
  expect([paused.texts, other.texts]).toEqual([['a'], ['b', 'c', 'd']]);
  world.publish('queue://q', 'e');
  other.close();
  world.run();
  expect(paused.texts).toEqual(['a']);
  paused.consumer.resume();
  world.run();
  expect(paused.texts).toEqual(['a', 'b']);
});

test('a closed consumer gives back what it holds, in order and flagged', async () => {
  const world = await createTestBroker();
  const first = world.consume('q');
  for (const text of ['a', 'b', 'c', 'd']) world.publish('queue://q', text);
  world.run();
  first.settle('accepted', {}, 1);
  first.close();
  const second = world.consume('q');
  world.publish('queue://q', 'e');
  world.run();
  expect(second.deliveries.map(({ text, redelivered }) => [text, redelivered])).toEqual([
    ['a', true],
    ['c', true],
    ['d', true],
    ['e', false],
  ]);
  expect(world.broker.metrics.messagesRedelivered).toBe(3);
});

test('a delivery cannot be settled twice, nor by a consumer that lost it', async () => {
  const world = await createTestBroker();
  const first = world.consume('q');
  world.publish('queue://q', 'a');
  world.run();
  const { entry } = first.last;
  first.close();
  world.broker.settle(entry!, 'accepted');
  const second = world.consume('q');
  world.run();
  expect(second.texts).toEqual(['a']);
  second.settle('accepted');
  second.settle('accepted');
  second.settle('rejected');
  world.run();
  expect(world.queue('q').length).toBe(0);
  expect(world.broker.metrics).toMatchObject({ messagesSettled: 1, messagesDeadLettered: 0 });
});

test('released messages go out again before newer ones, without a count', async () => {
  const world = await createTestBroker();
  const consumer = world.consume('q', { credit: 2 });
  for (const text of ['a', 'b', 'c']) world.publish('queue://q', text);
  world.run();
  consumer.settle('released', {}, 1);
  consumer.settle('released', {}, 0);
  consumer.take();
  consumer.consumer.grant(3);
  world.run();
  expect(
    consumer.deliveries.map(({ text, redelivered, deliveryCount }) => [
      text,
      redelivered,
      deliveryCount,
    ]),
  ).toEqual([
    ['a', true, 0],
    ['b', true, 0],
    ['c', false, 0],
  ]);
});

test('a message may be settled from within its delivery', async () => {
  const world = await createTestBroker();
  const consumer = world.consume('q', {
    credit: 2,
    onDelivery: ({ entry }, { consumer: own }) => {
      world.broker.settle(entry!, 'accepted');
      own.grant(1);
    },
  });
  for (let number = 0; number < 100; number++) world.publish('queue://q', `${number}`);
  world.run();
  expect(consumer.texts).toEqual(Array.from({ length: 100 }, (_, number) => `${number}`));
  expect(world.queue('q').length).toBe(0);
});

test('a delivery may publish to the queue it came from', async () => {
  const world = await createTestBroker();
  const consumer = world.consume('q', {
    onDelivery: ({ text }) => {
      if (text.length < 5) world.publish('queue://q', `${text}x`, { durable: text.length % 2 > 0 });
    },
  });
  world.publish('queue://q', 'x');
  world.run();
  expect(consumer.texts).toEqual(['x', 'xx', 'xxx', 'xxxx', 'xxxxx']);
});

test.each([true, false])('slow traffic is shared too (durable %s)', async (durable) => {
  const world = await createTestBroker();
  const consumers = [world.consume('q'), world.consume('q')];
  for (let number = 1; number <= 4; number++) {
    world.publish('queue://q', `${number}`, { durable });
    world.run();
  }
  expect(consumers.map(({ texts }) => texts)).toEqual([
    ['1', '3'],
    ['2', '4'],
  ]);
});
