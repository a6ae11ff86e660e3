import { describe, expect, test } from 'vitest';
import { createTestBroker } from '../support/test-broker.js';
import {
  closeSession,
  MINUTE_MS,
  openSession,
  STORING,
  TestOwner,
} from '../support/test-session.js';

describe('taking a session over', () => {
  test('tells the former owner, ends its consumers and keeps the messages', async () => {
    const world = await createTestBroker();
    const first = openSession(world);
    world.broker.bind(first.session.queue, 't', STORING);
    const old = world.consume(first.session.queue);
    for (const text of ['a', 'b']) world.publish('topic://t', text);
    world.run();
    old.settle('accepted', {}, 0);
    const second = openSession(world);
    expect([first.owner, second.present]).toMatchObject([{ taken: 1 }, true]);
    expect([old.consumer.closed, second.session.owner]).toEqual([true, second.owner]);
    const consumer = world.consume(second.session.queue);
    world.run();
    expect(consumer.deliveries.map(({ text, redelivered }) => [text, redelivered])).toEqual([
      ['b', true],
    ]);
  });

  test('works when the former owner closes the session while it is told', async () => {
    const world = await createTestBroker();
    let closing: () => void = () => {};
    const owner = new TestOwner(() => closing());
    const { session } = openSession(world, { owner });
    closing = () => world.broker.closeSession(session, owner, { discardWill: false });
    const second = openSession(world);
    expect([owner.taken, second.present, second.session.owner]).toEqual([1, true, second.owner]);
  });

  test('leaves the new owner alone when the old one closes late', async () => {
    const world = await createTestBroker();
    const first = openSession(world);
    const second = openSession(world);
    closeSession(world, { session: first.session, owner: first.owner });
    world.advance(2 * MINUTE_MS);
    expect([second.session.owner, world.broker.sessionCount]).toEqual([second.owner, 1]);
  });

  test('does not resume a session that ends with its connection', async () => {
    const world = await createTestBroker();
    const first = openSession(world, { expiryMs: 0 });
    const second = openSession(world, { expiryMs: 0 });
    expect([first.owner, second.present]).toMatchObject([{ taken: 1 }, false]);
    expect(second.session).not.toBe(first.session);
  });
});
