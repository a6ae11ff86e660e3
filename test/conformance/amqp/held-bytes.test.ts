import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type FrameFields, type RawFrame } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';

// How many bytes a receiver may hold unsettled, whatever its credit (2.6.7).

const fixture = useAmqpServer({ limits: { prefetchBytes: 10_000 } });
const { connect, fill, name, session } = fixture;

/** Of which a receiver may hold five: the last one goes beyond the bound. */
const MESSAGE = text('a'.repeat(2200));
const HELD = 5;

const flow = (linkCredit: number, more: FrameFields<'flow'> = {}): Buffer =>
  amqp.flow({ handle: 0, deliveryCount: 0, linkCredit, ...more });
const settle = (first: number, last = first, state = 'accepted'): Buffer =>
  amqp.disposition({ role: true, first, last, settled: true, state });

async function receiver(
  count: number,
  fields: FrameFields<'attach'> = {},
  message = MESSAGE,
): Promise<{ client: RawAmqp; queue: string }> {
  const queue = name('queue');
  await fill(queue, ...Array.from({ length: count }, () => message));
  const client = await session();
  await client.attachReceiver(queue, fields);
  return { client, queue };
}

async function expectTransfers(client: RawAmqp, count: number): Promise<RawFrame[]> {
  const frames: RawFrame[] = [];
  while (frames.length < count) frames.push(await client.expect('transfer'));
  await client.expectSilence();
  return frames;
}

describe('a receiver', () => {
  test('2.6.7 gets no more than it may hold, and the rest as it settles', async () => {
    const { client } = await receiver(12);
    client.send(flow(100));
    await expectTransfers(client, HELD);
    client.send(settle(0));
    await expectTransfers(client, 1);
    client.send(settle(1, 3, 'released'));
    await expectTransfers(client, 3);
    client.send(settle(4, 8));
    await expectTransfers(client, 5);
  });

  test('2.6.7 keeps its credit meanwhile, and may change it', async () => {
    const { client } = await receiver(8);
    client.send(flow(100));
    await expectTransfers(client, HELD);
    client.send(flow(50, { echo: true, deliveryCount: HELD }));
    await client.expect('flow', { deliveryCount: HELD, linkCredit: 50 });
    client.send(flow(1, { deliveryCount: HELD }));
    await client.expectSilence();
    client.send(settle(0, HELD - 1));
    await expectTransfers(client, 1);
  });

  test('2.6.7 of a message beyond the bound gets one at a time', async () => {
    const { client } = await receiver(3, {}, text('a'.repeat(20_000)));
    client.send(flow(100));
    for (let id = 0; id < 3; id++) {
      await expectTransfers(client, 1);
      client.send(settle(id));
    }
    await client.expectSilence();
  });

  test('2.6.7 that drains is told so when it has had everything', async () => {
    const { client } = await receiver(7);
    client.send(flow(100, { drain: true }));
    await expectTransfers(client, HELD);
    client.send(settle(0, HELD - 1));
    for (let id = HELD; id < 7; id++) await client.expect('transfer', { deliveryId: id });
    await client.expect('flow', { deliveryCount: 100, linkCredit: 0, drain: true });
  });

  test('2.6.7 2.8.2 of what is sent settled holds nothing', async () => {
    const { client } = await receiver(12, { sndSettleMode: 1 });
    client.send(flow(100));
    await expectTransfers(client, 12);
  });

  test('2.6.7 has a bound on each link', async () => {
    const { client, queue } = await receiver(2 * HELD + 2);
    client.send(flow(100));
    await expectTransfers(client, HELD);
    await client.attachReceiver(queue, { handle: 1, name: 'other' });
    client.send(flow(100, { handle: 1 }));
    for (const { handle } of await expectTransfers(client, HELD)) expect(handle).toBe(1);
  });

  test('2.6.7 whose messages are taken away is not held up by them', async () => {
    const { client, queue } = await receiver(HELD + 1);
    client.send(flow(100));
    await expectTransfers(client, HELD);
    const { broker } = fixture.server;
    broker.queue(broker.addresses.get('queue', queue), false).purge(HELD + 1);
    await client.expectSilence();
    client.send(settle(0, HELD - 1), flow(100, { deliveryCount: HELD }));
    await fill(queue, MESSAGE);
    await expectTransfers(client, 1);
  });

  test('2.6.7 2.6.13 holds what it resumes', async () => {
    const containerId = name('container');
    const queue = name('queue');
    const lasting = { name: 'lasting', source: { address: queue, expiryPolicy: 'never' } };
    await fill(queue, ...Array.from({ length: HELD + 2 }, () => MESSAGE));
    const first = await connect({ containerId });
    await first.begin();
    await first.attachReceiver(queue, lasting);
    first.send(flow(HELD));
    const frames = await expectTransfers(first, HELD);
    const tags = frames.map(({ deliveryTag }) => deliveryTag.toString('latin1'));
    await first.close();
    const client = await connect({ containerId });
    await client.begin();
    const unsettled = Object.fromEntries(tags.map((tag) => [tag, null]));
    await client.attachReceiver(queue, { ...lasting, unsettled });
    client.send(flow(100));
    await expectTransfers(client, 2 * HELD);
    client.send(settle(0));
    await expectTransfers(client, 1);
  });
});

test('4.4.2 a receiver goes on when its transaction is committed', async () => {
  const { client } = await receiver(HELD + 2);
  client.send(
    amqp.attach({
      name: 'transactions',
      handle: 1,
      role: false,
      source: {},
      target: { kind: 'coordinator' },
      initialDeliveryCount: 0,
    }),
  );
  await client.take(2);
  const declare = Buffer.from('00537700533145', 'hex');
  client.send(amqp.transfer({ handle: 1, deliveryId: 0, deliveryTag: 'a' }, declare));
  const { state } = await client.expect('disposition', { state: { kind: 'declared' } });
  const { txnId } = state;
  client.send(flow(100));
  await expectTransfers(client, HELD);
  const transactional = { kind: 'transactionalState', txnId, outcome: 'accepted' };
  client.send(
    amqp.disposition({ role: true, first: 0, last: HELD - 1, settled: true, state: transactional }),
  );
  await client.expectSilence();
  const discharge = Buffer.concat([
    Buffer.from('005377005332c00b02a008', 'hex'),
    txnId,
    Buffer.of(0x42),
  ]);
  discharge[7] = 3 + txnId.length + 1;
  discharge[10] = txnId.length;
  client.send(amqp.transfer({ handle: 1, deliveryId: 1, deliveryTag: 'b' }, discharge));
  const kinds = (await client.take(3)).map(({ kind }) => kind);
  expect(kinds.sort()).toEqual(['disposition', 'transfer', 'transfer']);
});
