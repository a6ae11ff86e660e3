import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';

const CREDIT = 20;
const PREFETCH = 30;
const { fill, name, session } = useAmqpServer({
  limits: { linkCredit: CREDIT, prefetchMax: PREFETCH },
});

const LAST = 0xffff_ffff;
const body = (text: string): Buffer =>
  Buffer.from(`\0\x53\x75\xa0${String.fromCharCode(text.length)}${text}`, 'latin1');
const bodies = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => body(`${index}`));

/** The state of a link as its receiver tells it; `deliveryCount` is that which it knows. */
function credit(
  linkCredit: number,
  deliveryCount = 0,
  more: { drain?: boolean; echo?: boolean; handle?: number } = {},
): Buffer {
  return amqp.flow({ handle: 0, deliveryCount, linkCredit, ...more });
}

async function settled(client: RawAmqp, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await client.expect('transfer', { settled: true });
}

describe('credit that a client gives', () => {
  /** A receiver of a queue that has so many messages; they come settled. */
  async function receiver(count: number): Promise<RawAmqp> {
    const queue = name('queue');
    await fill(queue, ...bodies(count));
    const client = await session();
    await client.attachReceiver(queue, { sndSettleMode: 1 });
    return client;
  }

  test('2.6.7 a link begins without credit', async () => {
    const client = await receiver(1);
    await client.expectSilence();
  });

  test.each([1, 2, 9])('2.6.7 2.6.8 a credit of %d is as many messages', async (count) => {
    const client = await receiver(10);
    client.send(credit(count));
    await settled(client, count);
    await client.expectSilence();
    client.send(credit(1, count));
    await settled(client, 1);
    await client.expectSilence();
  });

  test('2.6.7 credit is used by messages that come later', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachReceiver(queue, { sndSettleMode: 1 });
    client.send(credit(2));
    await client.expectSilence();
    await fill(queue, ...bodies(3));
    await settled(client, 2);
    await client.expectSilence();
  });

  test('2.6.7 credit counts from the delivery-count that the client knows', async () => {
    const client = await receiver(10);
    client.send(credit(4));
    await settled(client, 4);
    // It was sent when the client had seen two: two of these five are used up.
    client.send(credit(5, 2));
    await settled(client, 3);
    await client.expectSilence();
    // As much as the server has sent already, or less, is nothing.
    client.send(credit(2, 5));
    client.send(credit(1, 2));
    await client.expectSilence();
  });

  test('2.6.7 a flow without delivery-count counts from the first delivery', async () => {
    const client = await receiver(10);
    client.send(credit(4));
    await settled(client, 4);
    client.send(amqp.flow({ handle: 0, linkCredit: 6 }));
    await settled(client, 2);
    await client.expectSilence();
  });

  test('2.6.7 a flow is no addition: the latest one counts', async () => {
    const client = await receiver(10);
    client.send(credit(1), credit(1), credit(1));
    await settled(client, 1);
    await client.expectSilence();
  });

  test('2.6.10 a credit of 0 stops a link', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachReceiver(queue, { sndSettleMode: 1 });
    client.send(credit(100), credit(0, 0, { echo: true }));
    await client.expect('flow', { handle: 0, deliveryCount: 0, linkCredit: 0 });
    await fill(queue, ...bodies(3));
    await client.expectSilence();
    client.send(credit(1));
    await settled(client, 1);
    await client.expectSilence();
  });

  test('2.6.7 credit can be taken back in part', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachReceiver(queue, { sndSettleMode: 1 });
    client.send(credit(100), credit(2));
    await client.expectSilence();
    await fill(queue, ...bodies(4));
    await settled(client, 2);
    await client.expectSilence();
  });

  test('2.6.7 credit is without bounds', async () => {
    const client = await receiver(50);
    client.send(credit(LAST));
    await settled(client, 50);
    client.send(credit(LAST, 50, { echo: true }));
    await client.expect('flow', { deliveryCount: 50, linkCredit: LAST });
  });

  test('2.6.9 a client may keep its credit up', async () => {
    const client = await receiver(100);
    for (let count = 0; count < 100; count += 10) {
      client.send(credit(10, count));
      await settled(client, 10);
    }
    await client.expectSilence();
  });

  test('2.6.7 a client that settles late gets no more than it may hold, and the rest as it settles', async () => {
    const queue = name('queue');
    await fill(queue, ...bodies(PREFETCH + 10));
    const client = await session();
    await client.attachReceiver(queue);
    client.send(credit(100, 0, { echo: true }));
    const early = await client.take(PREFETCH + 1);
    const flow = early.find(({ kind }) => kind === 'flow');
    expect(flow?.linkCredit + flow?.deliveryCount).toBe(100);
    await client.expectSilence();
    for (let id = 0; id < 10; id++) {
      client.send(amqp.disposition({ role: true, first: id, settled: true, state: 'accepted' }));
      await client.expect('transfer', { deliveryId: PREFETCH + id });
    }
    await client.expectSilence();
  });
});

