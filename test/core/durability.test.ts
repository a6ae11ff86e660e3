import type { Confirmable } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';

/** Somebody who notes the order in which confirms come. */
function createWaiter(order: string[], name: string): Confirmable {
  return {
    pendingConfirms: 0,
    confirmed: (token) => order.push(`${name}${token}`),
  };
}

async function createManual(): Promise<TestBroker> {
  const world = await createTestBroker();
  world.autoCommit = false;
  return world;
}

describe('a durable message', () => {
  test('is neither confirmed nor shown before its commit is durable', async () => {
    const world = await createManual();
    const consumer = world.consume('q');
    world.publish('queue://q', 'a');
    const confirm = world.confirm();
    world.run();
    expect([confirm.done, consumer.texts]).toEqual([false, []]);
    world.completeCommit();
    expect(confirm.done).toBe(true);
    world.run();
    expect(consumer.texts).toEqual(['a']);
  });

  test('that arrives while a commit is being written waits for the next one', async () => {
    const world = await createManual();
    const consumer = world.consume('q');
    world.publish('queue://q', 'a');
    world.run();
    world.publish('queue://q', 'b');
    const confirm = world.confirm();
    world.run();
    world.completeCommit();
    world.run();
    expect([confirm.done, consumer.texts]).toEqual([false, ['a']]);
    world.completeCommit();
    world.run();
    expect([confirm.done, consumer.texts]).toEqual([true, ['a', 'b']]);
  });

  test('survives a crash once it is confirmed', async () => {
    const world = await createManual();
    world.publish('queue://q', 'a');
    world.run();
    world.completeCommit();
    world.publish('queue://q', 'b');
    world.run();
    await world.crash();
    world.autoCommit = true;
    const consumer = world.consume('q');
    world.run();
    expect(consumer.deliveries.map(({ text, redelivered }) => [text, redelivered])).toEqual([
      ['a', false],
    ]);
  });

  test('may survive a crash that came before its confirm', async () => {
    const world = await createManual();
    world.publish('queue://q', 'a');
    world.run();
    await world.crash({ keepUnconfirmed: true });
    expect(world.queue('q').length).toBe(1);
  });

  test('is flagged as redelivered after a crash if a consumer may have had it', async () => {
    const world = await createTestBroker();
    world.consume('q', { credit: 2 });
    for (const text of ['a', 'b', 'c']) world.publish('queue://q', text);
    world.run();
    await world.crash();
    const consumer = world.consume('q');
    world.run();
    expect(consumer.texts).toEqual(['a', 'b', 'c']);
    // The note of what may have been handed out runs ahead: `c` may be flagged, the others must.
    expect(consumer.deliveries.slice(0, 2).every(({ redelivered }) => redelivered)).toBe(true);
  });
});

describe('a settlement', () => {
  test('is confirmed when it is durable, and then the message never comes back', async () => {
    const world = await createManual();
    const consumer = world.consume('q');
    for (const text of ['a', 'b']) world.publish('queue://q', text);
    world.run();
    world.completeCommit();
    world.run();
    consumer.settle('accepted', {}, 0);
    const confirm = world.confirm();
    world.run();
    expect(confirm.done).toBe(false);
    world.completeCommit();
    expect(confirm.done).toBe(true);
    await world.crash();
    const after = world.consume('q');
    world.autoCommit = true;
    world.run();
    expect(after.deliveries.map(({ text, redelivered }) => [text, redelivered])).toEqual([
      ['b', true],
    ]);
  });

  test('that was not durable is forgotten: the message comes back, flagged', async () => {
    const world = await createManual();
    const consumer = world.consume('q');
    world.publish('queue://q', 'a');
    world.run();
    world.completeCommit();
    world.run();
    consumer.settle('accepted');
    world.run();
    await world.crash();
    const after = world.consume('q');
    world.autoCommit = true;
    world.run();
    expect([after.texts, after.last.redelivered]).toEqual([['a'], true]);
  });
});

describe('settlements that nobody waits for', () => {
  test('are written by themselves after a moment', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    for (const text of ['a', 'b']) world.publish('queue://q', text);
    world.run();
    world.autoCommit = false;
    consumer.settle('accepted', {}, 0);
    world.run();
    expect(world.completeCommit()).toBe(false);
    world.advance(10);
    expect(world.completeCommit()).toBe(true);
    await world.crash();
    expect(world.queue('q').length).toBe(1);
  });

  test('go with the next commit that somebody waits for', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q');
    world.publish('queue://q', 'a');
    world.run();
    world.autoCommit = false;
    consumer.settle('accepted');
    world.run();
    world.publish('queue://q', 'b');
    world.run();
    expect(world.completeCommit()).toBe(true);
    await world.crash();
    world.autoCommit = true;
    const after = world.consume('q');
    world.run();
    expect(after.texts).toEqual(['b']);
  });
});

describe('confirms', () => {
  test('come at once when nothing waits for the disk', async () => {
    const world = await createManual();
    expect(world.confirm().done).toBe(true);
    const consumer = world.consume('q');
    world.confirm();
    world.run();
    world.completeCommit();
    world.publish('queue://q', 'a', { durable: false });
    expect([world.confirm().done, consumer.texts]).toEqual([true, ['a']]);
  });

  test('come in the order they were asked for, over commits and clients', async () => {
    const world = await createManual();
    world.queue('q');
    world.confirm();
    world.run();
    world.completeCommit();
    const order: string[] = [];
    const left = createWaiter(order, 'left');
    const right = createWaiter(order, 'right');
    world.publish('queue://q', '1');
    world.broker.confirm(left, 1);
    world.broker.confirm(right, 1);
    world.run();
    world.publish('queue://q', '2');
    world.broker.confirm(right, 2);
    // Nothing of its own is staged, but it asked before: it must not be overtaken.
    world.broker.confirm(left, 2);
    world.run();
    world.completeCommit();
    expect(order).toEqual(['left1', 'right1']);
    world.run();
    world.completeCommit();
    expect(order).toEqual(['left1', 'right1', 'right2', 'left2']);
    expect([left.pendingConfirms, right.pendingConfirms]).toEqual([0, 0]);
  });

  test('cover retained messages, which are written when the commit is sealed', async () => {
    const world = await createManual();
    world.publish('topic://t', 'kept', { retain: true });
    const confirm = world.confirm();
    expect(confirm.done).toBe(false);
    world.run();
    world.completeCommit();
    expect(confirm.done).toBe(true);
  });
});

test('closing makes everything durable that was taken', async () => {
  const world = await createManual();
  for (const text of ['a', 'b']) {
    world.publish('queue://q', text);
    world.broker.turn();
  }
  expect(world.broker.role).toBe('active');
  await world.restart();
  expect(world.queue('q').length).toBe(2);
});

test('producers are told to stop while too much waits for the disk', async () => {
  const world = await createTestBroker({
    autoCommit: false,
    limits: { uncommittedBytesMax: 10_000 },
  });
  expect(world.broker.overloaded).toBe(false);
  for (let count = 0; count < 11; count++) world.publish('queue://q', 'x'.repeat(1000));
  world.run();
  expect(world.broker.overloaded).toBe(true);
  while (world.completeCommit()) world.run();
  expect(world.broker.overloaded).toBe(false);
});
