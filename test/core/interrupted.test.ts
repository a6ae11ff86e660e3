import { expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';
import type { TestConsumer } from '../support/test-consumer.js';

async function createDelivery(): Promise<{ world: TestBroker; consumer: TestConsumer }> {
  const world = await createTestBroker();
  const consumer = world.consume('q');
  world.publish('queue://q', 'a');
  world.run();
  return { world, consumer };
}

/** Flag and count of the next delivery. */
function redeliver(world: TestBroker): [interrupted: boolean, deliveryCount: number] {
  const consumer = world.consume('q');
  world.run();
  const entry = consumer.last.entry!;
  return [entry.interrupted, entry.deliveryCount];
}

test('the first delivery is not interrupted', async () => {
  const { consumer } = await createDelivery();
  expect(consumer.last.entry!.interrupted).toBe(false);
});

test('a consumer that closes interrupts what it holds', async () => {
  const { world, consumer } = await createDelivery();
  consumer.close();
  expect(redeliver(world)).toEqual([true, 0]);
});

test('a consumer that fails has the failure counted instead', async () => {
  const { world, consumer } = await createDelivery();
  consumer.close({ failed: true });
  expect(redeliver(world)).toEqual([false, 1]);
});

test.each(['released', 'modified'] as const)('%s is an outcome', async (outcome) => {
  const { world, consumer } = await createDelivery();
  consumer.consumer.setCredit(0);
  consumer.settle(outcome);
  expect(redeliver(world)).toEqual([false, 0]);
});

test('a crash interrupts what may have been handed out', async () => {
  const { world } = await createDelivery();
  await world.crash();
  expect(redeliver(world)).toEqual([true, 0]);
});

test('a crash does not interrupt what nobody ever consumed', async () => {
  const world = await createTestBroker();
  world.publish('queue://q', 'a');
  world.run();
  await world.crash();
  expect(redeliver(world)).toEqual([false, 0]);
});

test('after a crash the count alone speaks of what failed before', async () => {
  const { world, consumer } = await createDelivery();
  consumer.consumer.setCredit(0);
  consumer.settle('modified', { deliveryFailed: true });
  world.run();
  await world.crash();
  expect(redeliver(world)).toEqual([false, 1]);
});
