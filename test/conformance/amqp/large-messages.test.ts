import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type FrameFields, type RawFrame } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';

// Messages in several transfers (2.6.14).

const CREDIT = 20;
const FRAME_BYTES_MAX = 4096;
const { connect, fill, name, session } = useAmqpServer({
  limits: {
    linkCredit: CREDIT,
    transferFrameBytesMax: FRAME_BYTES_MAX,
    partialMessageBytesMax: 100_000,
  },
});

const NOT_ALLOWED = 'amqp:not-allowed';
const LARGE = text('abcdefghij'.repeat(300));

/** The transfers of one delivery, each with so many bytes of its message. */
function parts(
  id: number,
  message: Buffer,
  size: number,
  fields: FrameFields<'transfer'> = {},
): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const first = at === 0 ? { deliveryId: id, deliveryTag: `${id}` } : {};
    const more = at + size < message.length;
    frames.push(amqp.transfer({ ...fields, ...first, more }, message.subarray(at, at + size)));
  }
  return frames;
}

/** The messages that are left for a receiver that comes after, without their headers. */
async function contentsOf(queue: string): Promise<Buffer[]> {
  const client = await session();
  await client.attachReceiver(queue, { sndSettleMode: 1 });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1000, drain: true }));
  const messages: Buffer[] = [];
  let frames: RawFrame[] = [];
  for (;;) {
    const frame = await client.next();
    if (frame.kind === 'flow') break;
    frames.push(frame);
    if (frame.more === true) continue;
    const whole = Buffer.concat(frames.map(({ payload }) => payload));
    messages.push(whole.subarray(whole.indexOf(Buffer.from('005377', 'hex'))));
    frames = [];
  }
  await client.drop();
  return messages;
}

async function sender(fields: FrameFields<'attach'> = {}) {
  const queue = name('queue');
  const client = await session();
  await client.attachSender(queue, fields);
  return { client, queue };
}

const accepted = (client: RawAmqp, first: number): Promise<RawFrame> =>
  client.expect('disposition', { first, state: { kind: 'accepted' } });

