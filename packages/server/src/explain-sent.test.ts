import { expect, test } from 'vitest';
import { explainSent, type SentMessage } from './explain-sent.js';

const MESSAGE: SentMessage = {
  destination: 'topic://prices.eur',
  durable: true,
  headers: [['colour', 'red']],
  body: Buffer.from('hello'),
  timestamp: 0,
};

test('a message is explained for every protocol that the broker speaks', () => {
  const { format, received } = explainSent('stomp', MESSAGE);
  expect(format).toBe('stomp');
  expect(received.map(({ protocol, destination }) => [protocol, destination])).toEqual([
    ['MQTT 5', 'prices/eur'],
    ['MQTT 3.1.1', 'prices/eur'],
    ['STOMP 1.2', '/topic/prices.eur'],
    ['AMQP 1.0', 'topic://prices.eur'],
  ]);
});

test.each<[string, Partial<SentMessage>, string]>([
  ['smoke', {}, 'smoke is none of the protocols: mqtt5, mqtt3, stomp, amqp'],
  ['stomp', { destination: 'topic://a.*' }, 'wildcard'],
  ['stomp', { value: [1] }, 'a STOMP body is text or bytes'],
  ['mqtt5', { value: { a: [1] } }, 'an MQTT payload is bytes'],
])('from %s with %j is refused', (protocol, parts, complaint) => {
  expect(() => explainSent(protocol, { ...MESSAGE, ...parts })).toThrow(complaint);
});

test('AMQP has typed bodies, which others get as text', () => {
  const { received } = explainSent('amqp', { ...MESSAGE, value: { a: [1, null] } });
  expect(received.map(({ body }) => body)).toEqual([
    { kind: 'text', preview: '{"a":[1,null]}' },
    { kind: 'binary', preview: '{"a":[1,null]} (14 bytes)' },
    { kind: 'text', preview: '{"a":[1,null]}' },
    { kind: 'value', preview: '{"a":[1,null]}' },
  ]);
  expect(received[0]!.losses).toMatchObject([{ field: 'body', change: 'retyped' }]);
  expect(received[3]!.losses).toEqual([]);
});