describe('echo and available', () => {
  test('2.7.4 echo is answered with the state of the link', async () => {
    const queue = name('queue');
    await fill(queue, ...bodies(5));
    const client = await session();
    await client.attachReceiver(queue, { sndSettleMode: 1 });
    client.send(credit(0, 0, { echo: true }));
    await client.expect('flow', {
      handle: 0,
      deliveryCount: 0,
      linkCredit: 0,
      available: 5,
      drain: false,
    });
    client.send(credit(2));
    await settled(client, 2);
    client.send(credit(0, 2, { echo: true }));
    await client.expect('flow', { deliveryCount: 2, linkCredit: 0, available: 3 });
  });

  test('2.7.4 available leaves out what the client has already', async () => {
    const queue = name('queue');
    await fill(queue, ...bodies(5));
    const client = await session();
    await client.attachReceiver(queue);
    client.send(credit(2));
    await client.take(2);
    client.send(credit(0, 2, { echo: true }));
    await client.expect('flow', { available: 3 });
  });

  test('2.7.4 a flow without echo is not answered', async () => {
    const client = await session();
    await client.attachReceiver(name('queue'));
    client.send(credit(5), credit(10), amqp.flow());
    await client.expectSilence();
  });

  test('2.7.4 echo on the link of a sender tells its credit', async () => {
    const client = await session();
    await client.attachSender(name('queue'));
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, available: 7, echo: true }));
    const flow = await client.expect('flow', { handle: 0, deliveryCount: 0 });
    expect(flow.linkCredit).toBe(CREDIT);
  });
});

describe('drain', () => {
  async function drained(messages: number, linkCredit: number): Promise<RawAmqp> {
    const queue = name('queue');
    await fill(queue, ...bodies(messages));
    const client = await session();
    await client.attachReceiver(queue, { sndSettleMode: 1 });
    client.send(credit(linkCredit, 0, { drain: true }));
    return client;
  }

  test('2.6.7 2.6.8 an empty queue uses the credit up at once', async () => {
    const client = await drained(0, 10);
    await client.expect('flow', { handle: 0, deliveryCount: 10, linkCredit: 0, drain: true });
    await client.expectSilence();
  });

  test('2.6.7 what there is comes first, then the rest of the credit is used up', async () => {
    const client = await drained(3, 10);
    await settled(client, 3);
    await client.expect('flow', { deliveryCount: 10, linkCredit: 0, drain: true });
    await client.expectSilence();
  });

  test('2.6.7 drained credit is gone, and new credit counts from there', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachReceiver(queue, { sndSettleMode: 1 });
    client.send(credit(10, 0, { drain: true }));
    await client.expect('flow', { deliveryCount: 10, linkCredit: 0 });
    await fill(queue, ...bodies(2));
    await client.expectSilence();
    client.send(credit(1, 10));
    await settled(client, 1);
    await client.expectSilence();
  });

  test('2.6.7 with enough messages the credit is used up by them', async () => {
    const client = await drained(5, 3);
    await settled(client, 3);
    const frame = await client.next();
    expect(frame).toMatchObject({ kind: 'flow', deliveryCount: 3, linkCredit: 0, drain: true });
    await client.expectSilence();
  });

  test('2.6.7 a second drain is answered as well', async () => {
    const client = await drained(0, 10);
    await client.expect('flow', { deliveryCount: 10 });
    client.send(credit(5, 10, { drain: true }));
    await client.expect('flow', { deliveryCount: 15, linkCredit: 0, drain: true });
  });

  test('2.6.8 a drain without credit is answered, too', async () => {
    const client = await drained(1, 0);
    await client.expect('flow', { deliveryCount: 0, linkCredit: 0, drain: true });
    await client.expectSilence();
  });

  test('2.7.4 the mode stays until the client ends it', async () => {
    const client = await drained(0, 10);
    await client.expect('flow', { drain: true });
    client.send(credit(0, 10, { drain: true, echo: true }));
    const again = await client.take(1);
    expect(again[0]).toMatchObject({ kind: 'flow', deliveryCount: 10, drain: true });
  });

  test('2.6.7 a drain that is taken back leaves the credit', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachReceiver(queue, { sndSettleMode: 1 });
    client.send(credit(10), credit(10, 0, { drain: true }));
    await client.expect('flow', { deliveryCount: 10, linkCredit: 0, drain: true });
    client.send(credit(3, 10));
    await fill(queue, ...bodies(1));
    await settled(client, 1);
    await client.expectSilence();
  });

  test('2.6.7 delivery-count wraps around with drained credit', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachReceiver(queue, { sndSettleMode: 1 });
    let count = 0;
    for (const linkCredit of [0x7fff_ffff, 0x7fff_ffff, 1]) {
      client.send(credit(linkCredit, count, { drain: true }));
      count += linkCredit;
      await client.expect('flow', { deliveryCount: count, linkCredit: 0 });
    }
    expect(count).toBe(LAST);
    await fill(queue, ...bodies(5));
    client.send(credit(3, LAST));
    await settled(client, 3);
    await client.expectSilence();
    client.send(credit(1, 2, { echo: true }));
    const frames = await client.take(2);
    expect(frames.find(({ kind }) => kind === 'flow')).toBeDefined();
    expect(frames.find(({ kind }) => kind === 'transfer')).toBeDefined();
    client.send(credit(5, 3, { drain: true }));
    await settled(client, 1);
    await client.expect('flow', { deliveryCount: 8, linkCredit: 0 });
  });

  test('2.6.7 a drain of one link leaves others alone', async () => {
    const client = await drained(0, 10);
    await client.expect('flow', { deliveryCount: 10 });
    const queue = name('queue');
    await client.attachReceiver(queue, { handle: 1 });
    client.send(credit(5, 0, { handle: 1 }), credit(5, 10, { drain: true }));
    await client.expect('flow', { handle: 0, deliveryCount: 15 });
    await fill(queue, body('a'));
    await client.expect('transfer', { handle: 1 });
  });

  test('2.6.7 with more credit than a client may hold, a drain goes on as it settles', async () => {
    const queue = name('queue');
    await fill(queue, ...bodies(PREFETCH + 5));
    const client = await session();
    await client.attachReceiver(queue);
    client.send(credit(100, 0, { drain: true }));
    await client.take(PREFETCH);
    await client.expectSilence();
    client.send(
      amqp.disposition({
        role: true,
        first: 0,
        last: PREFETCH - 1,
        settled: true,
        state: 'accepted',
      }),
    );
    await client.take(5);
    await client.expect('flow', { deliveryCount: 100, linkCredit: 0, drain: true });
  });
});

