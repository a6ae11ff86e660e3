import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type FrameFields } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';

// Who settles a delivery, and when (2.6.12, 2.8.2, 2.8.3).

const CREDIT = 20;
const { fill, name, session } = useAmqpServer({ limits: { linkCredit: CREDIT } });

const [UNSETTLED, SETTLED, MIXED] = [0, 1, 2];
const [FIRST, SECOND] = [0, 1];
const COMBINATIONS = [
  [UNSETTLED, FIRST],
  [UNSETTLED, SECOND],
  [SETTLED, FIRST],
  [SETTLED, SECOND],
  [MIXED, FIRST],
  [MIXED, SECOND],
] as const;

const BODY = text('a');
const DURABLE = text('a', { durable: true });

const transfer = (id: number, fields: FrameFields<'transfer'> = {}, message = BODY): Buffer =>
  amqp.transfer({ deliveryId: id, deliveryTag: `${id}`, ...fields }, message);
const settle = (first: number, last = first): Buffer =>
  amqp.disposition({ role: false, first, last, settled: true });

/** How many messages are left for a receiver that comes after. */
async function lengthOf(queue: string): Promise<number> {
  const client = await session();
  await client.attachReceiver(queue, { sndSettleMode: SETTLED });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 200, drain: true }));
  let count = 0;
  while ((await client.next()).kind === 'transfer') count++;
  await client.drop();
  return count;
}

describe('messages to a receiver', () => {
  test.each(COMBINATIONS)(
    '2.6.12 2.8.2 2.8.3 sender mode %d, receiver mode %d: who settles',
    async (sndSettleMode, rcvSettleMode) => {
      const queue = name('queue');
      await fill(queue, BODY, BODY);
      const client = await session();
      await client.attachReceiver(queue, { sndSettleMode, rcvSettleMode });
      client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 2 }));
      const settled = sndSettleMode === SETTLED;
      await client.expect('transfer', { deliveryId: 0, settled });
      await client.expect('transfer', { deliveryId: 1, settled });
      if (!settled) {
        const accept = { role: true, first: 0, last: 1, state: 'accepted' };
        client.send(amqp.disposition({ ...accept, settled: rcvSettleMode === FIRST }));
        if (rcvSettleMode === SECOND) {
          const told = new Set<number>();
          while (told.size < 2) {
            const { first, last = first } = await client.expect('disposition', {
              role: false,
              settled: true,
              state: { kind: 'accepted' },
            });
            for (let id = first; id <= last; id++) told.add(id);
          }
        }
      }
      await client.expectSilence();
      await client.drop();
      expect(await lengthOf(queue)).toBe(0);
    },
  );

  test.each(COMBINATIONS)(
    '2.6.12 sender mode %d, receiver mode %d: what is not settled goes back',
    async (sndSettleMode, rcvSettleMode) => {
      const queue = name('queue');
      await fill(queue, BODY, BODY);
      const client = await session();
      await client.attachReceiver(queue, { sndSettleMode, rcvSettleMode });
      client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 2 }));
      await client.take(2);
      await client.close();
      expect(await lengthOf(queue)).toBe(sndSettleMode === SETTLED ? 0 : 2);
    },
  );

  test('2.6.12 a disposition for what was sent settled changes nothing', async () => {
    const queue = name('queue');
    await fill(queue, BODY);
    const client = await session();
    await client.attachReceiver(queue, { sndSettleMode: SETTLED });
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    await client.take(1);
    client.send(amqp.disposition({ role: true, first: 0, settled: true, state: 'released' }));
    await client.expectSilence();
    expect(await lengthOf(queue)).toBe(0);
  });

  test('2.6.12 the first outcome counts', async () => {
    const queue = name('queue');
    await fill(queue, BODY);
    const client = await session();
    await client.attachReceiver(queue, { rcvSettleMode: SECOND });
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    await client.take(1);
    client.send(
      amqp.disposition({ role: true, first: 0, state: 'accepted' }),
      amqp.disposition({ role: true, first: 0, state: 'released' }),
      amqp.disposition({ role: true, first: 0, settled: true }),
    );
    await client.expect('disposition', { first: 0, settled: true, state: { kind: 'accepted' } });
    await client.expectSilence();
    expect(await lengthOf(queue)).toBe(0);
  });

  test('3.4.1 received is no outcome: the delivery goes on', async () => {
    const queue = name('queue');
    await fill(queue, BODY);
    const client = await session();
    await client.attachReceiver(queue);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    await client.take(1);
    const state = { kind: 'received', sectionNumber: 0, sectionOffset: 1 };
    client.send(amqp.disposition({ role: true, first: 0, state }));
    await client.expectSilence();
    client.send(amqp.disposition({ role: true, first: 0, settled: true, state: 'accepted' }));
    await client.expectSilence();
    await client.drop();
    expect(await lengthOf(queue)).toBe(0);
  });
});

