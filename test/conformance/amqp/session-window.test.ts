import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';

const WINDOW = 10;
const { connect, fill, name, session } = useAmqpServer({ limits: { sessionWindowFrames: WINDOW } });

const BODY = Buffer.from('005375a00161', 'hex');
const LAST = 0xffff_ffff;

/** A message whose body has so many bytes. */
function message(bytes: number): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes);
  return Buffer.concat([Buffer.from('005375b0', 'hex'), size, Buffer.alloc(bytes, 0x61)]);
}

describe('what the server takes', () => {
  test('2.5.6 the window is renewed before it is used up', async () => {
    const client = await session({ nextOutgoingId: 5 });
    await client.attachSender(name('queue'));
    let nextOutgoingId = 5;
    let allowed = 5 + WINDOW;
    for (let id = 0; id < 100; id++) {
      while (nextOutgoingId >= allowed) {
        const flow = await client.expect('flow');
        allowed = flow.nextIncomingId + flow.incomingWindow;
      }
      client.send(amqp.transfer({ deliveryId: id, deliveryTag: `${id}`, settled: true }, BODY));
      nextOutgoingId++;
    }
  });

  test('2.5.6 a flow names the next transfer and the window', async () => {
    const client = await session({ nextOutgoingId: 5 });
    await client.attachSender(name('queue'));
    for (let id = 0; id < 3; id++) {
      client.send(amqp.transfer({ deliveryId: id, deliveryTag: `${id}`, settled: true }, BODY));
    }
    client.send(amqp.flow({ nextOutgoingId: 8, echo: true }));
    await client.expect('flow', {
      nextIncomingId: 8,
      incomingWindow: WINDOW,
      nextOutgoingId: 0,
    });
  });

  test('2.5.6 2.8.9 transfer-ids wrap around', async () => {
    const client = await session({ nextOutgoingId: LAST });
    await client.attachSender(name('queue'));
    for (let id = 0; id < 3; id++) {
      client.send(amqp.transfer({ deliveryId: id, deliveryTag: `${id}`, settled: true }, BODY));
    }
    client.send(amqp.flow({ nextOutgoingId: 2, echo: true }));
    await client.expect('flow', { nextIncomingId: 2 });
  });

  test('2.5.6 every frame of a delivery counts', async () => {
    const client = await session();
    await client.attachSender(name('queue'));
    for (let frame = 0; frame < WINDOW / 2 - 1; frame++) {
      client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', more: true }));
    }
    await client.expectSilence();
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', more: true }));
    await client.expect('flow', { nextIncomingId: WINDOW / 2, incomingWindow: WINDOW });
  });

  test('2.5.6 the server takes the transfer-id from a flow of its client', async () => {
    const client = await session();
    client.send(amqp.flow({ nextOutgoingId: 1000, echo: true }));
    await client.expect('flow', { nextIncomingId: 1000 });
  });
});

