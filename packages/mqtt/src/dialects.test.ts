import { AddressBook, type SentParts } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { mqtt3, mqtt5 } from './dialects.js';
import { mqttFormat } from './format.js';

const addresses = new AddressBook();
const PARTS: SentParts = {
  address: addresses.topic('prices.eur'),
  durable: true,
  headers: [
    ['JMSType', 'order'],
    ['a', '1'],
  ],
  body: Buffer.from('hello'),
  bodyType: 'text',
  contentType: 'text/plain',
  replyTo: 'queue://answers',
  correlationId: 'c1',
  priority: 9,
  expiresAt: 5000,
  timestamp: 1000,
};
const BARE: SentParts = {
  address: PARTS.address,
  durable: false,
  headers: [],
  body: Buffer.from('hello'),
  timestamp: 1000,
};

describe('a message composed in MQTT 5', () => {
  test('is what a client’s PUBLISH would have been', () => {
    const message = mqtt5.compose(PARTS);
    expect(message).toMatchObject({ durable: true, priority: 9, expiresAt: 5000, timestamp: 1000 });
    expect(mqttFormat.view(message)).toEqual({
      contentType: 'text/plain',
      replyTo: 'queue://answers',
      correlationId: 'c1',
      subject: 'order',
      properties: [['a', '1']],
      body: { kind: 'text', text: 'hello' },
    });
  });

  test('has properties in the words of MQTT', () => {
    expect(mqtt5.destination(PARTS.address)).toBe('prices/eur');
    expect(mqtt5.describe(mqtt5.compose(PARTS))).toEqual([
      ['QoS', '1'],
      ['message expiry', '1970-01-01T00:00:05.000Z'],
      ['payload format indicator', '1'],
      ['content type', 'text/plain'],
      ['response topic', '$queue/answers'],
      ['correlation data', 'c1'],
      ['user property JMSType', 'order'],
      ['user property a', '1'],
      ['user property JMSPriority', '9'],
    ]);
  });

  test.each<[string, Partial<SentParts>]>([
    ['a typed body', { value: [1] }],
    ['a reply-to that is a wildcard here', { replyTo: 'topic://a.b*' }],
  ])('cannot have %s', (_, parts) => {
    expect(() => mqtt5.compose({ ...PARTS, ...parts })).toThrow(
      expect.objectContaining({ code: 'not-supported' }),
    );
  });
});

describe('a message composed in MQTT 3', () => {
  test('is a payload', () => {
    const message = mqtt3.compose(BARE);
    expect(mqtt3.describe(message)).toEqual([['QoS', '0']]);
    expect(message.bytes.toString()).toBe('hello');
  });

  test.each<[string, Partial<SentParts>]>([
    ['headers', { headers: [['a', '1']] }],
    ['a content type', { contentType: 'text/plain' }],
    ['a priority', { priority: 1 }],
    ['a typed body', { value: null }],
  ])('cannot have %s', (_, parts) => {
    expect(() => mqtt3.compose({ ...BARE, ...parts })).toThrow(
      expect.objectContaining({ code: 'not-supported' }),
    );
  });
});

test('MQTT 3 receives a payload that does not say what it is', () => {
  const content = { subject: 's', properties: [], body: { kind: 'text', text: 'a' } } as const;
  expect(mqtt3.receive(content)).toEqual({
    properties: [],
    body: { kind: 'binary', bytes: Buffer.from('a') },
  });
});

test('a topic that is a wildcard in MQTT has no name here', () => {
  expect(mqtt5.destination(addresses.topic('a.b*'))).toBeNull();
});
