import { expect, test } from 'vitest';
import { AMQP } from '../../support/raw-amqp.js';
import { encodeComposite } from '../../support/raw-amqp-composites.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, header, rawFrame } from '../../support/raw-amqp-frames.js';
import { uint } from '../../support/raw-amqp-values.js';

const FRAME_BYTES_MAX = 4096;
const { connect, name, open, session } = useAmqpServer({
  limits: { transferFrameBytesMax: FRAME_BYTES_MAX, sessionsPerConnectionMax: 300 },
});

const FRAMING = 'amqp:connection:framing-error';
const BEGIN = encodeComposite('begin', {
  nextOutgoingId: 0,
  incomingWindow: 10,
  outgoingWindow: 10,
});

/** A frame header alone. */
function head(size: number, offset = 2, type = 0): Buffer {
  return Buffer.concat([uint(size).subarray(1), Buffer.of(offset, type, 0, 0)]);
}

test.each([4, 8, 256, 255 * 4 - 8])(
  '2.3.1 an extended header of %d bytes is skipped',
  async (bytes) => {
    const client = await connect();
    client.send(rawFrame(BEGIN, { extended: Buffer.alloc(bytes, 0xff) }));
    await client.expect('begin', { remoteChannel: 0 });
    await client.expectSilence();
  },
);

test('2.3.1 an extended header does not matter to an empty frame', async () => {
  const client = await connect();
  client.send(rawFrame(Buffer.alloc(0), { extended: Buffer.alloc(40) }));
  await client.expectSilence();
});

test.each([
  ['less than a frame header', head(7)],
  ['no bytes', head(0)],
])('2.3.1 a size of %s ends the connection', async (_, bytes) => {
  const client = await connect();
  client.send(bytes);
  await client.expectClose(FRAMING);
});

test.each([0, 1])('2.3.1 a data offset of %d ends the connection', async (offset) => {
  const client = await connect();
  client.send(head(12, offset), Buffer.alloc(4));
  await client.expectClose(FRAMING);
});

test('2.3.1 a data offset behind the end of the frame ends the connection', async () => {
  const client = await connect();
  client.send(head(12, 4), Buffer.alloc(4));
  await client.expectClose(FRAMING);
});

test.each([1, 2, 255])('2.3.1 a frame of type %d ends the connection', async (type) => {
  const client = await connect();
  client.send(rawFrame(BEGIN, { type }));
  await client.expectClose(FRAMING);
});

test('2.3.1 a frame with a broken header before the open is answered by open and close', async () => {
  const client = await open();
  client.send(header(AMQP), head(4));
  await client.expectHeader(AMQP);
  await client.expect('open');
  await client.expectClose(FRAMING);
});

test('2.7.1 a frame above max-frame-size is refused by its header, before its body comes', async () => {
  const client = await connect();
  client.send(head(FRAME_BYTES_MAX + 1));
  await client.expectClose(FRAMING);
});

test('2.7.1 a size of 4 GiB is refused by its header', async () => {
  const client = await connect();
  client.send(head(0xffffffff));
  await client.expectClose(FRAMING);
});

test('2.7.1 a frame of exactly max-frame-size is taken', async () => {
  const queue = name('queue');
  const client = await session();
  await client.attachSender(queue);
  const performative = amqp.transfer({ deliveryId: 0, deliveryTag: 'a' });
  const bytes = FRAME_BYTES_MAX - performative.length - 5 - 3;
  const section = Buffer.concat([Buffer.from('005375b0', 'hex'), uint(bytes).subarray(1)]);
  const frame = amqp.transfer(
    { deliveryId: 0, deliveryTag: 'a' },
    Buffer.concat([section, Buffer.alloc(bytes)]),
  );
  expect(frame).toHaveLength(FRAME_BYTES_MAX);
  client.send(frame);
  await client.expect('disposition', { first: 0, state: { kind: 'accepted' } });
});

test('2.3.2 the channel of a frame is that of its session', async () => {
  const client = await connect();
  for (const channel of [0, 1, 255, 256, 299]) {
    client.send(amqp.begin({ channel }));
    await client.expect('begin', { channel, remoteChannel: channel });
  }
  client.send(amqp.end({ channel: 256 }));
  await client.expect('end', { channel: 256 });
});

test('2.3.2 a frame that begins with no performative ends the connection', async () => {
  for (const body of ['00', '45', '0053', 'a10161', '00537745', '005380a0', '0053ff45']) {
    const client = await connect();
    client.send(rawFrame(Buffer.from(body, 'hex')));
    const { error } = await client.expect('close');
    expect(['amqp:decode-error', 'amqp:not-allowed'], body).toContain(error.condition);
    await client.expectClosed();
  }
});

test('2.3.2 what follows a performative that has no payload is refused', async () => {
  const client = await connect();
  client.send(rawFrame(Buffer.concat([BEGIN, Buffer.of(0x40)])));
  await client.expectClose('amqp:decode-error');
});

test('2.3.2 several frames in one packet, and a frame in several packets', async () => {
  const client = await connect();
  const frames = Buffer.concat([1, 2, 3, 4].map((channel) => amqp.begin({ channel })));
  client.send(frames.subarray(0, 50));
  await client.expect('begin', { channel: 1 });
  client.send(frames.subarray(50));
  for (const channel of [2, 3, 4]) await client.expect('begin', { channel });
});
