import { BrokerError } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { AMQP, type RawAmqp } from '../../support/raw-amqp.js';
import { encodeComposite } from '../../support/raw-amqp-composites.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, header, rawFrame } from '../../support/raw-amqp-frames.js';
import { type DescribedValue, decodeValues } from '../../support/raw-amqp-values.js';

const LIMITS = { transferFrameBytesMax: 8192, sessionsPerConnectionMax: 260 };
const fixture = useAmqpServer({
  limits: LIMITS,
  authorization: [
    { destination: 'queue://>', read: ['*'], write: ['*'] },
    { destination: 'queue://secret.>' },
  ],
});
const { connect, name, open, session } = fixture;

const FRAMING = 'amqp:connection:framing-error';
const NOT_ALLOWED = 'amqp:not-allowed';
/** A message with so many bytes in a data section. */
const message = (bytes: number): Buffer =>
  Buffer.concat([Buffer.from('005375b0', 'hex'), size(bytes), Buffer.alloc(bytes, 0x61)]);

function size(bytes: number): Buffer {
  const encoded = Buffer.alloc(4);
  encoded.writeUInt32BE(bytes);
  return encoded;
}

describe('opening', () => {
  test('2.4.1 2.7.1 open is answered with the limits of the server', async () => {
    const client = await open();
    const answer = await client.login({ containerId: name() });
    expect(answer).toMatchObject({
      channel: 0,
      maxFrameSize: LIMITS.transferFrameBytesMax,
      channelMax: LIMITS.sessionsPerConnectionMax - 1,
      idleTimeOut: 60_000,
    });
    expect(answer.containerId).toMatch(/./);
    expect(answer.hostname).toBeUndefined();
  });

  test('2.7.1 2.8.12 every field of open is understood', async () => {
    const client = await open();
    await client.login({
      containerId: name(),
      hostname: 'broker.example',
      maxFrameSize: 0xffffffff,
      channelMax: 0xffff,
      idleTimeOut: 0,
      outgoingLocales: 'en-US',
      incomingLocales: ['de-DE', 'en-US'],
      offeredCapabilities: ['a', 'b'],
      desiredCapabilities: ['ANONYMOUS-RELAY'],
      properties: { product: 'raw', nested: new Map([['a', [1, null, true]]]) },
    });
    await client.expectSilence();
  });

  test('2.7.1 capabilities that the server offers are among those it may be asked for', async () => {
    const client = await open();
    const { offeredCapabilities } = await client.login({ desiredCapabilities: ['SOLE'] });
    expect(offeredCapabilities).toContain('ANONYMOUS-RELAY');
  });

  test.each([
    ['begin', amqp.begin()],
    ['attach', amqp.attach({ name: 'a', role: true })],
    ['flow', amqp.flow()],
    ['transfer', amqp.transfer({ deliveryId: 0, deliveryTag: 'a' })],
    ['disposition', amqp.disposition({ role: true, first: 0 })],
    ['detach', amqp.detach()],
    ['end', amqp.end()],
    ['close', amqp.close()],
  ])('2.4.1 2.7.1 a %s before the open ends the connection', async (_, frame) => {
    const client = await open();
    client.send(header(AMQP), frame, amqp.open());
    await client.expectHeader(AMQP);
    await client.expect('open');
    await client.expectClose(NOT_ALLOWED);
  });

  test('2.4.1 open is sent on channel 0', async () => {
    const client = await open();
    client.send(header(AMQP), amqp.open({ channel: 1 }));
    await client.expectHeader(AMQP);
    await client.expect('open', { channel: 0 });
    await client.expectClose(FRAMING);
  });

  test('2.4.1 a second open ends the connection', async () => {
    const client = await connect();
    client.send(amqp.open());
    await client.expectClose(NOT_ALLOWED);
  });

  test('2.4.2 what is pipelined behind header and open is answered in order', async () => {
    const queue = name('queue');
    const client = await open();
    client.send(
      header(AMQP),
      amqp.open({ containerId: name() }),
      amqp.begin(),
      amqp.attach({ name: 'in', role: true, source: { address: queue }, target: {} }),
      amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 10 }),
      amqp.end(),
      amqp.close(),
    );
    await client.expectHeader(AMQP);
    for (const kind of ['open', 'begin', 'attach', 'end', 'close'] as const) {
      await client.expect(kind);
    }
    await client.expectClosed();
  });

  test('2.4.2 the answer is the same when everything comes byte by byte', async () => {
    const client = await open();
    const bytes = Buffer.concat([
      header(AMQP),
      amqp.open({ containerId: name() }),
      amqp.begin(),
      amqp.close(),
    ]);
    for (const byte of bytes) client.send(Buffer.of(byte));
    await client.expectHeader(AMQP);
    for (const kind of ['open', 'begin', 'close'] as const) await client.expect(kind);
    await client.expectClosed();
  });
});

