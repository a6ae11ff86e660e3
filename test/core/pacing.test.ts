import { beforeEach, describe, expect, test } from 'vitest';
import { TestBroker } from '../support/test-broker.js';

const STALLED_MS = 500;
const SWEEP_MS = 1000;

let harness: TestBroker;
let proceeded: number;
const producer = { proceed: () => proceeded++ };

beforeEach(async () => {
  proceeded = 0;
  harness = new TestBroker({ limits: { queueWindowMessages: 40 } });
  await harness.start();
});

function publish(count: number): void {
  for (let number = 0; number < count; number++) {
    harness.publish('queue://work', String(number), { durable: false });
  }
  harness.run();
}

function pace(): boolean {
  return harness.broker.pace(harness.broker.addresses.queue('work'), producer);
}

describe('a producer that gets credit', () => {
  test('waits while more than half of what may wait in memory does, until it is a quarter', () => {
    const consumer = harness.consume(harness.queue('work'), { credit: 0 });
    publish(20);
    expect(pace()).toBe(false);
    publish(1);
    expect(pace()).toBe(true);
    consumer.consumer.grant(10);
    harness.run();
    expect(proceeded).toBe(0);
    consumer.consumer.grant(1);
    harness.run();
    expect(proceeded).toBe(1);
    expect(pace()).toBe(false);
  });

  test('does not wait for consumers that take nothing', () => {
    harness.consume(harness.queue('work'), { credit: 0 });
    publish(21);
    expect(pace()).toBe(true);
    harness.advance(STALLED_MS);
    harness.advance(SWEEP_MS);
    expect(proceeded).toBe(1);
    expect(pace()).toBe(false);
  });

  test('does not wait where nobody consumes, nor for a topic or a queue that does not exist', () => {
    publish(21);
    expect(pace()).toBe(false);
    const { addresses } = harness.broker;
    expect(harness.broker.pace(addresses.topic('news'), producer)).toBe(false);
    expect(harness.broker.pace(addresses.queue('nothing'), producer)).toBe(false);
  });
});
