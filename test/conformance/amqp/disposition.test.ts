import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type FrameFields, type RawFrame } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';

// Dispositions (2.7.6): ranges, order, and what they may refer to.

const { connect, fill, name, session } = useAmqpServer();

const LAST = 0xffff_ffff;
const BODY = text('a');
const DURABLE = text('a', { durable: true });

const accept = (first: number, last = first, more: Partial<FrameFields<'disposition'>> = {}) =>
  amqp.disposition({ role: true, first, last, settled: true, state: 'accepted', ...more });
const settle = (first: number, last = first): Buffer =>
  amqp.disposition({ role: false, first, last, settled: true });
const transfer = (id: number, more: FrameFields<'transfer'> = {}, message = BODY): Buffer =>
  amqp.transfer({ deliveryId: id, deliveryTag: `${id}`, ...more }, message);

/** Messages whose bodies are numbers from 0. */
const numbered = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => text(`<${index}>`));

/** The numbers in the bodies of what is left for a receiver that comes after. */
async function rest(queue: string): Promise<number[]> {
  const client = await session();
  await client.attachReceiver(queue, { sndSettleMode: 1 });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1000, drain: true }));
  const numbers: number[] = [];
  for (;;) {
    const { kind, payload } = await client.next();
    if (kind === 'flow') break;
    numbers.push(Number(/<(\d+)>/.exec(payload.toString('latin1'))?.[1]));
  }
  await client.drop();
  return numbers;
}

/** A receiver that has so many messages, of which none is settled. */
async function holder(
  count: number,
  fields: FrameFields<'attach'> = {},
  open: FrameFields<'open'> = {},
): Promise<{ client: RawAmqp; queue: string }> {
  const queue = name('queue');
  await fill(queue, ...numbered(count));
  const client = await connect(open);
  await client.begin();
  await client.attachReceiver(queue, fields);
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: count }));
  await client.take(count);
  return { client, queue };
}