describe('max-frame-size', () => {
  /** Sends a message through and returns the sizes of the frames in which it comes. */
  async function framesOf(client: RawAmqp, bytes: number): Promise<number[]> {
    const queue = name('queue');
    await client.begin();
    await client.attachReceiver(queue, { handle: 1 });
    const sender = await session();
    await sender.attachSender(queue);
    const sent = message(bytes);
    const half = sent.length >> 1;
    sender.send(
      amqp.transfer({ deliveryId: 0, deliveryTag: 'a', more: true }, sent.subarray(0, half)),
      amqp.transfer({}, sent.subarray(half)),
    );
    await sender.expect('disposition');
    client.send(amqp.flow({ handle: 1, deliveryCount: 0, linkCredit: 1 }));
    const frames = [await client.expect('transfer', { deliveryId: 0 })];
    while (frames.at(-1)?.more === true) frames.push(await client.expect('transfer'));
    const received = Buffer.concat(frames.map(({ payload }) => payload));
    const data = decodeValues(received).at(-1) as DescribedValue;
    expect((data.value as Buffer).equals(Buffer.alloc(bytes, 0x61))).toBe(true);
    return frames.map((frame) => frame.bytes.length);
  }

  test.each([512, 513, 1000, 4096])('2.7.1 no frame is larger than %d bytes', async (maximum) => {
    const client = await connect({ maxFrameSize: maximum });
    const sizes = await framesOf(client, 5000);
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(maximum);
  });

  test('2.7.1 frames fill most of what a client takes', async () => {
    const client = await connect({ maxFrameSize: 4096 });
    const [first] = await framesOf(client, 8000);
    expect(first).toBeGreaterThan(4096 - 64);
  });

  test('2.7.1 without max-frame-size frames are as large as the server sends them', async () => {
    const client = await connect();
    expect(Math.max(...(await framesOf(client, 10_000)))).toBeLessThanOrEqual(8192);
  });

  test.each([0, 1, 511])('2.7.1 2.8.19 a max-frame-size of %d is too small', async (maximum) => {
    const client = await open();
    client.send(header(AMQP), amqp.open({ maxFrameSize: maximum }));
    await client.expectHeader(AMQP);
    await client.expect('open');
    await client.expectClose('amqp:frame-size-too-small');
  });

  test('2.7.1 2.8.14 errors keep to the max-frame-size of the client', async () => {
    const client = await connect({ maxFrameSize: 512 });
    await client.begin();
    client.send(
      amqp.attach({ name: 'n', role: true, source: { address: `secret.${'€'.repeat(300)}` } }),
    );
    const frames = await client.take(2);
    expect(frames.map(({ kind }) => kind)).toEqual(['attach', 'detach']);
    for (const { bytes } of frames) expect(bytes.length).toBeLessThanOrEqual(512);
    expect(frames[1]?.error.condition).toBe('amqp:unauthorized-access');
  });

  test('2.8.15 an attach that does not fit into a frame of the client ends the session', async () => {
    const client = await connect({ maxFrameSize: 512 });
    await client.begin();
    client.send(
      amqp.attach({
        name: 'n'.repeat(600),
        role: true,
        source: { address: name('queue') },
        target: {},
      }),
    );
    await client.expectEnd('amqp:frame-size-too-small');
  });
});

describe('channel-max', () => {
  test('2.7.1 the highest channel is used', async () => {
    const client = await connect();
    await client.begin({ channel: LIMITS.sessionsPerConnectionMax - 1 });
    await client.expectSilence();
  });

  test.each([
    ['begin', amqp.begin({ channel: 260 })],
    ['flow', amqp.flow({ channel: 260 })],
    ['end', amqp.end({ channel: 0xffff })],
  ])('2.7.1 a %s on a channel beyond it ends the connection', async (_, frame) => {
    const client = await connect();
    client.send(frame);
    await client.expectClose(FRAMING);
  });

  test('2.4.5 an empty frame may be on any channel', async () => {
    const client = await connect();
    client.send(amqp.empty(7), amqp.empty(259));
    await client.expectSilence();
  });

  test('2.7.1 the server keeps to the channel-max of the client', async () => {
    const client = await connect({ channelMax: 1 });
    client.send(amqp.begin({ channel: 9 }));
    const { channel } = await client.expect('begin', { remoteChannel: 9 });
    expect(channel).toBeLessThanOrEqual(1);
    client.send(amqp.begin({ channel: 5 }));
    const second = await client.expect('begin', { remoteChannel: 5 });
    expect(second.channel).toBeLessThanOrEqual(1);
    expect(second.channel).not.toBe(channel);
    client.send(amqp.end({ channel: 9 }));
    await client.expect('end', { channel });
    client.send(amqp.begin({ channel: 0 }));
    await client.expect('begin', { channel, remoteChannel: 0 });
  });

  test('2.7.1 more sessions than the client has channels for end the connection', async () => {
    const client = await connect({ channelMax: 0 });
    await client.begin({ channel: 3 });
    client.send(amqp.begin({ channel: 4 }));
    await client.expectClose(NOT_ALLOWED);
  });
});