describe('from a sender', () => {
  test.each([1, 2, 7, 1000, LARGE.length - 1, LARGE.length])(
    '2.6.14 %d bytes in each transfer',
    async (size) => {
      const { client, queue } = await sender();
      client.send(...parts(0, LARGE, size));
      await accepted(client, 0);
      expect(await contentsOf(queue)).toEqual([LARGE]);
    },
  );

  test('2.6.14 transfers without payload belong to it', async () => {
    const { client, queue } = await sender();
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a', more: true }),
      amqp.transfer({ more: true }, LARGE.subarray(0, 10)),
      amqp.transfer({ more: true }),
      amqp.transfer({ more: true }, LARGE.subarray(10)),
      amqp.transfer(),
    );
    await accepted(client, 0);
    expect(await contentsOf(queue)).toEqual([LARGE]);
  });

  test('2.6.14 nothing is said, and nothing is there, before it is complete', async () => {
    const { client, queue } = await sender();
    const [first = LARGE, ...others] = parts(0, LARGE, 100);
    const last = others.pop() ?? LARGE;
    client.send(first, ...others);
    await client.expectSilence();
    expect(await contentsOf(queue)).toEqual([]);
    client.send(last);
    await accepted(client, 0);
    expect((await contentsOf(queue)).length).toBe(1);
  });

  test('2.6.14 deliveries of several links may be mixed', async () => {
    const queues = [name('queue'), name('queue'), name('queue')];
    const client = await session();
    for (const [handle, queue] of queues.entries()) await client.attachSender(queue, { handle });
    const messages = queues.map((_, index) => text(`${index}`.repeat(2000)));
    const streams = messages.map((message, id) => parts(id, message, 300, { handle: id }));
    while (streams.some(({ length }) => length > 0)) {
      for (const stream of streams) client.send(...stream.splice(0, 1));
    }
    let told = -1;
    while (told < 2) told = (await accepted(client, told + 1)).last;
    for (const [index, queue] of queues.entries()) {
      expect(await contentsOf(queue)).toEqual([messages[index]]);
    }
  });

  test('2.6.14 a delivery of one link does not wait for that of another', async () => {
    const client = await session();
    await client.attachSender(name('queue'), { handle: 0 });
    await client.attachSender(name('queue'), { handle: 1 });
    const [first = LARGE, ...others] = parts(0, LARGE, 1000);
    client.send(first);
    client.send(amqp.transfer({ handle: 1, deliveryId: 1, deliveryTag: 'b' }, text('b')));
    await accepted(client, 1);
    client.send(...others);
    await accepted(client, 0);
  });

  test('2.6.14 2.7.5 deliveries of one link may not be mixed', async () => {
    const { client } = await sender();
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a', more: true }, LARGE.subarray(0, 5)),
      amqp.transfer({ deliveryId: 1, deliveryTag: 'b' }, LARGE),
    );
    await client.expectEnd(NOT_ALLOWED);
  });

  test.each([
    ['neither', {}, null],
    ['the delivery-id', { deliveryId: 3 }, null],
    ['the delivery-tag', { deliveryTag: 'a' }, null],
    ['the message-format', { messageFormat: 0 }, null],
    ['all of them', { deliveryId: 3, deliveryTag: 'a', messageFormat: 0 }, null],
    ['another delivery-id', { deliveryId: 4 }, NOT_ALLOWED],
    ['another delivery-tag', { deliveryTag: 'b' }, NOT_ALLOWED],
    ['another message-format', { messageFormat: 1 }, NOT_ALLOWED],
  ] as const)('2.7.5 a further transfer names %s', async (_, fields, condition) => {
    const { client } = await sender();
    client.send(
      amqp.transfer({ deliveryId: 3, deliveryTag: 'a', more: true }, LARGE.subarray(0, 5)),
      amqp.transfer(fields, LARGE.subarray(5)),
    );
    if (condition === null) await accepted(client, 3);
    else await client.expectEnd(condition);
  });

  test.each([
    ['id', { deliveryTag: 'a' }],
    ['tag', { deliveryId: 0 }],
    ['id and tag', {}],
  ] as const)('2.7.5 the first transfer without %s ends the session', async (_, fields) => {
    const { client } = await sender();
    client.send(amqp.transfer(fields, LARGE));
    await client.expectEnd('amqp:invalid-field');
  });

  test.each([1, 0xffff_ffff])('2.8.11 3.2.16 a message of format %d is refused', async (format) => {
    const { client, queue } = await sender();
    const fields = { deliveryId: 0, deliveryTag: 'a', messageFormat: format };
    client.send(amqp.transfer(fields, LARGE));
    const state = { kind: 'rejected', error: { condition: 'amqp:not-implemented' } };
    await client.expect('disposition', { first: 0, state });
    expect(await contentsOf(queue)).toEqual([]);
  });

  test.each([0, 1, 31, 32])('2.8.7 a delivery-tag may have %d bytes', async (length) => {
    for (const rcvSettleMode of [0, 1]) {
      const { client } = await sender({ rcvSettleMode });
      client.send(amqp.transfer({ deliveryId: 0, deliveryTag: Buffer.alloc(length, 0xff) }, LARGE));
      await accepted(client, 0);
    }
  });

  test('2.8.7 a delivery-tag of more than 32 bytes is none', async () => {
    const { client } = await sender();
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: Buffer.alloc(33) }, LARGE));
    await client.expectClose('amqp:decode-error');
  });

  test.each([
    ['settled in the first', [true, undefined, undefined]],
    ['settled in the last', [undefined, undefined, true]],
    ['settled in between', [undefined, true, undefined]],
    ['settled, and not settled later', [true, false, false]],
  ] as const)('2.7.5 %s transfer: all of it is', async (_, settled) => {
    const { client, queue } = await sender();
    client.send(
      ...settled.map((value, index) => {
        const first = index === 0 ? { deliveryId: 0, deliveryTag: 'a' } : {};
        const payload = index === 0 ? LARGE.subarray(0, 5) : undefined;
        const rest = index === 1 ? LARGE.subarray(5) : payload;
        return amqp.transfer({ ...first, more: index < 2, settled: value }, rest);
      }),
    );
    await client.expectSilence();
    expect(await contentsOf(queue)).toEqual([LARGE]);
  });

  test('2.8.15 incomplete messages of a connection have a bound', async () => {
    const client = await session();
    const part = Buffer.alloc(4000);
    for (let handle = 0; handle < 30; handle++) {
      await client.attachSender(name('queue'), { handle });
      client.send(
        amqp.transfer({ handle, deliveryId: handle, deliveryTag: 'a', more: true }, part),
      );
      if (handle === 25) break;
    }
    await client.expectClose('amqp:resource-limit-exceeded');
  });

  test('2.6.14 what was incomplete when its link ended takes no room', async () => {
    const client = await session();
    const part = Buffer.alloc(4000);
    for (let round = 0; round < 60; round++) {
      await client.attachSender(name('queue'));
      client.send(
        amqp.transfer({ deliveryId: round, deliveryTag: 'a', more: true }, part),
        amqp.detach({ closed: round % 2 === 0 }),
      );
      await client.expect('detach');
    }
  });
});