describe('links beside each other', () => {
  test('2.6.7 a link that is idle does not hold up another', async () => {
    const client = await session();
    const [idle, busy] = [name('queue'), name('queue')];
    await client.attachReceiver(idle, { sndSettleMode: 1 });
    await client.attachReceiver(busy, { handle: 1, sndSettleMode: 1 });
    client.send(credit(10), credit(1000, 0, { handle: 1 }));
    await fill(busy, ...bodies(50));
    await settled(client, 50);
    await fill(idle, body('a'));
    await client.expect('transfer', { handle: 0 });
  });

  test('2.6.7 a link that holds as much as it may does not hold up another', async () => {
    const client = await session();
    const [full, busy] = [name('queue'), name('queue')];
    await fill(full, ...bodies(PREFETCH + 1));
    await client.attachReceiver(full);
    await client.attachReceiver(busy, { handle: 1 });
    client.send(credit(1000), credit(10, 0, { handle: 1 }));
    for (let id = 0; id < PREFETCH; id++) await client.expect('transfer', { handle: 0 });
    await fill(busy, body('a'));
    await client.expect('transfer', { handle: 1 });
    await client.expectSilence();
  });

  test('2.6.7 a sender without credit does not hold up a receiver', async () => {
    const client = await session();
    const [unsettled, busy] = [name('queue'), name('queue')];
    await client.attachSender(unsettled, { handle: 1, rcvSettleMode: 1 });
    await client.attachReceiver(busy);
    for (let id = 0; id < CREDIT; id++) {
      client.send(amqp.transfer({ handle: 1, deliveryId: id, deliveryTag: `${id}` }, body('a')));
      await client.expect('disposition', { first: id });
    }
    client.send(credit(1));
    await fill(busy, body('a'));
    await client.expect('transfer', { handle: 0 });
  });

  test('2.6.7 a link without credit does not hold up another', async () => {
    const client = await session();
    const [idle, busy] = [name('queue'), name('queue')];
    await fill(idle, ...bodies(50));
    await client.attachReceiver(idle);
    await client.attachReceiver(busy, { handle: 1 });
    client.send(credit(1), credit(1000, 0, { handle: 1 }));
    await client.expect('transfer', { handle: 0 });
    await fill(busy, body('a'));
    await client.expect('transfer', { handle: 1 });
    await client.expectSilence();
  });
});