describe('what a receiver says', () => {
  test.each([
    ['one by one', [accept(0), accept(1), accept(2), accept(3), accept(4)], []],
    ['backwards', [accept(4), accept(3), accept(2), accept(1), accept(0)], []],
    ['a range', [accept(0, 4)], []],
    ['a part', [accept(1, 3)], [0, 4]],
    ['with gaps', [accept(0), accept(2), accept(4)], [1, 3]],
    ['ranges that overlap', [accept(0, 2), accept(1, 3)], [4]],
    ['a range beyond what there is', [accept(3, 1000)], [0, 1, 2]],
    ['the same twice', [accept(2), accept(2)], [0, 1, 3, 4]],
    ['a range that ends before it begins', [accept(3, 1)], [0, 1, 2, 3, 4]],
    ['what nobody was sent', [accept(5, 9), accept(LAST), accept(0x8000_0000)], [0, 1, 2, 3, 4]],
    ['batchable', [accept(0, 1, { batchable: true }), accept(3, 3, { batchable: true })], [2, 4]],
    [
      'without last',
      [amqp.disposition({ role: true, first: 2, settled: true, state: 'accepted' })],
      [0, 1, 3, 4],
    ],
  ] as const)('2.7.6 %s', async (_, frames, left) => {
    const { client, queue } = await holder(5);
    client.send(...frames);
    await client.expectSilence();
    await client.close();
    expect(await rest(queue)).toEqual(left);
  });

  test('2.7.6 a range goes over all links of the session', async () => {
    const queues = [name('queue'), name('queue')];
    const client = await session();
    for (const [handle, queue] of queues.entries()) {
      await fill(queue, ...numbered(3));
      await client.attachReceiver(queue, { handle });
      client.send(amqp.flow({ handle, deliveryCount: 0, linkCredit: 3 }));
      await client.take(3);
    }
    client.send(accept(1, 4));
    await client.expectSilence();
    await client.close();
    expect(await Promise.all(queues.map(rest))).toEqual([[0], [2]]);
  });

  test('2.7.6 a range of unsettled outcomes is settled by the server, outcome by outcome', async () => {
    const { client, queue } = await holder(3, { rcvSettleMode: 1 });
    client.send(
      amqp.disposition({ role: true, first: 2, state: 'released' }),
      amqp.disposition({ role: true, first: 0, last: 1, state: 'accepted' }),
    );
    const told = new Map<number, string>();
    while (told.size < 3) {
      const {
        first,
        last = first,
        state,
      } = await client.expect('disposition', {
        role: false,
        settled: true,
      });
      for (let id = first; id <= last; id++) told.set(id, state.kind);
    }
    expect(told).toEqual(
      new Map([
        [2, 'released'],
        [0, 'accepted'],
        [1, 'accepted'],
      ]),
    );
    await client.close();
    expect(await rest(queue)).toEqual([2]);
  });

  test.each([
    ['rejected', { kind: 'rejected', error: { condition: 'a:b', description: 'x'.repeat(9000) } }],
    ['modified', { kind: 'modified', messageAnnotations: { 'x-opt-a': 'x'.repeat(9000) } }],
  ] as const)('2.7.1 2.7.6 a large outcome comes back in short: %s', async (kind, state) => {
    const { client } = await holder(1, { rcvSettleMode: 1 }, { maxFrameSize: 512 });
    client.send(amqp.disposition({ role: true, first: 0, state }));
    const frame = await client.expect('disposition', { first: 0, settled: true, state: { kind } });
    expect(frame.bytes.length).toBeLessThanOrEqual(512);
  });

  test('2.7.6 an outcome of a few words comes back as it is', async () => {
    const { client } = await holder(1, { rcvSettleMode: 1 });
    const error = { condition: 'amqp:internal-error', description: 'no' };
    client.send(amqp.disposition({ role: true, first: 0, state: { kind: 'rejected', error } }));
    await client.expect('disposition', { first: 0, state: { kind: 'rejected', error } });
  });

  test('2.7.6 a delivery that is still on its way can be settled', async () => {
    const queue = name('queue');
    await fill(queue, text('a'.repeat(2000)), text('<1>'));
    const client = await connect({ maxFrameSize: 512 });
    await client.begin({ incomingWindow: 1 });
    await client.attachReceiver(queue);
    const flow = { handle: 0, deliveryCount: 0, linkCredit: 2, incomingWindow: 1 };
    client.send(amqp.flow({ ...flow, nextIncomingId: 0 }));
    await client.expect('transfer', { deliveryId: 0, more: true });
    client.send(accept(0));
    await client.expectSilence();
    // The rest of it comes none the less, or is given up: the next one is not mixed up with it.
    client.send(amqp.flow({ nextIncomingId: 1, incomingWindow: 100 }));
    let frame = await client.next();
    while (frame.deliveryId === undefined) frame = await client.expect('transfer');
    expect(frame).toMatchObject({ deliveryId: 1 });
    await client.close();
    expect(await rest(queue)).toEqual([1]);
  });

  test('2.5.6 2.7.6 one that is never settled does not hold up 10,000 that come later', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachReceiver(queue, { handle: 0 });
    await client.attachSender(queue, { handle: 1, sndSettleMode: 1 });
    const total = 10_000;
    const batch = 100;
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: total + 1 }));
    const messages = Array.from({ length: batch }, (_, id) =>
      amqp.transfer({ handle: 1, deliveryId: id, deliveryTag: `${id}`, settled: true }, BODY),
    );
    let received = 0;
    while (received < total) {
      client.send(...messages);
      for (let more = batch; more > 0; ) {
        const frame = await client.next();
        if (frame.kind !== 'transfer') continue;
        expect(frame.deliveryId).toBe(received++);
        more--;
      }
      client.send(accept(Math.max(1, received - batch), received - 1));
      client.send(amqp.flow({ nextIncomingId: received, nextOutgoingId: received }));
    }
    client.send(amqp.end());
    while ((await client.next()).kind !== 'end');
    expect((await rest(queue)).length).toBe(1);
  });
});