describe('what the client takes', () => {
  /** A receiver with messages waiting and credit for all of them, in a session of so many frames. */
  async function receiver(client: RawAmqp, incomingWindow: number, sizes: readonly number[]) {
    const queue = name('queue');
    await fill(queue, ...sizes.map(message));
    await client.begin({ incomingWindow });
    await client.attachReceiver(queue);
    client.send(
      amqp.flow({
        nextIncomingId: 0,
        incomingWindow,
        handle: 0,
        deliveryCount: 0,
        linkCredit: 100,
      }),
    );
  }

  test('2.5.6 no more transfers come than the window has room for', async () => {
    const client = await connect();
    await receiver(client, 3, Array(8).fill(10));
    for (let id = 0; id < 3; id++) await client.expect('transfer', { deliveryId: id });
    await client.expectSilence();
    client.send(amqp.flow({ nextIncomingId: 3, incomingWindow: 2 }));
    for (let id = 3; id < 5; id++) await client.expect('transfer', { deliveryId: id });
    await client.expectSilence();
    client.send(amqp.flow({ nextIncomingId: 5, incomingWindow: 100 }));
    for (let id = 5; id < 8; id++) await client.expect('transfer', { deliveryId: id });
  });

  test('2.5.6 a window that did not grow lets nothing through', async () => {
    const client = await connect();
    await receiver(client, 3, Array(8).fill(10));
    await client.take(3);
    // It was sent before the client had seen any of the three.
    client.send(amqp.flow({ nextIncomingId: 0, incomingWindow: 3 }));
    client.send(amqp.flow({ nextIncomingId: 1, incomingWindow: 2 }));
    await client.expectSilence();
    client.send(amqp.flow({ nextIncomingId: 2, incomingWindow: 2 }));
    await client.expect('transfer', { deliveryId: 3 });
    await client.expectSilence();
  });

  test('2.5.6 a session without a window gets nothing until it has one', async () => {
    const client = await connect();
    await receiver(client, 0, [10]);
    await client.expectSilence();
    client.send(amqp.flow({ nextIncomingId: 0, incomingWindow: 1 }));
    await client.expect('transfer', { deliveryId: 0 });
  });

  test.each([0x7fff_ffff, 0x8000_0000, LAST])(
    '2.5.6 a window of %d is as good as any',
    async (window) => {
      const client = await connect();
      await receiver(client, window, [10, 10]);
      await client.take(2);
      client.send(amqp.flow({ nextIncomingId: 2, incomingWindow: window, echo: true }));
      await client.expect('flow', { nextOutgoingId: 2 });
      await fillAgain(client, window);
    },
  );

  async function fillAgain(client: RawAmqp, incomingWindow: number): Promise<void> {
    const queue = name('queue');
    await fill(queue, BODY);
    await client.attachReceiver(queue, { handle: 1 });
    client.send(
      amqp.flow({ nextIncomingId: 2, incomingWindow, handle: 1, deliveryCount: 0, linkCredit: 1 }),
    );
    await client.expect('transfer', { deliveryId: 2 });
  }

  test('2.5.6 a flow without next-incoming-id counts from the first transfer', async () => {
    const client = await connect();
    await receiver(client, 2, Array(5).fill(10));
    await client.take(2);
    client.send(amqp.flow({ nextIncomingId: undefined, incomingWindow: 3 }));
    await client.expect('transfer', { deliveryId: 2 });
    await client.expectSilence();
  });

  test('2.5.6 a delivery stops at the window and goes on in its middle', async () => {
    const client = await connect({ maxFrameSize: 512 });
    await receiver(client, 2, [2000, 10]);
    const parts = await client.take(2);
    await client.expectSilence();
    for (let next = 2; parts.at(-1)?.more === true; next++) {
      client.send(amqp.flow({ nextIncomingId: next, incomingWindow: 1 }));
      parts.push(await client.expect('transfer', { handle: 0 }));
      await client.expectSilence();
    }
    const body = Buffer.concat(parts.map(({ payload }) => payload)).subarray(-2000);
    expect(body.equals(Buffer.alloc(2000, 0x61))).toBe(true);
    client.send(amqp.flow({ nextIncomingId: parts.length, incomingWindow: 1 }));
    await client.expect('transfer', { deliveryId: 1, more: false });
  });

  test('2.5.6 links wait for the window together, and in turn', async () => {
    const client = await connect();
    await receiver(client, 1, Array(3).fill(10));
    await client.expect('transfer', { handle: 0 });
    const other = name('queue');
    await fill(other, BODY);
    await client.attachReceiver(other, { handle: 1 });
    client.send(
      amqp.flow({
        nextIncomingId: 1,
        incomingWindow: 0,
        handle: 1,
        deliveryCount: 0,
        linkCredit: 1,
      }),
    );
    await client.expectSilence();
    client.send(amqp.flow({ nextIncomingId: 1, incomingWindow: 10 }));
    const handles = (await client.take(3)).map(({ handle }) => handle);
    expect(handles.sort()).toEqual([0, 0, 1]);
  });

  test('2.5.6 what waits for the window on a link that is closed goes to others', async () => {
    const client = await connect({ maxFrameSize: 512 });
    const queue = name('queue');
    await fill(queue, message(3000));
    await client.begin({ incomingWindow: 1 });
    await client.attachReceiver(queue);
    client.send(
      amqp.flow({
        nextIncomingId: 0,
        incomingWindow: 1,
        handle: 0,
        deliveryCount: 0,
        linkCredit: 1,
      }),
    );
    await client.expect('transfer', { more: true });
    client.send(amqp.detach({ closed: true }));
    await client.expect('detach');
    const other = await session();
    await other.attachReceiver(queue);
    other.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    const { payload } = await other.expect('transfer');
    expect(payload.length).toBeGreaterThan(3000);
    // The rest of it, which the window held back, does not follow on the first link.
    client.send(amqp.flow({ nextIncomingId: 1, incomingWindow: 10 }));
    await client.expectSilence();
  });

  test.each([false, true])(
    '2.6.12 2.8.8 what never left has no id (closed: %s)',
    async (closed) => {
      const [first, second] = [name('queue'), name('queue')];
      await fill(first, message(10));
      await fill(second, message(10));
      const client = await connect();
      await client.begin({ incomingWindow: 0 });
      const flow = (handle: number, incomingWindow: number) =>
        amqp.flow({ incomingWindow, handle, deliveryCount: 0, linkCredit: 1 });
      await client.attachReceiver(first, { source: { address: first, expiryPolicy: 'never' } });
      client.send(flow(0, 0));
      await client.expectSilence();
      client.send(amqp.detach({ closed }));
      await client.expect('detach');
      const other = await session();
      await other.attachReceiver(first);
      other.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
      await other.expect('transfer');
      await client.attachReceiver(second, { handle: 1 });
      client.send(flow(1, 10));
      // Clients such as Qpid Proton's take a gap for an error.
      await client.expect('transfer', { deliveryId: 0 });
    },
  );

  test('2.7.4 what a flow says of the session holds without a handle, too', async () => {
    const client = await session();
    client.send(amqp.flow({ nextOutgoingId: 3, echo: true }));
    const flow = await client.expect('flow', { nextIncomingId: 3 });
    for (const field of ['handle', 'deliveryCount', 'linkCredit', 'available', 'drain']) {
      expect(flow[field], field).toBeUndefined();
    }
  });
});

test('2.5.6 a client that does not wait for the window does no harm', async () => {
  const queue = name('queue');
  const client = await session();
  await client.attachSender(queue);
  const ids = Array.from({ length: WINDOW * 3 }, (_, id) => id);
  client.send(
    ...ids.map((id) =>
      amqp.transfer({ deliveryId: id, deliveryTag: `${id}`, settled: true }, BODY),
    ),
  );
  for (let flows = 0; flows < 6; flows++) await client.expect('flow', { incomingWindow: WINDOW });
  await client.attachReceiver(queue, { handle: 1 });
  client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 100 }));
  for (const id of ids) await client.expect('transfer', { deliveryId: id });
});