describe('aborted', () => {
  test('2.6.14 2.7.5 what was aborted is not there, and is not answered', async () => {
    const { client, queue } = await sender();
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a', more: true }, LARGE.subarray(0, 5)),
      amqp.transfer({ aborted: true }, LARGE.subarray(5)),
    );
    await client.expectSilence();
    client.send(amqp.transfer({ deliveryId: 1, deliveryTag: 'b' }, LARGE));
    await accepted(client, 1);
    expect(await contentsOf(queue)).toEqual([LARGE]);
  });

  test('2.7.5 more says nothing beside aborted', async () => {
    const { client, queue } = await sender();
    client.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a', more: true, aborted: true }, LARGE),
      amqp.transfer({ deliveryId: 1, deliveryTag: 'b', more: true }, LARGE.subarray(0, 5)),
      amqp.transfer({ more: true, aborted: true }),
      amqp.transfer({ deliveryId: 2, deliveryTag: 'c' }, LARGE),
    );
    await accepted(client, 2);
    expect(await contentsOf(queue)).toEqual([LARGE]);
  });

  test('2.6.7 2.7.5 credit comes back for what was aborted in several transfers', async () => {
    const { client } = await sender({ rcvSettleMode: 1 });
    for (let id = 0; id < 3 * CREDIT; id++) {
      client.send(
        amqp.transfer({ deliveryId: id, deliveryTag: 'a', more: true }, LARGE),
        amqp.transfer({ aborted: true }),
      );
      if (id % CREDIT !== CREDIT - 1) continue;
      // The window is renewed by then, at the latest.
      client.send(amqp.flow({ nextOutgoingId: 2 * (id + 1), echo: true }));
      while ((await client.expect('flow')).handle !== undefined);
    }
    await client.expectSilence();
  });
});

describe('to a receiver', () => {
  test.each([512, 513, 1000, FRAME_BYTES_MAX, 1_000_000])(
    '2.6.14 2.7.1 in frames of at most %d bytes',
    async (maxFrameSize) => {
      const queue = name('queue');
      const message = text('abcdefghij'.repeat(1500));
      const producer = await session();
      await producer.attachSender(queue);
      producer.send(...parts(0, message, 1000));
      await accepted(producer, 0);
      const client = await connect({ maxFrameSize });
      await client.begin();
      await client.attachReceiver(queue);
      client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
      const frames: RawFrame[] = [];
      do frames.push(await client.expect('transfer', { handle: 0 }));
      while (frames.at(-1)?.more === true);
      const bytesMax = Math.min(maxFrameSize, FRAME_BYTES_MAX);
      for (const { bytes } of frames) expect(bytes.length).toBeLessThanOrEqual(bytesMax);
      const [first, ...others] = frames;
      expect(first).toMatchObject({ deliveryId: 0, messageFormat: 0 });
      expect(first?.deliveryTag.length).toBeLessThanOrEqual(32);
      // They have room for little more than the message.
      expect(frames.length).toBeLessThanOrEqual(Math.ceil(message.length / (bytesMax - 64)));
      for (const { deliveryId, aborted, resume } of others) {
        expect([deliveryId ?? 0, aborted ?? false, resume ?? false]).toEqual([0, false, false]);
      }
      const whole = Buffer.concat(frames.map(({ payload }) => payload));
      expect(whole.subarray(-message.length).equals(message)).toBe(true);
      client.send(amqp.disposition({ role: true, first: 0, settled: true, state: 'accepted' }));
      await client.expectSilence();
    },
  );

  test('2.6.14 deliveries of one link are not mixed', async () => {
    const queue = name('queue');
    const messages = Array.from({ length: 5 }, (_, index) => text(`${index}`.repeat(2000)));
    await fill(queue, ...messages);
    const client = await connect({ maxFrameSize: 512 });
    await client.begin({ incomingWindow: 3 });
    await client.attachReceiver(queue);
    const start = { handle: 0, deliveryCount: 0, linkCredit: 5, incomingWindow: 3 };
    client.send(amqp.flow({ ...start, nextIncomingId: 0 }));
    const bodies: Buffer[] = [];
    const parts: Buffer[] = [];
    for (let received = 1; bodies.length < 5; received++) {
      const { deliveryId, more, payload } = await client.expect('transfer');
      expect(deliveryId).toBe(parts.length === 0 ? bodies.length : undefined);
      parts.push(payload);
      if (more !== true) bodies.push(Buffer.concat(parts.splice(0)));
      client.send(amqp.flow({ nextIncomingId: received, incomingWindow: 3 }));
    }
    for (const [index, body] of bodies.entries()) {
      const message = messages[index] ?? Buffer.alloc(0);
      expect(body.subarray(-message.length).equals(message)).toBe(true);
    }
  });

  test('2.8.7 every delivery that is not settled has a tag of its own', async () => {
    const queue = name('queue');
    await fill(queue, ...Array.from({ length: 50 }, () => text('a')));
    const client = await session();
    await client.attachReceiver(queue, { handle: 0 });
    await client.attachReceiver(queue, { handle: 1, name: 'other' });
    for (const handle of [0, 1]) {
      client.send(amqp.flow({ handle, deliveryCount: 0, linkCredit: 25 }));
    }
    const frames = await client.take(50);
    const tags = new Set(frames.map(({ deliveryTag }) => deliveryTag.toString('hex')));
    expect(tags.size).toBe(50);
    expect(frames.map(({ deliveryId }) => deliveryId)).toEqual(frames.map((_, index) => index));
  });
});