describe('what a sender is told', () => {
  test('2.7.6 deliveries that are accepted together share a disposition', async () => {
    const client = await session();
    await client.attachSender(name('queue'));
    client.send(
      ...Array.from({ length: 100 }, (_, id) => transfer(id, { batchable: true }, DURABLE)),
    );
    const frames: RawFrame[] = [];
    while (frames.at(-1)?.last !== 99) frames.push(await client.expect('disposition'));
    let next = 0;
    for (const { first, last, role, settled } of frames) {
      expect([first, role, settled]).toEqual([next, true, true]);
      next = last + 1;
    }
    expect(frames.length).toBeLessThan(10);
  });

  test('2.7.6 ids that do not follow each other have dispositions of their own', async () => {
    const client = await session();
    await client.attachSender(name('queue'));
    const ids = [5, 6, 9, 10, 3, 2];
    client.send(...ids.map((id) => transfer(id, {}, DURABLE)));
    const told: number[] = [];
    while (told.length < ids.length) {
      const { first, last } = await client.expect('disposition', { state: { kind: 'accepted' } });
      for (let id = first; id <= last; id++) told.push(id);
    }
    expect(told).toEqual(ids);
  });

  test('2.7.6 deliveries of several links share a disposition', async () => {
    const client = await session();
    await client.attachSender(name('queue'), { handle: 0 });
    await client.attachSender(name('queue'), { handle: 1 });
    client.send(transfer(0, { handle: 0 }, DURABLE), transfer(1, { handle: 1 }, DURABLE));
    const { first, last } = await client.expect('disposition');
    if (last === 0) await client.expect('disposition', { first: 1 });
    else expect([first, last]).toEqual([0, 1]);
  });

  test('2.7.6 a sender settles in ranges, in any order, and twice', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue, { rcvSettleMode: 1 });
    for (let id = 0; id < 6; id++) {
      client.send(transfer(id));
      await client.expect('disposition', { first: id });
    }
    client.send(settle(4, 5), settle(0), settle(0, 5), settle(3, 1), settle(0, LAST));
    await client.expectSilence();
    for (let id = 0; id < 6; id++) {
      client.send(transfer(id));
      await client.expect('disposition', { first: id });
    }
    await client.close();
    expect((await rest(queue)).length).toBe(12);
  });

  test('2.7.5 a delivery-id stands for one delivery until that is settled', async () => {
    const client = await session();
    await client.attachSender(name('queue'), { rcvSettleMode: 1 });
    client.send(transfer(7));
    await client.expect('disposition', { first: 7 });
    client.send(transfer(7, { deliveryTag: 'other' }));
    await client.expectEnd('amqp:not-allowed');
  });
});

describe('delivery-ids of a sender', () => {
  test.each([0, 1])('2.8.8 2.8.10 wrap around; receiver mode %d', async (rcvSettleMode) => {
    const queue = name('queue');
    const client = await session({ nextOutgoingId: LAST - 2 });
    await client.attachSender(queue, { rcvSettleMode });
    const ids = [LAST - 1, LAST, 0, 1];
    client.send(...ids.map((id) => transfer(id, {}, DURABLE)));
    const told: number[] = [];
    while (told.length < ids.length) {
      const { first, last } = await client.expect('disposition', { state: { kind: 'accepted' } });
      for (let id = first; ; id = (id + 1) >>> 0) {
        told.push(id);
        if (id === last) break;
      }
    }
    expect(told).toEqual(ids);
    if (rcvSettleMode === 1) {
      client.send(settle(LAST - 1, 1));
      await client.expectSilence();
      // All of them are settled: their ids can be used again.
      client.send(transfer(LAST), transfer(0));
      await client.take(2);
    }
    await client.close();
    expect((await rest(queue)).length).toBe(rcvSettleMode === 1 ? 6 : 4);
  });
});
