import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../support/raw-amqp.js';
import { useAmqpServer } from '../support/raw-amqp-fixture.js';
import { amqp, type RawFrame } from '../support/raw-amqp-frames.js';

const CREDIT = 10;
const NAME_BYTES_MAX = 200;

const { connect, name, session } = useAmqpServer({
  limits: { linkCredit: CREDIT, linkNameBytesMax: NAME_BYTES_MAX },
});

const BODY = Buffer.from('005375a00161', 'hex');
/** Message annotations that end where they say, with a key that does not. */
const BROKEN_ANNOTATIONS = Buffer.from('005372c10402a3ff78', 'hex');

async function deadLetter(message: Buffer, reason: string): Promise<void> {
  const queue = name('queue');
  const client = await session();
  await client.attachSender(queue, { handle: 0 });
  client.send(
    amqp.transfer({ handle: 0, deliveryId: 0, deliveryTag: 'a', settled: true }, message),
  );
  await client.attachReceiver(queue, { handle: 1 });
  client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 1 }));
  await client.expect('transfer', { deliveryId: 0 });
  const error = { condition: 'test:refused', description: reason };
  client.send(
    amqp.disposition({ role: true, first: 0, settled: true, state: { kind: 'rejected', error } }),
  );
  client.send(amqp.end());
  await client.expect('end');
}

async function frames(client: RawAmqp): Promise<RawFrame[]> {
  const received: RawFrame[] = [];
  do received.push(await client.expect('transfer'));
  while (received.at(-1)!.more === true);
  return received;
}

describe('a sender', () => {
  test('of annotations that cannot be read harms nobody who would get its message', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue);
    const broken = Buffer.concat([BROKEN_ANNOTATIONS, BODY]);
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, broken),
      amqp.transfer({ deliveryId: 1, deliveryTag: 'b' }, BODY),
    );
    const error = { condition: 'amqp:decode-error' };
    await client.expect('disposition', { first: 0, state: { kind: 'rejected', error } });
    await client.expect('disposition', { first: 1, state: { kind: 'accepted' } });
    await client.attachReceiver(queue, { handle: 1 });
    client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 2 }));
    const { payload } = await client.expect('transfer');
    expect(payload.subarray(-BODY.length)).toEqual(BODY);
    await client.expectSilence();
  });

  test('gets no credit by counting backwards', async () => {
    const client = await session();
    await client.attachSender(name('queue'), { initialDeliveryCount: 100 });
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 0, echo: true }));
    await client.expect('flow', { handle: 0, deliveryCount: 100, linkCredit: CREDIT });
  });

  test('that settles second, and never does, has credit for so many and no more', async () => {
    const client = await session();
    await client.attachSender(name('queue'), { rcvSettleMode: 1 });
    for (let id = 0; id < CREDIT; id++) {
      client.send(amqp.transfer({ deliveryId: id, deliveryTag: `${id}` }, BODY));
      await client.expect('disposition', { role: true, first: id, settled: false });
    }
    client.send(amqp.flow({ handle: 0, deliveryCount: CREDIT, linkCredit: 0, echo: true }));
    await client.expect('flow', { handle: 0, linkCredit: 0 });
    client.send(amqp.disposition({ role: false, first: 0, last: CREDIT - 1, settled: true }));
    await client.expect('flow', { handle: 0, linkCredit: 5 });
    await client.expect('flow', { handle: 0, linkCredit: CREDIT });
  });

  test('of a long link name loses its session', async () => {
    const client = await session();
    const attach = { role: true, source: { address: name('queue') }, target: {} };
    client.send(amqp.attach({ ...attach, name: 'n'.repeat(NAME_BYTES_MAX) }));
    await client.expect('attach');
    client.send(amqp.attach({ ...attach, handle: 1, name: 'n'.repeat(NAME_BYTES_MAX + 1) }));
    await client.expectEnd('amqp:invalid-field');
  });
});

describe('a receiver', () => {
  test('of small frames gets annotations that are larger than one', async () => {
    await deadLetter(BODY, 'why '.repeat(300));
    const reader = await connect({ maxFrameSize: 512 });
    await reader.begin();
    await reader.attachReceiver('DLQ');
    reader.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    const received = await frames(reader);
    expect(received.length).toBeGreaterThan(2);
    const message = Buffer.concat(received.map(({ payload }) => payload));
    expect(message.includes('why '.repeat(300))).toBe(true);
    expect(message.subarray(-BODY.length)).toEqual(BODY);
  });

  test('that settles what it does not hold, in a transaction of nobody, is not heard', async () => {
    const client = await session();
    const state = { kind: 'transactionalState', txnId: Buffer.from('nobody') } as const;
    client.send(amqp.disposition({ role: true, first: 0, settled: true, state }));
    await client.expectSilence();
  });
});
