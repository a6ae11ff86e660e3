import { expect, test } from 'vitest';
import { createTestBroker } from '../support/test-broker.js';

const SMALL_WINDOW = { queueWindowMessages: 20 };

test('a drained consumer is told at once when nothing is there', async () => {
  const world = await createTestBroker();
  const consumer = world.consume('q', { credit: 5 });
  consumer.consumer.drain();
  world.run();
  expect(consumer.drains).toEqual([0]);
  expect(consumer.consumer).toMatchObject({ credit: 5, draining: false });
  world.publish('queue://q', 'a');
  world.run();
  expect([consumer.texts, consumer.drains]).toEqual([['a'], [0]]);
});

test.each([true, false])('first gets what is there (durable %s)', async (durable) => {
  const world = await createTestBroker();
  const consumer = world.consume('q', { credit: 0 });
  for (let number = 0; number < 3; number++) world.publish('queue://q', `${number}`, { durable });
  world.run();
  consumer.consumer.setCredit(10);
  consumer.consumer.drain();
  world.run();
  expect([consumer.texts, consumer.drains]).toEqual([['0', '1', '2'], [3]]);
  expect(consumer.consumer.credit).toBe(7);
});

test('is told when its credit is used up, though more is there', async () => {
  const world = await createTestBroker();
  const [consumer, other] = [world.consume('q', { credit: 2 }), world.consume('q', { credit: 0 })];
  for (const text of ['a', 'b', 'c']) world.publish('queue://q', text);
  consumer.consumer.drain();
  world.run();
  expect([consumer.texts, consumer.drains]).toEqual([['a', 'b'], [2]]);
  expect(other.drains).toEqual([]);
});

test('waits for what only waits to become durable', async () => {
  const world = await createTestBroker({ autoCommit: false });
  const consumer = world.consume('q');
  world.publish('queue://q', 'a');
  consumer.consumer.drain();
  world.run();
  expect(consumer.drains).toEqual([]);
  world.completeCommit();
  world.run();
  expect([consumer.texts, consumer.drains]).toEqual([['a'], [1]]);
});

test('gets everything that is in the store only', async () => {
  const world = await createTestBroker({ limits: SMALL_WINDOW });
  for (let number = 0; number < 500; number++) world.publish('queue://q', `${number}`);
  world.run();
  await world.crash();
  const consumer = world.consume('q');
  consumer.consumer.drain();
  world.run();
  expect([consumer.deliveries.length, consumer.drains]).toEqual([500, [500]]);
});

test('is told after a crash that left only settled messages', async () => {
  const world = await createTestBroker({ limits: SMALL_WINDOW });
  for (let number = 0; number < 50; number++) world.publish('queue://q', `${number}`);
  const first = world.consume('q');
  world.run();
  for (let index = 1; index < 50; index++) first.settle('accepted', {}, index);
  world.run();
  await world.crash();
  const second = world.consume('q');
  second.consumer.drain();
  world.run();
  expect([second.texts, second.drains]).toEqual([['0'], [1]]);
});

test('does not wait for what another consumer holds', async () => {
  const world = await createTestBroker();
  const holder = world.consume('q');
  world.publish('queue://q', 'a');
  world.run();
  const consumer = world.consume('q');
  consumer.consumer.drain();
  world.run();
  expect([holder.texts, consumer.drains]).toEqual([['a'], [0]]);
});

test('waits while its socket takes no more', async () => {
  const world = await createTestBroker();
  const consumer = world.consume('q');
  consumer.consumer.pause();
  world.publish('queue://q', 'a');
  consumer.consumer.drain();
  world.run();
  expect(consumer.drains).toEqual([]);
  consumer.consumer.resume();
  world.run();
  expect([consumer.texts, consumer.drains]).toEqual([['a'], [1]]);
});

test('new credit ends a drain that was not answered', async () => {
  const world = await createTestBroker();
  const consumer = world.consume('q');
  consumer.consumer.pause();
  world.publish('queue://q', 'a');
  consumer.consumer.drain();
  world.run();
  consumer.consumer.setCredit(3);
  consumer.consumer.resume();
  world.run();
  expect([consumer.texts, consumer.drains, consumer.consumer.credit]).toEqual([['a'], [], 2]);
});

test('a consumer that is gone is told nothing', async () => {
  const world = await createTestBroker();
  const consumer = world.consume('q');
  consumer.consumer.drain();
  consumer.close();
  world.run();
  expect(consumer.drains).toEqual([]);
});

test('a credit that is set anew is what the consumer may get, less or more', async () => {
  const world = await createTestBroker();
  const consumer = world.consume('q', { credit: 100 });
  consumer.consumer.setCredit(0);
  for (const text of ['a', 'b', 'c']) world.publish('queue://q', text);
  world.run();
  expect(consumer.texts).toEqual([]);
  consumer.consumer.setCredit(2);
  world.run();
  expect(consumer.texts).toEqual(['a', 'b']);
});
