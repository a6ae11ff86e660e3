import { expect, test } from 'vitest';
import { createTestBroker } from '../support/test-broker.js';
import { closeSession, openSession, STORING, TestOwner } from '../support/test-session.js';

// Engines call the broker from within its calls to them: none of that may lose or mix up anything.

test('a delivery through a topic may publish to the same topic', async () => {
  const world = await createTestBroker();
  world.subscribe('t', { name: 'stored-1', durable: true });
  let published = false;
  const eager = world.consume(world.subscribe('t'), {
    onDelivery: () => {
      if (published) return;
      published = true;
      world.publish('topic://t', 'inner');
    },
  });
  world.subscribe('t', { name: 'stored-2', durable: true });
  world.publish('topic://t', 'outer');
  world.run();
  expect(eager.texts).toEqual(['outer', 'inner']);
  for (const name of ['stored-1', 'stored-2']) {
    const consumer = world.consume(world.broker.findSubscriptionQueue(name)!);
    world.run();
    expect(consumer.texts.sort()).toEqual(['inner', 'outer']);
  }
  await world.crash();
  for (const name of ['stored-1', 'stored-2']) {
    expect(world.broker.findSubscriptionQueue(name)?.length).toBe(2);
  }
});

test.each([true, false])('a consumer may close itself within a delivery (%s)', async (durable) => {
  const world = await createTestBroker();
  const first = world.consume('q', { onDelivery: (_, consumer) => consumer.close() });
  for (const text of ['a', 'b']) world.publish('queue://q', text, { durable });
  world.run();
  expect([first.texts, world.queue('q').length]).toEqual([['a'], 2]);
  const second = world.consume('q');
  world.run();
  expect(second.texts).toEqual(['a', 'b']);
});

test.each([true, false])('a queue may be deleted within a delivery (%s)', async (durable) => {
  const world = await createTestBroker();
  const consumer = world.consume('q', {
    onDelivery: () => world.broker.deleteQueue(world.queue('q')),
  });
  const queue = world.queue('q');
  world.publish('queue://q', 'a', { durable });
  world.run();
  expect([consumer.texts, consumer.closedWith?.code]).toEqual([['a'], 'address-not-found']);
  expect([queue.deleted, queue.length, world.broker.queueCount]).toEqual([true, 0, 0]);
});

test('a subscription may go away while a message is on its way to it', async () => {
  const world = await createTestBroker();
  const later = ['durable', 'transient'].map((name) => ({ name, durable: name === 'durable' }));
  world.consume(world.subscribe('t'), {
    onDelivery: () => {
      for (const { name } of later) {
        const queue = world.broker.findSubscriptionQueue(name);
        if (queue !== null) world.broker.deleteQueue(queue);
      }
    },
  });
  for (const options of later) world.subscribe('t', options);
  world.publish('topic://t', 'a');
  world.publish('topic://t', 'b');
  world.run();
  expect(world.broker.queueCount).toBe(1);
  await world.crash();
  expect(world.broker.queueCount).toBe(0);
});

test('a session may end, and send its will, within a delivery to it', async () => {
  const world = await createTestBroker();
  world.subscribe('>', { name: 'all', durable: true });
  const held = openSession(world, { expiryMs: 0 });
  world.broker.setWill(held.session, {
    message: world.message('topic://wills', 'will'),
    delayMs: 0,
    expiryMs: 0,
  });
  world.broker.bind(held.session.queue, 't', STORING);
  world.consume(held.session.queue, {
    onDelivery: () => world.broker.closeSession(held.session, held.owner, { discardWill: false }),
  });
  world.publish('topic://t', 'last');
  world.run();
  const all = world.consume(world.broker.findSubscriptionQueue('all')!);
  world.run();
  expect([all.texts.sort(), world.broker.sessionCount]).toEqual([['last', 'will'], 0]);
});

test('a taken-over owner may open another session at once', async () => {
  const world = await createTestBroker();
  const other = new TestOwner();
  const first = openSession(world, {
    owner: new TestOwner(() => openSession(world, { name: 'other', owner: other })),
  });
  const second = openSession(world);
  expect([first.owner.taken, second.session.owner]).toEqual([1, second.owner]);
  expect(world.broker.sessionCount).toBe(2);
  closeSession(world, second);
});

test('a confirm may publish and ask for the next one', async () => {
  const world = await createTestBroker();
  const confirmed: number[] = [];
  const waiter = {
    pendingConfirms: 0,
    confirmed(token: number) {
      confirmed.push(token);
      if (token === 5) return;
      world.publish('queue://q', `${token}`);
      world.broker.confirm(waiter, token + 1);
    },
  };
  world.publish('queue://q', '0');
  world.broker.confirm(waiter, 1);
  world.run();
  expect([confirmed, waiter.pendingConfirms]).toEqual([[1, 2, 3, 4, 5], 0]);
  expect(world.queue('q').length).toBe(5);
});

test('what is scheduled may publish, schedule and delete', async () => {
  const world = await createTestBroker();
  const consumer = world.consume('q');
  world.broker.schedule(10, () => {
    world.publish('queue://q', 'first');
    world.broker.schedule(10, () => world.broker.deleteQueue(world.queue('q')));
  });
  world.advance(10);
  expect(consumer.texts).toEqual(['first']);
  world.advance(10);
  expect(consumer.closedWith?.code).toBe('address-not-found');
});
