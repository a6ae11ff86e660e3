import { amqpFormat, createAmqpProtocol } from '@causeway/amqp';
import { describe, expect, test } from 'vitest';
import { HostileConnection } from '../../fuzz/support/hostile-connection.js';
import { AMQP, SASL } from '../../support/raw-amqp.js';
import { amqp, decodeRawFrame, header, type RawFrame } from '../../support/raw-amqp-frames.js';
import { text } from '../../support/raw-amqp-message.js';
import { createTestBroker } from '../../support/test-broker.js';

// The network cuts a conversation where it likes (2.3): what is answered does not depend on it.

const BODY = text('a');
const DURABLE = text('b'.repeat(300), { durable: true });
const accept = (first: number, last: number): Buffer =>
  amqp.disposition({ role: true, first, last, settled: true, state: 'accepted' });
const receiver = { name: 'in', role: true, source: { address: 'q', expiryPolicy: 'never' } };
const sender = { name: 'out', handle: 1, role: false, initialDeliveryCount: 0 };

/** A whole conversation, in steps after which the broker has its turn. */
const STEPS: readonly (readonly Buffer[])[] = [
  [header(SASL), amqp.saslInit({ mechanism: 'PLAIN', initialResponse: '\0shop\0secret' })],
  [header(AMQP), amqp.open({ containerId: 'c', maxFrameSize: 512 }), amqp.empty(), amqp.begin()],
  [amqp.begin({ channel: 1 }), amqp.attach({ ...sender, channel: 1, target: { address: 'q' } })],
  [amqp.attach({ ...sender, target: { address: 'q' }, rcvSettleMode: 1 })],
  [
    amqp.transfer(
      { handle: 1, deliveryId: 0, deliveryTag: 'a', more: true },
      DURABLE.subarray(0, 9),
    ),
    amqp.transfer({ channel: 1, handle: 1, deliveryId: 0, deliveryTag: 'a', settled: true }, BODY),
    amqp.transfer({ handle: 1, more: true }, DURABLE.subarray(9, 200)),
    amqp.transfer({ handle: 1 }, DURABLE.subarray(200)),
    amqp.transfer({ handle: 1, deliveryId: 1, deliveryTag: 'b', more: true }, BODY),
    amqp.transfer({ handle: 1, aborted: true }),
    amqp.transfer({ handle: 1, deliveryId: 2, deliveryTag: 'c' }, text('c'.repeat(900))),
  ],
  [amqp.disposition({ role: false, first: 0, last: 2, settled: true })],
  [
    amqp.attach({ ...receiver, target: {} }),
    amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 10, drain: true, nextOutgoingId: 6 }),
  ],
  [accept(0, 1), amqp.disposition({ role: true, first: 2, state: 'released' })],
  [
    amqp.flow({
      handle: 0,
      deliveryCount: 10,
      linkCredit: 1,
      nextOutgoingId: 6,
      nextIncomingId: 9,
    }),
  ],
  [amqp.detach({ handle: 0 }), amqp.attach({ ...receiver, target: {}, unsettled: { x: null } })],
  [amqp.detach({ handle: 1, closed: true }), amqp.end({ channel: 1 })],
  [amqp.attach({ name: 'refused', handle: 5, role: true, source: { address: 'a.*' } })],
  [amqp.close({ error: { condition: 'amqp:internal-error' } })],
];

/** What is answered when every step comes in pieces of so many bytes. */
async function answersTo(size: number): Promise<string[]> {
  const world = await createTestBroker();
  world.broker.formats.register(amqpFormat);
  const client = new HostileConnection(world.broker, createAmqpProtocol());
  for (const step of STEPS) {
    const bytes = Buffer.concat(step);
    for (let at = 0; at < bytes.length; at += size) client.send(bytes.subarray(at, at + size));
    // The authenticator answers in a turn of its own.
    for (let count = 0; count < 4; count++) await Promise.resolve();
    world.run();
  }
  expect(client.sink.ended).toBe(true);
  return framesOf(client.output).map(({ kind, bytes }) => `${kind} ${bytes.toString('hex')}`);
}

function framesOf(output: Buffer): RawFrame[] {
  const frames: RawFrame[] = [];
  for (let rest = output; rest.length > 0; rest = rest.subarray(frames.at(-1)!.bytes.length)) {
    const frame = decodeRawFrame(rest);
    if (frame === null) throw new Error('the output ends within a frame');
    frames.push(frame);
  }
  return frames;
}

describe('a conversation in pieces', () => {
  test('2.3.1 is one in which everything happens', async () => {
    const kinds = new Set((await answersTo(1e6)).map((answer) => answer.split(' ')[0]));
    expect([...kinds].sort()).toEqual(
      ['header', 'saslMechanisms', 'saslOutcome', 'open', 'begin', 'attach', 'flow', 'transfer']
        .concat('disposition', 'detach', 'end', 'close')
        .sort(),
    );
  });

  test.each([1, 2, 3, 7, 8, 9, 64, 500])(
    '2.3.1 of %d bytes is answered as in one piece',
    async (size) => {
      expect(await answersTo(size)).toEqual(await answersTo(1e6));
    },
  );
});
