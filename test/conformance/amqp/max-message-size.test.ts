import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type FrameFields } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';

// What a receiver takes (2.7.3, max-message-size), and what the server does.

const MAX_DELIVERIES = 3;
const LIMIT = 10_000;
const { fill, name, session } = useAmqpServer({
  policies: [{ destination: 'queue://>', maxDeliveries: MAX_DELIVERIES }],
  limits: { frameBytesMax: LIMIT },
});

const TOO_LARGE = 'amqp:link:message-size-exceeded';
const BODY = text('a'.repeat(100));

async function receiver(queue: string, fields: FrameFields<'attach'> = {}): Promise<RawAmqp> {
  const client = await session();
  await client.attachReceiver(queue, fields);
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 10 }));
  return client;
}

/** Bytes of the message when it is delivered for the first time. */
async function sizeOf(message: Buffer): Promise<number> {
  const queue = name('queue');
  await fill(queue, message);
  const client = await receiver(queue);
  return (await client.expect('transfer')).payload.length;
}

/** Has receivers that are too small fail until the queue has given the message up. */
async function failUntilBuried(queue: string, fields: FrameFields<'attach'>): Promise<void> {
  for (let attempt = 0; attempt < MAX_DELIVERIES; attempt++) {
    const client = await receiver(queue, fields);
    await client.expectDetach(TOO_LARGE);
  }
}

describe('messages to a receiver', () => {
  test('2.7.3 a message of max-message-size is sent', async () => {
    const maxMessageSize = await sizeOf(BODY);
    const queue = name('queue');
    await fill(queue, BODY);
    const client = await receiver(queue, { maxMessageSize });
    expect((await client.expect('transfer')).payload.length).toBe(maxMessageSize);
  });

  test('2.7.3 2.8.18 one that is larger ends the link, and stays', async () => {
    const maxMessageSize = (await sizeOf(BODY)) - 1;
    const queue = name('queue');
    await fill(queue, BODY);
    const client = await receiver(queue, { maxMessageSize });
    await client.expectDetach(TOO_LARGE);
    client.send(amqp.detach({ closed: true }));
    await client.expectSilence();
    const other = await receiver(queue);
    await other.expect('transfer');
  });

  test('2.7.3 what the link held before goes back with it', async () => {
    const queue = name('queue');
    await fill(queue, text('s'), BODY);
    const client = await receiver(queue, { maxMessageSize: 50 });
    await client.expect('transfer');
    await client.expectDetach(TOO_LARGE);
    const other = await receiver(queue);
    await other.expect('transfer');
    await other.expect('transfer');
  });

  test('2.7.3 a max-message-size of 0 is none', async () => {
    const queue = name('queue');
    await fill(queue, BODY);
    const client = await receiver(queue, { maxMessageSize: 0 });
    await client.expect('transfer');
  });

  test('2.7.3 2.6.14 the whole message counts, not its frames', async () => {
    const queue = name('queue');
    await fill(queue, text('a'.repeat(5000)));
    const client = await receiver(queue, { maxMessageSize: 4999 });
    await client.expectDetach(TOO_LARGE);
  });

  test.each([0, 1, 2])(
    '2.7.3 2.8.2 in settle mode %d it is lost neither, and becomes a dead letter in the end',
    async (sndSettleMode) => {
      const queue = name('queue');
      await fill(queue, BODY);
      await failUntilBuried(queue, { maxMessageSize: 50, sndSettleMode });
      const client = await receiver(queue);
      await client.expectSilence();
      const letters = await receiver('DLQ', { sndSettleMode: 1 });
      const { payload } = await letters.expect('transfer');
      expect(payload.toString('latin1')).toContain('max-message-size');
    },
  );

  test('2.7.3 3.5.3 a browser is told, and changes nothing', async () => {
    const queue = name('queue');
    await fill(queue, BODY);
    const source = { address: queue, distributionMode: 'copy' };
    await failUntilBuried(queue, { maxMessageSize: 50, source });
    const client = await receiver(queue);
    await client.expect('transfer');
  });

  test('2.7.3 a receiver that takes more gets what another one does not take', async () => {
    const queue = name('queue');
    const [small, large] = [await receiver(queue, { maxMessageSize: 50 }), await receiver(queue)];
    await fill(queue, text('1'), text('2'), BODY, BODY);
    await small.expect('transfer');
    await large.expect('transfer');
    await small.expectDetach(TOO_LARGE);
    // Both large ones, and what the small receiver had.
    for (let count = 0; count < 3; count++) await large.expect('transfer');
  });

  test('2.7.3 a subscriber of a topic is told in the same way', async () => {
    const topic = `topic://${name('topic')}`;
    const client = await receiver(topic, { maxMessageSize: 50 });
    await client.expectSilence();
    await fill(topic, BODY);
    await client.expectDetach(TOO_LARGE);
  });
});

describe('messages from a sender', () => {
  test('2.7.3 the server names what it takes', async () => {
    const client = await session();
    client.send(
      amqp.attach({
        name: 'out',
        role: false,
        target: { address: name('queue') },
        initialDeliveryCount: 0,
      }),
    );
    await client.expect('attach', { maxMessageSize: LIMIT });
  });

  test.each([1, 100, 4000])(
    '2.7.3 2.6.14 a message may have that size, in frames of %d bytes',
    async (size) => {
      const queue = name('queue');
      const client = await session();
      await client.attachSender(queue);
      const message = text('a'.repeat(LIMIT - 8));
      expect(message.length).toBe(LIMIT);
      const parts: Buffer[] = [];
      for (let at = 0; at < LIMIT; at += size) {
        const first = at === 0 ? { deliveryId: 0, deliveryTag: 'a' } : {};
        const more = at + size < LIMIT;
        parts.push(amqp.transfer({ ...first, more }, message.subarray(at, at + size)));
      }
      client.send(...parts);
      await client.expect('disposition', { first: 0, state: { kind: 'accepted' } });
    },
  );

  test('2.7.3 2.8.18 a larger one ends the link before it is complete', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue);
    const part = Buffer.alloc(LIMIT / 2 + 1);
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a', more: true }, part),
      amqp.transfer({ more: true }, part),
      amqp.transfer({ more: true }, part),
    );
    await client.expectDetach(TOO_LARGE);
    client.send(amqp.detach({ closed: true }));
    await client.attachSender(queue);
    client.send(amqp.transfer({ deliveryId: 1, deliveryTag: 'b' }, BODY));
    await client.expect('disposition', { first: 1, state: { kind: 'accepted' } });
  });
});
