import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';
import type { TestConsumer } from '../support/test-consumer.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const amendment = (consumer: TestConsumer) => consumer.last.message.amendments?.toString() ?? null;

/** Has a consumer add to the message that it got last, and gets it again. */
function amend(world: TestBroker, consumer: TestConsumer, text: string): void {
  consumer.settle('modified', { amendments: bytes(text) });
  consumer.consumer.grant(1);
  world.run();
}

describe('what a consumer adds to a message', () => {
  test.each([true, false])('comes with it from then on, durable %s', async (durable) => {
    const world = await createTestBroker();
    const consumer = world.consume('q', { credit: 1 });
    world.publish('queue://q', 'message', { durable });
    world.run();
    expect(amendment(consumer)).toBeNull();
    amend(world, consumer, 'one');
    expect(consumer.last).toMatchObject({ text: 'message', redelivered: true, deliveryCount: 0 });
    expect(amendment(consumer)).toBe('one');
    amend(world, consumer, 'another');
    expect(amendment(consumer)).toBe('another');
    consumer.settle('released');
    consumer.close();
    const next = world.consume('q');
    world.run();
    expect(amendment(next)).toBe('another');
  });

  test('comes to browsers, and to consumers that settle nothing', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q', { credit: 1 });
    world.publish('queue://q', 'message');
    world.run();
    amend(world, consumer, 'added');
    const browser = world.consume('q', { browse: true });
    world.run();
    expect(amendment(browser)).toBe('added');
    consumer.close();
    const last = world.consume('q', { settlesOnSend: true });
    world.run();
    expect(amendment(last)).toBe('added');
  });

  test('is of one queue, where a message is in several', async () => {
    const world = await createTestBroker();
    const queues = ['a', 'b'].map((name) =>
      world.subscribe('topic', { name, durable: true, stores: true }),
    );
    const [one, other] = queues.map((queue) => world.consume(queue, { credit: 1 }));
    world.publish('topic://topic', 'message');
    world.run();
    amend(world, one!, 'added');
    other!.settle('released');
    other!.consumer.grant(1);
    world.run();
    expect([amendment(one!), amendment(other!)]).toEqual(['added', null]);
    one!.settle('accepted');
    other!.settle('accepted');
    world.run();
    expect(queues.map(({ length }) => length)).toEqual([0, 0]);
  });

  test('is there again when the message was in the store only meanwhile', async () => {
    const world = await createTestBroker({ limits: { queueWindowMessages: 4 } });
    for (let n = 0; n < 40; n++) world.publish('queue://q', `n=${n}`);
    world.run();
    const picker = world.consume('q', { selector: 'n = 30', credit: 1 });
    world.run();
    amend(world, picker, 'added');
    expect(amendment(picker)).toBe('added');
    picker.close();
    const browser = world.consume('q', { browse: true });
    const consumer = world.consume('q', { credit: 40 });
    world.run();
    for (const { deliveries } of [browser, consumer]) {
      const amended = deliveries.filter(({ message }) => message.amendments !== null);
      expect(amended.map(({ text }) => text)).toEqual(['n=30']);
    }
  });

  test('goes with it to the dead letters, and is there after a restart', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q', { credit: 1 });
    world.publish('queue://q', 'message');
    world.run();
    consumer.settle('modified', { amendments: bytes('added'), undeliverableHere: true });
    world.run();
    await world.crash();
    const dead = world.consume('DLQ');
    world.run();
    expect(dead.texts).toEqual(['message']);
    expect(amendment(dead)).toBe('added');
  });

  test('is dropped beyond what all of it may take, and its room is free with the message', async () => {
    const world = await createTestBroker({ limits: { amendmentBytesTotal: 10 } });
    const consumer = world.consume('q', { credit: 1 });
    world.publish('queue://q', 'message');
    world.run();
    amend(world, consumer, '0123456789');
    amend(world, consumer, '9876543210');
    expect(amendment(consumer)).toBe('9876543210');
    amend(world, consumer, 'more than is left');
    expect(amendment(consumer)).toBe('9876543210');
    consumer.settle('accepted');
    for (let round = 0; round < 2; round++) {
      world.publish('queue://q', 'next', { durable: round === 0 });
      consumer.consumer.setCredit(1);
      world.run();
      amend(world, consumer, '0123456789');
      expect(amendment(consumer)).toBe('0123456789');
      consumer.settle('accepted');
    }
    world.publish('queue://other', 'purged');
    const other = world.consume('other', { credit: 1 });
    world.run();
    amend(world, other, '0123456789');
    world.broker.deleteQueue(world.queue('other'));
    world.run();
    world.publish('queue://q', 'last');
    consumer.consumer.setCredit(1);
    world.run();
    amend(world, consumer, 'abcdefghij');
    expect(amendment(consumer)).toBe('abcdefghij');
  });
});
