import { AddressBook, type SentParts } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { stomp12 } from './dialects.js';
import { stompFormat } from './format.js';

const PARTS: SentParts = {
  address: new AddressBook().topic('prices'),
  durable: true,
  headers: [
    ['type', 'order'],
    ['a:b', 'c\nd'],
    ['message-id', 'forged'],
    ['JMSXUserID', 'forged'],
  ],
  body: Buffer.from('hello'),
  bodyType: 'binary',
  contentType: 'text/plain',
  replyTo: 'queue://answers',
  correlationId: 'c1',
  priority: 9,
  expiresAt: 5000,
  timestamp: 1000,
};

describe('a composed message', () => {
  test('is what a client’s SEND would have been', () => {
    const message = stomp12.compose(PARTS);
    expect(message).toMatchObject({ durable: true, priority: 9, expiresAt: 5000, timestamp: 1000 });
    expect(stompFormat.view(message)).toEqual({
      contentType: 'text/plain',
      replyTo: 'queue://answers',
      correlationId: 'c1',
      subject: 'order',
      properties: [
        ['a:b', 'c\nd'],
        ['JMSXUserID', 'forged'],
      ],
      body: { kind: 'binary', bytes: Buffer.from('hello') },
    });
  });

  test('has headers in the words of STOMP', () => {
    expect(stomp12.destination(PARTS.address)).toBe('/topic/prices');
    expect(stomp12.describe(stomp12.compose(PARTS))).toEqual([
      ['persistent', 'true'],
      ['priority', '9'],
      ['expires', '5000'],
      ['content-type', 'text/plain'],
      ['reply-to', '/queue/answers'],
      ['correlation-id', 'c1'],
      ['amq-msg-type', 'bytes'],
      ['type', 'order'],
      ['a:b', 'c\nd'],
      ['property-JMSXUserID', 'forged'],
    ]);
  });

  test.each<[string, Partial<SentParts>]>([
    ['a typed body', { value: [1] }],
    ['a priority among the headers', { headers: [['priority', '9']] }],
  ])('cannot have %s', (_, parts) => {
    expect(() => stomp12.compose({ ...PARTS, ...parts })).toThrow(
      expect.objectContaining({ code: 'not-supported' }),
    );
  });
});
