import { expect, test } from 'vitest';
import { createTestBroker } from '../support/test-broker.js';

test('queues come into being on first use unless a policy says otherwise', async () => {
  const world = await createTestBroker({
    policies: [
      { destination: 'queue://>', autoCreate: false },
      { destination: 'queue://free.>', autoCreate: true },
    ],
  });
  world.publish('queue://free.one', 'x');
  expect(world.queue('free.one').length).toBe(1);
  for (const use of [() => world.publish('queue://other', 'x'), () => world.queue('other')]) {
    expect(use).toThrow(expect.objectContaining({ code: 'address-not-found' }));
  }
  world.run();
  expect(world.broker.queueCount).toBe(1);
});

test('a queue is not created by looking for it', async () => {
  const world = await createTestBroker();
  const address = world.broker.addresses.queue('q');
  expect(() => world.broker.queue(address, false)).toThrow('there is no queue q');
  const queue = world.broker.queue(address, true);
  expect(world.broker.queue(address, false)).toBe(queue);
});

test('a queue that exists is used whatever the policy says of creating', async () => {
  const world = await createTestBroker();
  world.publish('queue://q', 'x');
  world.run();
  await world.restart();
  expect(world.broker.queue(world.broker.addresses.queue('q'), false).length).toBe(1);
});

test('each queue follows the most specific policy of its name', async () => {
  const world = await createTestBroker({
    policies: [
      { destination: 'queue://>', maxDeliveries: 1, deadLetter: 'dead.all' },
      { destination: 'queue://orders.>', deadLetter: 'dead.orders' },
      { destination: 'queue://orders.new', maxDeliveries: 2 },
    ],
  });
  for (const name of ['bills', 'orders.old', 'orders.new']) {
    world.publish(`queue://${name}`, name);
    const consumer = world.consume(name);
    world.run();
    consumer.settle('modified', { deliveryFailed: true });
    world.run();
  }
  expect(['dead.all', 'dead.orders'].map((name) => world.queue(name).length)).toEqual([1, 1]);
  expect(world.queue('orders.new').length).toBe(1);
});

test('a refused permission is asked for once and leaves one audit line', async () => {
  const asked: string[] = [];
  const world = await createTestBroker({
    authorizer: {
      allows: ({ name }, action, { uri }) => {
        asked.push(`${name} ${action} ${uri}`);
        return action === 'read';
      },
    },
  });
  const connection = world.connect('bob');
  const address = world.broker.addresses.queue('q');
  for (let round = 0; round < 3; round++) {
    expect([connection.may('read', address), connection.may('write', address)]).toEqual([
      true,
      false,
    ]);
  }
  expect(asked).toEqual(['bob read queue://q', 'bob write queue://q']);
  expect(world.logLines).toEqual([
    {
      level: 'audit',
      event: 'permission-refused',
      fields: {
        user: 'bob',
        action: 'write',
        destination: 'queue://q',
        clientId: 'client-bob',
        remote: '127.0.0.1:1',
        protocol: 'test',
      },
    },
  ]);
});

test('what is scheduled runs once, in order of time, and can be taken back', async () => {
  const world = await createTestBroker();
  const ran: string[] = [];
  world.broker.schedule(20, () => ran.push('later'));
  world.broker.schedule(10, () => ran.push('sooner'));
  const cancel = world.broker.schedule(15, () => ran.push('never'));
  cancel();
  world.advance(9);
  expect(ran).toEqual([]);
  world.advance(100);
  world.advance(100);
  expect(ran).toEqual(['sooner', 'later']);
});
