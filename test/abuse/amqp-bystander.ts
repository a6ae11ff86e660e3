import { afterEach, beforeEach, expect } from 'vitest';
import type { RawAmqp } from '../support/raw-amqp.js';
import type { AmqpFixture } from '../support/raw-amqp-fixture.js';
import { amqp } from '../support/raw-amqp-frames.js';
import { text } from '../support/raw-amqp-message.js';

/** Hundreds of times what a test takes; what a client made loop or wait takes longer. */
const TEST_MS_MAX = 5000;
/** Far above what any test sends, and far below what any of its numbers claims. */
const GROWTH_BYTES_MAX = 256 * 1024 ** 2;

/**
 * Has another client of the server at work around every test of a file: whatever happens, it sends
 * a message and gets it, and neither time nor memory is lost. Call it below `useAmqpServer`.
 */
export function useBystander({ name, session }: Pick<AmqpFixture, 'name' | 'session'>): void {
  let bystander: RawAmqp;
  let startedMs = 0;
  let residentBytes = 0;
  beforeEach(async () => {
    const queue = name('bystander');
    bystander = await session();
    await bystander.attachSender(queue, { handle: 0 });
    await bystander.attachReceiver(queue, { handle: 1 });
    bystander.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 1 }));
    startedMs = performance.now();
    residentBytes = process.memoryUsage.rss();
  });
  afterEach(async () => {
    const message = text('still here');
    bystander.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', settled: true }, message));
    const { payload } = await bystander.expect('transfer', { handle: 1 });
    expect(payload.toString('latin1')).toContain('still here');
    expect(performance.now() - startedMs, 'milliseconds').toBeLessThan(TEST_MS_MAX);
    const grownBytes = process.memoryUsage.rss() - residentBytes;
    expect(grownBytes, 'bytes of memory').toBeLessThan(GROWTH_BYTES_MAX);
  });
}
