import { beforeEach, expect, it } from 'vitest';
import { TestBroker } from '../support/test-broker.js';
import type { TestConsumer } from '../support/test-consumer.js';

const STALLED_MS = 500;
const LIMITS = { transientMessagesMax: 40, pacingMessages: 10 };

let harness: TestBroker;

beforeEach(async () => {
  harness = new TestBroker({ limits: LIMITS });
  await harness.start();
});

function subscriber(): TestConsumer {
  return harness.consume(harness.subscribe('news'), { settlesOnSend: true });
}

function publish(count: number): void {
  for (let number = 0; number < count; number++) {
    harness.publish('topic://news', String(number), { durable: false });
  }
  harness.run();
}

it('asks producers to wait while the only subscriber is behind, until it has caught up', () => {
  const slow = subscriber();
  slow.consumer.pause();
  publish(10);
  expect(harness.broker.backpressure()).toBeNull();
  publish(1);
  const reason = harness.broker.backpressure();
  expect(reason?.over).toBe(false);
  // Asked once: the next chunk has its own answer.
  expect(harness.broker.backpressure()).toBeNull();
  slow.consumer.resume();
  harness.run();
  expect(reason?.over).toBe(true);
  expect(slow.deliveries).toHaveLength(11);
});

it('lets a subscriber that takes nothing slow nobody for long, and drops for it visibly', () => {
  const stalled = subscriber();
  stalled.consumer.pause();
  publish(20);
  const reason = harness.broker.backpressure();
  expect(reason?.over).toBe(false);
  harness.advance(STALLED_MS);
  expect(reason?.over).toBe(true);
  publish(30);
  expect(harness.broker.backpressure()).toBeNull();
  expect(harness.broker.metrics.messagesDropped).toBe(10);
  expect(harness.logLines.map(({ event }) => event)).toContain('subscriber-too-slow');
});

it('does not have producers wait for one slow subscriber among several', () => {
  const [slow, quick] = [subscriber(), subscriber()];
  slow.consumer.pause();
  publish(20);
  expect(harness.broker.backpressure()).toBeNull();
  expect(quick.deliveries).toHaveLength(20);
});

it('keeps little for stalled subscribers once all together hold what they may', async () => {
  harness = new TestBroker({ limits: { windowBytesTotal: 50_000 } });
  await harness.start();
  const stalled = [subscriber(), subscriber(), subscriber()];
  for (const { consumer } of stalled) consumer.pause();
  publish(1);
  harness.advance(STALLED_MS);
  publish(1000);
  const waiting = stalled.map(({ consumer }) => consumer.queue.length);
  // Each keeps its small share even when the others have used up the rest.
  expect(Math.min(...waiting)).toBeGreaterThanOrEqual(64);
  expect(Math.max(...waiting)).toBeLessThan(200);
  expect(harness.broker.metrics.messagesDropped).toBeGreaterThan(2000);
});