describe('messages from a sender', () => {
  /** A sender of these modes, with a queue. */
  async function sender(
    sndSettleMode: number,
    rcvSettleMode: number,
  ): Promise<{ client: RawAmqp; queue: string }> {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue, { sndSettleMode, rcvSettleMode });
    return { client, queue };
  }

  test.each([
    ...COMBINATIONS.map((row) => [...row, 'transient'] as const),
    ...COMBINATIONS.map((row) => [...row, 'durable'] as const),
  ])(
    '2.6.12 2.8.2 2.8.3 sender mode %d, receiver mode %d: who settles what is %s',
    async (sndSettleMode, rcvSettleMode, kind) => {
      const message = kind === 'durable' ? DURABLE : BODY;
      const { client, queue } = await sender(sndSettleMode, rcvSettleMode);
      const settled = sndSettleMode === SETTLED;
      client.send(transfer(0, { settled }, message));
      if (!settled) {
        const answer = await client.expect('disposition', {
          role: true,
          first: 0,
          state: { kind: 'accepted' },
        });
        expect(answer.settled ?? false).toBe(rcvSettleMode === FIRST);
        if (rcvSettleMode === SECOND) client.send(settle(0));
      }
      await client.expectSilence();
      expect(await lengthOf(queue)).toBe(1);
    },
  );

  test('2.6.12 2.8.2 a sender of mixed mode settles as it likes', async () => {
    const { client, queue } = await sender(MIXED, FIRST);
    client.send(transfer(0, { settled: true }), transfer(1), transfer(2, { settled: true }));
    await client.expect('disposition', { first: 1, last: 1, settled: true });
    await client.expectSilence();
    expect(await lengthOf(queue)).toBe(3);
  });

  test('2.6.7 2.8.3 what is not settled uses credit up, however often it is asked for', async () => {
    const { client, queue } = await sender(UNSETTLED, SECOND);
    for (let id = 0; id < CREDIT; id++) {
      client.send(transfer(id));
      await client.expect('disposition', { first: id });
    }
    await client.expectSilence();
    client.send(settle(0, CREDIT - 1));
    while ((await client.expect('flow', { deliveryCount: CREDIT })).linkCredit < CREDIT);
    client.send(transfer(CREDIT));
    await client.expect('disposition', { first: CREDIT });
    expect(await lengthOf(queue)).toBe(CREDIT + 1);
  });

  test('2.8.3 settling twice, or what nobody knows, gives no more credit', async () => {
    const { client } = await sender(UNSETTLED, SECOND);
    client.send(transfer(0));
    await client.expect('disposition', { first: 0 });
    client.send(settle(0), settle(0), settle(5, 1000), settle(0xffff_fff0, 0xffff_ffff));
    client.send(amqp.flow({ handle: 0, deliveryCount: 1, echo: true, nextOutgoingId: 1 }));
    const flow = await client.expect('flow', { deliveryCount: 1 });
    expect(flow.linkCredit).toBeLessThanOrEqual(CREDIT);
  });

  test('2.8.3 3.4.3 a rejection, too, is settled after the sender', async () => {
    const client = await session();
    await client.attachSender('', { rcvSettleMode: SECOND, target: {} });
    client.send(transfer(0));
    const answer = await client.expect('disposition', { first: 0, state: { kind: 'rejected' } });
    expect(answer.settled ?? false).toBe(false);
    client.send(settle(0));
    await client.expectSilence();
  });
});

describe('the settle mode of one delivery', () => {
  test('2.7.5 first on a link of second: it is settled at once', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue, { rcvSettleMode: SECOND });
    client.send(transfer(0, { rcvSettleMode: FIRST }), transfer(1, { rcvSettleMode: SECOND }));
    await client.expect('disposition', { first: 0, last: 0, settled: true });
    const second = await client.expect('disposition', { first: 1 });
    expect(second.settled ?? false).toBe(false);
  });

  test('2.7.5 it is that of the first transfer', async () => {
    const client = await session();
    await client.attachSender(name('queue'), { rcvSettleMode: SECOND });
    client.send(
      transfer(0, { rcvSettleMode: FIRST, more: true }),
      amqp.transfer({ more: true }),
      amqp.transfer(),
    );
    await client.expect('disposition', { first: 0, settled: true });
  });

  test('2.7.5 second on a link of first is illegal', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue, { rcvSettleMode: FIRST });
    client.send(transfer(0, { rcvSettleMode: SECOND }));
    await client.expectDetach('amqp:invalid-field');
    expect(await lengthOf(queue)).toBe(0);
  });

  test('2.7.5 of what is sent settled it is ignored', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue, { rcvSettleMode: FIRST });
    client.send(transfer(0, { rcvSettleMode: SECOND, settled: true }));
    await client.expectSilence();
    expect(await lengthOf(queue)).toBe(1);
  });

  test('2.8.3 there are two', async () => {
    const client = await session();
    await client.attachSender(name('queue'));
    client.send(transfer(0, { rcvSettleMode: 2 }));
    await client.expectClose('amqp:decode-error');
  });
});
