import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import type { StateFields } from '../../support/raw-amqp-composites.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type FrameFields, type RawFrame } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';

// Resuming deliveries (2.6.13) on links on which the client sends.

const CREDIT = 20;
const { connect, name, session } = useAmqpServer({ limits: { linkCredit: CREDIT } });

const SECOND = 1;
const BODY = text('a');
const DURABLE = text('a', { durable: true });

interface Suspended {
  readonly containerId: string;
  readonly queue: string;
}

const lasting = (address: string): FrameFields<'attach'> => ({
  name: 'lasting',
  rcvSettleMode: SECOND,
  target: { address, expiryPolicy: 'never' },
});

const settle = (first: number, last = first): Buffer =>
  amqp.disposition({ role: false, first, last, settled: true });

/** A link on which messages of these tags were accepted, and not settled; its connection ends. */
async function suspended(...tags: readonly string[]): Promise<Suspended> {
  const containerId = name('container');
  const queue = name('queue');
  const client = await connect({ containerId });
  await client.begin();
  await client.attachSender(queue, lasting(queue));
  for (const [deliveryId, deliveryTag] of tags.entries()) {
    client.send(amqp.transfer({ deliveryId, deliveryTag }, BODY));
    const accepted = { first: deliveryId, state: { kind: 'accepted' } };
    const { settled } = await client.expect('disposition', accepted);
    expect(settled ?? false).toBe(false);
  }
  await client.close();
  return { containerId, queue };
}

async function resume(
  { containerId, queue }: Suspended,
  unsettled: Readonly<Record<string, StateFields | null>> | undefined,
  fields: FrameFields<'attach'> = {},
): Promise<{ client: RawAmqp; attach: RawFrame }> {
  const client = await connect({ containerId });
  await client.begin();
  client.send(
    amqp.attach({
      ...lasting(queue),
      role: false,
      source: {},
      initialDeliveryCount: 0,
      unsettled,
      ...fields,
    }),
  );
  const attach = await client.expect('attach', { role: true });
  await client.expect('flow', { handle: 0, linkCredit: CREDIT });
  return { client, attach };
}

async function lengthOf(queue: string): Promise<number> {
  const client = await session();
  await client.attachReceiver(queue, { sndSettleMode: 1 });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 100, drain: true }));
  let count = 0;
  while ((await client.next()).kind === 'transfer') count++;
  await client.drop();
  return count;
}

