import { describe, expect, test } from 'vitest';
import { createTestBroker, type TestBroker } from '../support/test-broker.js';

const SMALL_WINDOW = { queueWindowMessages: 20 };

function publishMany(world: TestBroker, count: number, from = 0): void {
  for (let number = from; number < from + count; number++)
    world.publish('queue://q', `n=${number}`);
  world.run();
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => `n=${number}`);

describe('a consumer that browses', () => {
  test.each([true, false])('sees everything and changes nothing (durable %s)', async (durable) => {
    const world = await createTestBroker();
    for (const text of ['a', 'b', 'c']) world.publish('queue://q', text, { durable });
    const browser = world.consume('q', { browse: true });
    world.run();
    expect(browser.texts).toEqual(['a', 'b', 'c']);
    expect(browser.deliveries.every(({ entry }) => entry === null)).toBe(true);
    expect(browser.consumer).toMatchObject({ credit: 1000, unsettled: 0, deliveries: 3 });
    expect(world.queue('q').length).toBe(3);
    browser.close();
    const consumer = world.consume('q');
    world.run();
    expect(consumer.deliveries.map(({ text, redelivered }) => [text, redelivered])).toEqual([
      ['a', false],
      ['b', false],
      ['c', false],
    ]);
  });

  test('leaves no mark that messages were delivered', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 100);
    world.consume('q', { browse: true });
    world.run();
    await world.crash();
    const consumer = world.consume('q');
    world.run();
    expect(consumer.deliveries.some(({ redelivered }) => redelivered)).toBe(false);
  });

  test('sees what others hold, and not what is settled', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 60);
    const consumer = world.consume('q', { credit: 5 });
    const selective = world.consume('q', { selector: 'n = 50 OR n = 51' });
    world.run();
    consumer.settle('accepted', {}, 1);
    selective.settle('accepted', {}, 0);
    world.run();
    const browser = world.consume('q', { browse: true });
    world.run();
    expect(browser.texts).toEqual(numbers(60).filter((text) => text !== 'n=1' && text !== 'n=50'));
  });

  test('sees what is in the store only, in order and once', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 1000);
    const browser = world.consume('q', { browse: true });
    world.run();
    expect(browser.texts).toEqual(numbers(1000));
  });

  test('sees each message once while others take them', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 1000);
    const browser = world.consume('q', {
      browse: true,
      onDelivery: (_, consumer) => consumer.consumer.pause(),
    });
    const consumer = world.consume('q', { credit: 0 });
    const selective = world.consume('q', { selector: 'n > 500', credit: 0 });
    for (let round = 0; browser.deliveries.at(-1)?.text !== 'n=999'; round++) {
      browser.consumer.resume();
      if (round % 3 === 0) consumer.consumer.grant(2);
      if (round % 7 === 0) selective.consumer.grant(1);
      if (round % 50 === 49) for (const each of [consumer, selective]) each.settle('released');
      world.run();
    }
    expect(new Set(browser.texts).size).toBe(browser.texts.length);
    const sorted = browser.texts.map((text) => Number(text.slice(2)));
    expect(sorted).toEqual([...sorted].sort((left, right) => left - right));
    expect(sorted).toEqual(Array.from({ length: 1000 }, (_, number) => number));
  });

  test('sees what arrives while it browses', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    const browser = world.consume('q', { browse: true });
    for (let round = 0; round < 10; round++) publishMany(world, 10, round * 10);
    expect(browser.texts).toEqual(numbers(100));
  });

  test('may see a message before a consumer that settles it at once', async () => {
    const world = await createTestBroker();
    const consumer = world.consume('q', { settlesOnSend: true });
    const browser = world.consume('q', { browse: true });
    world.publish('queue://q', 'a', { durable: false });
    world.publish('queue://q', 'b');
    world.run();
    expect([browser.texts, consumer.texts]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  test('sees only what is durable, where that was promised', async () => {
    const world = await createTestBroker({ autoCommit: false });
    const browser = world.consume('q', { browse: true });
    world.publish('queue://q', 'a');
    world.publish('queue://q', 'b', { durable: false });
    browser.consumer.drain();
    world.run();
    expect([browser.texts, browser.drains]).toEqual([[], []]);
    world.completeCommit();
    world.run();
    expect([browser.texts, browser.drains]).toEqual([['a', 'b'], [2]]);
  });

  test('may have a selector', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 500);
    const browser = world.consume('q', {
      browse: true,
      selector: 'n BETWEEN 10 AND 12 OR n = 400',
    });
    browser.consumer.drain();
    world.run();
    expect(browser.texts).toEqual(['n=10', 'n=11', 'n=12', 'n=400']);
    expect(browser.drains).toEqual([4]);
  });

  test('does not see what expired', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    const expiresAt = world.clock.nowMs + 100;
    for (let number = 0; number < 40; number++) {
      world.publish('queue://q', `n=${number}`, number % 2 === 0 ? { expiresAt } : {});
    }
    world.run();
    world.clock.nowMs += 200;
    const browser = world.consume('q', { browse: true });
    world.run();
    expect(browser.texts).toEqual(numbers(40).filter((_, number) => number % 2 === 1));
  });

  test('gets no more than it has credit for, and takes it back itself', async () => {
    const world = await createTestBroker();
    publishMany(world, 10);
    const browser = world.consume('q', {
      browse: true,
      credit: 4,
      onDelivery: (_, { consumer }) => {
        consumer.credit--;
      },
    });
    browser.consumer.drain();
    world.run();
    expect([browser.texts, browser.drains]).toEqual([numbers(4), [4]]);
    browser.consumer.setCredit(100);
    browser.consumer.drain();
    world.run();
    expect([browser.texts, browser.drains]).toEqual([numbers(10), [4, 10]]);
  });

  test('says what may have been delivered before', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 60);
    const consumer = world.consume('q', { selector: 'n = 1 OR n = 50' });
    world.run();
    consumer.close();
    const browser = world.consume('q', { browse: true });
    world.run();
    const flagged = browser.deliveries.filter(({ redelivered }) => redelivered);
    expect(flagged.map(({ text }) => text)).toEqual(['n=1', 'n=50']);
  });

  test('keeps nothing back when it closes, or its queue is deleted', async () => {
    const world = await createTestBroker({ limits: SMALL_WINDOW });
    publishMany(world, 100);
    const [first, second] = [0, 1].map(() =>
      world.consume('q', { browse: true, onDelivery: (_, { consumer }) => consumer.pause() }),
    );
    world.run();
    expect(world.queue('q').consumers).toHaveLength(2);
    first!.close();
    world.broker.deleteQueue(world.queue('q'));
    world.run();
    expect([first!.closedWith, second!.closedWith?.code]).toEqual([null, 'address-not-found']);
    expect(world.broker.queueCount).toBe(0);
  });

  test('of a topic subscription sees how a message came', async () => {
    const world = await createTestBroker({ limits: { queueWindowMessages: 2 } });
    const queue = world.subscribe('t', { name: 's', durable: true });
    for (const text of ['a', 'b', 'c', 'd']) world.publish('topic://t', text);
    world.run();
    const browser = world.consume(queue, { browse: true });
    world.run();
    expect(browser.texts).toEqual(['a', 'b', 'c', 'd']);
    for (const { target } of browser.deliveries) expect(target?.bindings).toHaveLength(1);
  });
});
