import { describe, expect, test } from 'vitest';
import { AddressBook } from './address.js';
import { DEAD_LETTER_ANNOTATIONS, deadLetterOf } from './dead-letter.js';
import { Message } from './message.js';

const addresses = new AddressBook();

function bury(): Message {
  const bytes = Buffer.from('xbodyx');
  const message = new Message(addresses.topic('orders.new'), 2, true, bytes, 1, 5, false);
  message.formatFlags = 3;
  message.priority = 9;
  message.timestamp = 1234;
  message.expiresAt = 5678;
  message.annotations = new Map([['x-before', 'kept']]);
  return deadLetterOf(message, {
    deadLetters: addresses.queue('DLQ'),
    reason: 'rejected',
    origin: addresses.queue('orders'),
    deliveryCount: 4,
    wallMs: 1000,
  });
}

describe('a dead letter', () => {
  test('has the same bytes and envelope, and never expires', () => {
    const letter = bury();
    expect(letter.address).toBe(addresses.queue('DLQ'));
    expect(letter.bytes.toString('utf8', letter.start, letter.end)).toBe('body');
    expect(letter).toMatchObject({ format: 2, durable: true, formatFlags: 3, priority: 9 });
    expect(letter).toMatchObject({ timestamp: 1234, expiresAt: 0, retain: false });
  });

  test('says why it is there, where it came from, how often it failed and when', () => {
    expect([...bury().annotations!]).toEqual([
      ['x-before', 'kept'],
      [DEAD_LETTER_ANNOTATIONS.reason, 'rejected'],
      [DEAD_LETTER_ANNOTATIONS.origin, 'queue://orders'],
      [DEAD_LETTER_ANNOTATIONS.deliveryCount, '4'],
      [DEAD_LETTER_ANNOTATIONS.time, '1970-01-01T00:00:01.000Z'],
    ]);
  });
});