describe('what the target has accepted', () => {
  test.each([
    ['no state', null],
    ['received', { kind: 'received', sectionNumber: 0, sectionOffset: 0 }],
    ['accepted', 'accepted'],
  ] as const)('2.6.13 is told again: %s at the source', async (_, state) => {
    const link = await suspended('a');
    const { client, attach } = await resume(link, { a: state });
    expect(attach.unsettled).toEqual({ a: 'accepted' });
    client.send(amqp.transfer({ deliveryId: 7, deliveryTag: 'a', resume: true }, BODY));
    const disposition = await client.expect('disposition', { role: true, first: 7 });
    expect(disposition).toMatchObject({ state: { kind: 'accepted' } });
    expect(disposition.settled ?? false).toBe(false);
    client.send(settle(7));
    await client.expectSilence();
    expect(await lengthOf(link.queue)).toBe(1);
  });

  test('2.6.13 2.7.5 is settled by an empty transfer that says so', async () => {
    const link = await suspended('a', 'b');
    const { client } = await resume(link, { a: 'accepted', b: 'accepted' });
    client.send(
      amqp.transfer({
        deliveryId: 0,
        deliveryTag: 'a',
        settled: true,
        state: 'accepted',
        resume: true,
      }),
    );
    await client.expectSilence();
    await client.close();
    const again = await resume(link, { a: 'accepted', b: 'accepted' });
    expect(again.attach.unsettled).toEqual({ b: 'accepted' });
    expect(await lengthOf(link.queue)).toBe(2);
  });

  test('2.6.13 2.7.5 an aborted transfer settles it, too', async () => {
    const link = await suspended('a');
    const { client } = await resume(link, { a: null });
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', resume: true, aborted: true }));
    await client.expectSilence();
    await client.close();
    const again = await resume(link, { a: null });
    expect(again.attach.unsettled ?? {}).toEqual({});
    expect(await lengthOf(link.queue)).toBe(1);
  });

  test('2.6.13 is told again in any number of frames, and goes on', async () => {
    const link = await suspended('a');
    const { client } = await resume(link, { a: null });
    const part = { deliveryId: 3, deliveryTag: 'a', more: true };
    client.send(
      amqp.transfer({ ...part, resume: true }, BODY.subarray(0, 2)),
      amqp.transfer({ ...part, resume: true }, BODY.subarray(2, 4)),
      amqp.transfer({ more: true }),
    );
    await client.expectSilence();
    client.send(amqp.transfer({}, BODY.subarray(4)));
    await client.expect('disposition', { first: 3, state: { kind: 'accepted' } });
    client.send(amqp.transfer({ deliveryId: 4, deliveryTag: 'n' }, BODY));
    await client.expect('disposition', { first: 4, state: { kind: 'accepted' } });
    expect(await lengthOf(link.queue)).toBe(2);
  });

  test('2.7.5 is settled when a later frame says so', async () => {
    const link = await suspended('a');
    const { client } = await resume(link, { a: null });
    client.send(
      amqp.transfer({ deliveryId: 3, deliveryTag: 'a', more: true, resume: true }, BODY),
      amqp.transfer({ settled: true }),
    );
    await client.expectSilence();
    expect(await lengthOf(link.queue)).toBe(1);
  });

  test('2.7.5 the settle mode of the delivery is that of its new transfer', async () => {
    const link = await suspended('a', 'b');
    const { client } = await resume(link, { a: null, b: null });
    const transfer = { deliveryId: 3, deliveryTag: 'a', resume: true };
    client.send(amqp.transfer({ ...transfer, rcvSettleMode: 0 }, BODY));
    await client.expect('disposition', { first: 3, settled: true, state: { kind: 'accepted' } });
    await client.close();
    const again = await resume(link, { b: null }, { rcvSettleMode: 0 });
    expect(again.attach.unsettled).toEqual({ b: 'accepted' });
    again.client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'b', resume: true }, BODY));
    await again.client.expect('disposition', { first: 0, settled: true });
    expect(await lengthOf(link.queue)).toBe(2);
  });

  test('2.6.13 what the source does not name is settled', async () => {
    const link = await suspended('a', 'b');
    const { client, attach } = await resume(link, { b: null });
    expect(attach.unsettled).toEqual({ b: 'accepted' });
    await client.close();
    const again = await resume(link, { a: null, b: null });
    expect(again.attach.unsettled).toEqual({ b: 'accepted' });
  });

  test('2.7.3 without unsettled deliveries the link begins anew', async () => {
    const link = await suspended('a');
    const { client, attach } = await resume(link, undefined);
    expect(attach.unsettled).toBeUndefined();
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', resume: true }, BODY));
    await client.expectSilence();
    expect(await lengthOf(link.queue)).toBe(1);
  });

  test('2.6.13 is resumed any number of times', async () => {
    const link = await suspended('a');
    for (let round = 0; round < 3; round++) {
      const { client, attach } = await resume(link, { a: null });
      expect(attach.unsettled).toEqual({ a: 'accepted' });
      if (round > 0) {
        client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', resume: true }, BODY));
        await client.expect('disposition', { first: 0 });
      }
      await client.close();
    }
    expect(await lengthOf(link.queue)).toBe(1);
  });

  test('2.6.1 2.6.13 is resumed by who steals the link', async () => {
    const containerId = name('container');
    const queue = name('queue');
    const first = await connect({ containerId });
    await first.begin();
    await first.attachSender(queue, lasting(queue));
    first.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, BODY));
    await first.expect('disposition', { first: 0 });
    const { client, attach } = await resume({ containerId, queue }, { a: null });
    expect(attach.unsettled).toEqual({ a: 'accepted' });
    await first.expectDetach('amqp:link:stolen');
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', resume: true }, BODY));
    await client.expect('disposition', { first: 0, state: { kind: 'accepted' } });
    expect(await lengthOf(queue)).toBe(1);
  });

  test('2.6.13 is told when it is stored, if the link is attached again before that', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue, lasting(queue));
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, DURABLE),
      amqp.detach(),
      amqp.attach({
        ...lasting(queue),
        role: false,
        source: {},
        initialDeliveryCount: 0,
        unsettled: { a: null },
      }),
      amqp.transfer({ deliveryId: 1, deliveryTag: 'a', resume: true }, DURABLE),
    );
    const frames: RawFrame[] = [];
    while (!frames.some(({ first }) => first === 1)) frames.push(await client.next());
    const attach = frames.find(({ kind }) => kind === 'attach');
    expect([null, 'accepted']).toContain(attach?.unsettled?.a);
    expect(frames.at(-1)).toMatchObject({ role: true, state: { kind: 'accepted' } });
    client.send(settle(1));
    await client.expectSilence();
    expect(await lengthOf(queue)).toBe(1);
  });
});

