import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createTestBroker } from '../support/test-broker.js';

const DEPTH = 200_000;
const MATCHES = 1000;
const GROWTH_BYTES_MAX = 24 * 1024 * 1024;
const SECONDS_MAX = 60;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test(`a selective consumer is served behind ${DEPTH} messages, in bounded time and memory`, async () => {
  const world = await createTestBroker();
  for (let number = 0; number < DEPTH; number++)
    world.publish('queue://q', `kind=dull n=${number}`);
  for (let number = 0; number < MATCHES; number++) {
    world.publish('queue://q', `kind=rare n=${number}`);
    // So that they are far from each other as well.
    for (let dull = 0; dull < 10; dull++) world.publish('queue://q', 'kind=dull');
  }
  world.run();
  const startedMs = performance.now();
  const before = heapBytes();
  const { readEntries } = world.store;
  let read = 0;
  world.store.readEntries = (queueId, range, callback) => {
    readEntries.call(world.store, queueId, range, (entries) => {
      read += entries.length;
      callback(entries);
    });
  };
  const consumer = world.consume('q', { selector: "kind = 'rare'", credit: 1 });
  const idle = world.consume('q', { selector: 'n IS NULL AND kind IS NULL' });
  while (consumer.deliveries.length < MATCHES) {
    const done = consumer.deliveries.length;
    world.run();
    expect(consumer.deliveries.length).toBe(done + 1);
    expect(consumer.last.text).toBe(`kind=rare n=${done}`);
    consumer.settle('accepted');
    consumer.consumer.grant(1);
  }
  world.run();
  // Each stored message was read once by both, apart from those that waited for credit.
  expect(read).toBeLessThan((DEPTH + MATCHES * 11) * 1.1);
  expect(idle.texts).toEqual([]);
  consumer.deliveries.length = 0;
  expect(heapBytes() - before).toBeLessThan(GROWTH_BYTES_MAX);
  expect((performance.now() - startedMs) / 1000).toBeLessThan(SECONDS_MAX);
  expect(world.queue('q').length).toBe(DEPTH + MATCHES * 10);
  // New messages are served at once, though everything else is still in the way.
  world.publish('queue://q', 'kind=rare late');
  const readBefore = read;
  world.run();
  expect([consumer.texts, read - readBefore]).toEqual([['kind=rare late'], 1]);
});