describe('closing', () => {
  test('2.4.3 2.7.9 close is answered, and nothing follows it', async () => {
    const client = await session();
    client.send(amqp.close());
    const { error, channel } = await client.expect('close');
    expect(error).toBeUndefined();
    expect(channel).toBe(0);
    await client.expectClosed();
  });

  test('2.4.3 a close with an error is answered by one without', async () => {
    const client = await session();
    client.send(
      amqp.close({
        error: { condition: 'amqp:internal-error', description: 'mine', info: { a: 1 } },
      }),
    );
    const { error } = await client.expect('close');
    expect(error).toBeUndefined();
    await client.expectClosed();
  });

  test('2.4.3 a close may come on any channel', async () => {
    const client = await connect();
    client.send(amqp.close({ channel: 200 }));
    await client.expect('close', { channel: 0 });
    await client.expectClosed();
  });

  test('2.4.3 what was sent before the close is confirmed before its answer', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachSender(queue);
    const durable = Buffer.concat([Buffer.from('005370c0020141', 'hex'), message(10)]);
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, durable), amqp.close());
    await client.expect('disposition', { first: 0, settled: true, state: { kind: 'accepted' } });
    await client.expect('close');
    await client.expectClosed();
  });

  test('2.4.3 nothing behind a close is looked at', async () => {
    const client = await session();
    client.send(amqp.close(), amqp.open(), rawFrame(Buffer.from('ffff', 'hex')));
    await client.expect('close');
    await client.expectClosed();
  });

  test('2.4.6 after an error of the client everything is discarded, and the close still arrives', async () => {
    const client = await session();
    client.send(amqp.open());
    const more = Buffer.concat(Array(200).fill(amqp.begin({ channel: 3 })));
    for (let count = 0; count < 20; count++) client.send(more);
    client.send(amqp.close());
    await client.expectClose(NOT_ALLOWED);
  });

  test('2.4.4 both sides may close at the same time', async () => {
    const client = await session();
    client.send(amqp.open(), amqp.close({ error: { condition: 'amqp:internal-error' } }));
    await client.expectClose(NOT_ALLOWED);
  });

  test('2.4.3 2.8.16 a server that stops closes its connections by force', async () => {
    const client = await session();
    const closed = client.expectClose('amqp:connection:forced');
    await fixture.server.restart();
    await closed;
  });

  test('2.8.16 a standby redirects its clients to the broker that serves', async () => {
    const { broker } = fixture.server;
    Object.assign(broker, { elsewhere: (listener: string) => `${listener}.example:5672` });
    broker.role = 'standby';
    try {
      const client = await open();
      await client.login({ containerId: name() });
      const { error } = await client.expectClose('amqp:connection:redirect');
      expect(error.info).toEqual({
        hostname: 'amqp.example',
        'network-host': 'amqp.example',
        port: 5672,
      });
    } finally {
      broker.role = 'active';
    }
  });

  test('2.4.3 an operator who ends a connection is the reason that its client hears', async () => {
    const container = name('container');
    const client = await connect({ containerId: container });
    for (const connection of fixture.server.broker.connections) {
      if (connection.info.clientId !== container) continue;
      connection.info.sink.closeWith(new BrokerError('administrative', 'by an operator'));
    }
    fixture.server.skip(0);
    const { error } = await client.expectClose('amqp:connection:forced');
    expect(error.description).toBe('by an operator');
  });

  test('2.4.3 a connection that breaks leaves nothing open', async () => {
    const queue = name('queue');
    const client = await session();
    await client.attachReceiver(queue);
    await client.drop();
    const again = await session();
    await again.attachReceiver(queue);
    await again.expectSilence();
  });
});

test('2.4.3 frames on a channel without a session end the connection', async () => {
  for (const frame of [
    amqp.flow({ channel: 3 }),
    amqp.attach({ channel: 3, name: 'a', role: true }),
    amqp.transfer({ channel: 3, deliveryId: 0, deliveryTag: 'a' }),
    amqp.disposition({ channel: 3, role: true, first: 0 }),
    amqp.detach({ channel: 3 }),
    amqp.end({ channel: 3 }),
  ]) {
    const client = await session();
    client.send(frame);
    await client.expectClose(NOT_ALLOWED);
  }
});

test('2.3.2 performatives may have more fields than are known, and descriptors in any form', async () => {
  const client = await open();
  const named = Buffer.concat([
    Buffer.from('00a30e', 'hex'),
    Buffer.from('amqp:open:list'),
    encodeComposite('open', { containerId: name() }).subarray(3),
  ]);
  const numbered = Buffer.concat([
    Buffer.from('00800000000000000011', 'hex'),
    encodeComposite('begin', {
      nextOutgoingId: 1,
      incomingWindow: 1,
      outgoingWindow: 1,
    }).subarray(3),
  ]);
  client.send(header(AMQP), rawFrame(named), rawFrame(numbered));
  await client.expectHeader(AMQP);
  await client.expect('open');
  await client.expect('begin');
});