describe('what the target does not know', () => {
  test.each([
    ['in one frame', [{}]],
    ['in several', [{ more: true }, { more: true }, {}]],
    ['aborted', [{ more: true }, { aborted: true }]],
  ] as const)('2.7.5 2.6.13 is ignored when it is resumed: %s', async (_, parts) => {
    const link = await suspended('a');
    const { client } = await resume(link, { a: null, other: null });
    const first = { deliveryId: 5, deliveryTag: 'other', resume: true };
    client.send(
      ...parts.map((part, index) =>
        amqp.transfer({ ...part, ...(index === 0 ? first : {}) }, BODY),
      ),
    );
    await client.expectSilence();
    client.send(amqp.transfer({ deliveryId: 6, deliveryTag: 'n' }, BODY));
    await client.expect('disposition', { first: 6, state: { kind: 'accepted' } });
    expect(await lengthOf(link.queue)).toBe(2);
  });

  test('2.7.5 is ignored on a link that was never attached before', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue, { rcvSettleMode: 0 });
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', resume: true }, BODY));
    await client.expectSilence();
    expect(await lengthOf(queue)).toBe(0);
  });

  test('2.6.7 uses no credit', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue);
    for (let id = 0; id < 2 * CREDIT; id++) {
      client.send(amqp.transfer({ deliveryId: id, deliveryTag: `${id}`, resume: true }, BODY));
    }
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, echo: true, nextOutgoingId: 40 }));
    await client.expect('flow', { deliveryCount: 0, linkCredit: CREDIT });
  });

  test('2.6.13 is sent anew, and taken', async () => {
    const link = await suspended();
    const { client } = await resume(link, { lost: null });
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'lost' }, BODY));
    await client.expect('disposition', { first: 0, state: { kind: 'accepted' } });
    expect(await lengthOf(link.queue)).toBe(1);
  });

  test('2.6.13 2.6.14 a message of which a part had come is not there', async () => {
    const containerId = name('container');
    const queue = name('queue');
    const first = await connect({ containerId });
    await first.begin();
    await first.attachSender(queue, lasting(queue));
    first.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', more: true }, BODY));
    await first.close();
    const { client, attach } = await resume({ containerId, queue }, { a: null });
    expect(attach.unsettled ?? {}).toEqual({});
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, BODY));
    await client.expect('disposition', { first: 0, state: { kind: 'accepted' } });
    expect(await lengthOf(queue)).toBe(1);
  });
});

test('2.6.4 2.7.6 a delivery on a link that is only detached can be settled', async () => {
  const containerId = name('container');
  const queue = name('queue');
  const client = await connect({ containerId });
  await client.begin();
  await client.attachSender(queue, lasting(queue));
  for (const id of [0, 1]) {
    client.send(amqp.transfer({ deliveryId: id, deliveryTag: `${id}` }, BODY));
    await client.expect('disposition', { first: id });
  }
  client.send(amqp.detach(), settle(0));
  await client.expect('detach', { closed: false });
  await client.close();
  const { attach } = await resume({ containerId, queue }, { 0: null, 1: null });
  expect(attach.unsettled).toEqual({ 1: 'accepted' });
});
