import rhea, { type Delivery } from 'rhea';
import { expect, test } from 'vitest';
import { toAmqpMessage, toIncomingMessage } from './amqp-message.js';
import type { OutgoingMessage } from './message-client.js';

const UNSETTLED = { remote_settled: false } as Delivery;

function roundTrip(message: OutgoingMessage) {
  const decoded = rhea.message.decode(rhea.message.encode(toAmqpMessage('queue://a', message)));
  return toIncomingMessage(decoded as never, UNSETTLED, 'queue://source');
}

test('everything that is sent comes back', () => {
  const body = Buffer.from([0, 0xff]);
  const incoming = roundTrip({
    body,
    qos: 1,
    headers: [
      ['colour', 'red'],
      ['constructor', 'x'],
    ],
    contentType: 'application/octet-stream',
    priority: 7,
    replyTo: 'queue://answers',
    correlationId: 'c1',
    timeToLiveSeconds: 1.5,
  });
  expect(incoming).toEqual({
    destination: 'queue://a',
    body,
    headers: [
      ['colour', 'red'],
      ['constructor', 'x'],
      ['reply-to', 'queue://answers'],
      ['correlation-id', 'c1'],
      ['priority', '7'],
    ],
    contentType: 'application/octet-stream',
    redelivered: false,
    qos: 1,
  });
});

test('QoS decides whether a message is durable, and seconds become milliseconds', () => {
  const message = { body: Buffer.alloc(0), headers: [], timeToLiveSeconds: 1.5 };
  expect(toAmqpMessage('a', { ...message, qos: 1 })).toMatchObject({ durable: true, ttl: 1500 });
  expect(toAmqpMessage('a', { ...message, qos: 0 }).durable).toBe(false);
});

test('a header that repeats is refused', () => {
  const headers = [
    ['a', '1'],
    ['a', '2'],
  ] as const;
  expect(() => toAmqpMessage('a', { body: Buffer.alloc(0), headers, qos: 1 })).toThrow(/once/);
});

test.each([
  ['a text', 'hällo', 'hällo'],
  ['bytes', Buffer.from('b'), 'b'],
  ['nothing', null, ''],
  ['a data section', rhea.message.data_section(Buffer.from('d')), 'd'],
  ['data sections', rhea.message.data_sections([Buffer.from('d'), Buffer.from('e')]), 'de'],
  ['a sequence', rhea.message.sequence_section([1, 'two']), '[1,"two"]'],
  ['a map', { a: 1 }, '{"a":1}'],
  ['a number', 7, '7'],
])('the body of %s is shown', (_what, body, text) => {
  const decoded = rhea.message.decode(rhea.message.encode({ body, delivery_count: 2 }));
  const incoming = toIncomingMessage(decoded as never, UNSETTLED, 'queue://source');
  expect(incoming.body.toString()).toBe(text);
  expect(incoming).toMatchObject({ destination: 'queue://source', redelivered: true });
});
