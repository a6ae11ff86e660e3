import { AddressBook, type SentParts } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { amqp1 } from './dialects.js';
import { amqpFormat } from './format.js';

const PARTS: SentParts = {
  address: new AddressBook().topic('prices'),
  durable: true,
  headers: [
    ['JMSType', 'order'],
    ['JMSXGroupSeq', '7'],
    ['x-opt-a', 'b'],
    ['colour', 'red'],
  ],
  body: Buffer.from('hello'),
  contentType: 'text/plain',
  replyTo: 'queue://answers',
  correlationId: 'ID:AMQP_BINARY:00FF',
  priority: 9,
  expiresAt: 5000,
  timestamp: 1000,
};

describe('a composed message', () => {
  test('is what a client’s transfer would have been', () => {
    const message = amqp1.compose(PARTS);
    expect(message).toMatchObject({ durable: true, priority: 9, expiresAt: 5000, timestamp: 1000 });
    expect(amqpFormat.view(message)).toEqual({
      contentType: 'text/plain',
      replyTo: 'queue://answers',
      correlationId: Buffer.of(0, 255),
      subject: 'order',
      groupSequence: 7,
      annotations: [['x-opt-a', 'b']],
      properties: [['colour', 'red']],
      body: { kind: 'text', text: 'hello' },
    });
  });

  test('has sections in the words of AMQP', () => {
    expect(amqp1.destination(PARTS.address)).toBe('topic://prices');
    expect(amqp1.describe(amqp1.compose(PARTS))).toEqual([
      ['durable', 'true'],
      ['priority', '9'],
      ['expires', '1970-01-01T00:00:05.000Z'],
      ['annotation x-opt-a', 'b'],
      ['to', 'topic://prices'],
      ['subject', 'order'],
      ['reply-to', 'queue://answers'],
      ['correlation-id', '0x00ff'],
      ['content-type', 'text/plain'],
      ['group-sequence', '7'],
      ['property colour', 'red'],
    ]);
  });

  test.each<[string, Partial<SentParts>, object]>([
    ['bytes', { bodyType: 'binary' }, { kind: 'binary', bytes: Buffer.from('hello') }],
    ['bytes that are no text', { body: Buffer.of(255) }, { kind: 'binary', bytes: Buffer.of(255) }],
    ['a list', { value: [1, null] }, { kind: 'value', value: [1, null] }],
    ['a text', { value: 'text' }, { kind: 'text', text: 'text' }],
  ])('may have %s for a body', (_, parts, body) => {
    const message = amqp1.compose({ ...PARTS, contentType: undefined, ...parts });
    expect(amqpFormat.view(message).body).toEqual(body);
  });

  test('may have nothing but a body', () => {
    const message = amqp1.compose({ ...PARTS, headers: [], contentType: undefined });
    expect(message.formatFlags).toBe(0);
    expect(amqpFormat.view(message).properties).toEqual([]);
  });
});

test.each([
  ['contentType', 'lost', 'symbols are ASCII'],
  ['annotations.ä', 'lost', 'names of annotations are ASCII'],
  ['properties.a', 'lost', 'the first counts'],
] as const)('why %s is %s', (field, change, why) => {
  expect(amqp1.reason(field, change)).toContain(why);
});
