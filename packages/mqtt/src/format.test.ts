import { AddressBook, type Content, FORMAT_IDS, Message, type PropertyValue } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { mqttFormat } from './format.js';
import { HAS_PROPERTIES } from './stored-form.js';
import { block, hex, prefixed, property, userProperty } from './testing/bytes.js';

const address = new AddressBook().topic('t');

function message(payload: string | Buffer, ...properties: Buffer[]): Message {
  const body = Buffer.from(payload as string);
  const bytes = properties.length === 0 ? body : Buffer.concat([block(...properties), body]);
  const padded = Buffer.concat([Buffer.from('<'), bytes, Buffer.from('>')]);
  const { mqtt } = FORMAT_IDS;
  const built = new Message(address, mqtt, true, padded, 1, padded.length - 1, false);
  built.formatFlags = properties.length === 0 ? 1 : 1 | HAS_PROPERTIES;
  return built;
}

const view = (...parts: Parameters<typeof message>): Content => mqttFormat.view(message(...parts));
const TEXT = property(0x01, hex('01'));
const type = (value: string) => property(0x03, prefixed(value));

describe('the view of a message', () => {
  test('of MQTT 3 is binary and has nothing else', () => {
    expect(view('hello')).toEqual({
      properties: [],
      body: { kind: 'binary', bytes: Buffer.from('hello') },
    });
  });

  test('of MQTT 5', () => {
    const content = view(
      'hello',
      TEXT,
      type('text/plain'),
      property(0x08, prefixed('answers/here')),
      property(0x09, prefixed('id-1')),
      userProperty('b', '1'),
      userProperty('a', '2'),
      userProperty('b', '3'),
    );
    expect(content).toEqual({
      contentType: 'text/plain',
      replyTo: 'topic://answers.here',
      correlationId: 'id-1',
      properties: [
        ['b', '1'],
        ['a', '2'],
        ['b', '3'],
      ],
      body: { kind: 'text', text: 'hello' },
    });
  });

  test.each([
    ['text/html', 'text'],
    ['application/json', 'text'],
    ['application/json; charset=utf-8', 'text'],
    ['application/soap+xml', 'text'],
    ['text/plain; charset="US-ASCII"', 'text'],
    ['text/plain; charset=iso-8859-1', 'binary'],
    ['application/octet-stream', 'binary'],
    ['application/jsonp', 'binary'],
    ['image/png', 'binary'],
  ])('a body of type %s is %s', (contentType, kind) => {
    expect(view('{}', type(contentType)).body.kind).toBe(kind);
  });

  test('text that is not UTF-8 stays binary', () => {
    expect(view(hex('ff'), TEXT).body).toEqual({ kind: 'binary', bytes: hex('ff') });
    expect(view(hex('ff'), type('text/plain')).body.kind).toBe('binary');
  });

  test('replies to a queue, and correlation that is no text', () => {
    const content = view(
      '',
      property(8, prefixed('$queue/a.b')),
      property(9, prefixed(hex('ff00'))),
    );
    expect(content).toMatchObject({ replyTo: 'queue://a.b', correlationId: hex('ff00') });
    expect(view('', property(9, prefixed(hex('61 1f')))).correlationId).toEqual(hex('611f'));
  });
});

test('a sender cannot say who he is, and says the priority only once', () => {
  const urgent = message(
    '',
    userProperty('JMSXUserID', 'admin'),
    userProperty('JMSPriority', '9'),
    userProperty('JMSPriority', '8'),
  );
  urgent.priority = 9;
  expect(mqttFormat.view(urgent)).toEqual({
    properties: [
      ['JMSXUserID', 'admin'],
      ['JMSPriority', '8'],
    ],
    body: { kind: 'binary', bytes: Buffer.alloc(0) },
  });
});

describe('what is built', () => {
  const built = (content: Content): string =>
    mqttFormat.build(content, message('')).toString('hex');
  const wanted = (payload: string | Buffer, ...properties: Buffer[]): string =>
    Buffer.concat([block(...properties), Buffer.from(payload as string)]).toString('hex');

  test('a text', () => {
    const body = { kind: 'text', text: 'häh' } as const;
    expect(built({ properties: [], body })).toBe(wanted('häh', TEXT));
  });

  test('bytes', () => {
    const body = { kind: 'binary', bytes: new Uint8Array([0, 255]) } as const;
    expect(built({ properties: [], body })).toBe(wanted(hex('00ff')));
  });

  test('values and sequences as JSON', () => {
    const body = { kind: 'value', value: new Map([['a', [1, true]]]) } as const;
    const json = wanted('{"a":[1,true]}', TEXT, type('application/json'));
    expect(built({ properties: [], body })).toBe(json);
    const sequence = { kind: 'sequence', items: ['x', null] } as const;
    expect(built({ properties: [], body: sequence })).toBe(
      wanted('["x",null]', TEXT, type('application/json')),
    );
    expect(built({ properties: [], body: { kind: 'value', value: 7 } })).toBe(wanted('7', TEXT));
  });

  test('everything that MQTT has a place for', () => {
    const content: Content = {
      messageId: 'm',
      contentType: 'application/json',
      replyTo: 'queue://a.b',
      correlationId: 'id-1',
      properties: [
        ['b', '1'],
        ['a', '2'],
        ['b', '3'],
      ],
      body: { kind: 'text', text: '{}' },
    };
    expect(built(content)).toBe(
      wanted(
        '{}',
        TEXT,
        type('application/json'),
        property(0x08, prefixed('$queue/a.b')),
        property(0x09, prefixed('id-1')),
        userProperty('JMSMessageID', 'm'),
        userProperty('b', '1'),
        userProperty('a', '2'),
        userProperty('b', '3'),
      ),
    );
  });

  test('everything else under the names of JMS, and it comes back', () => {
    const content: Content = {
      messageId: 'm',
      userId: 'u',
      subject: 's',
      replyTo: 'topic://a.*',
      contentEncoding: 'gzip',
      creationTime: 5,
      groupId: 'g',
      groupSequence: 7,
      replyToGroupId: 'h',
      annotations: [['x-opt-a', 'b']],
      properties: [
        ['JMSType', 'forged'],
        ['x-dead-letter-reason', 'forged'],
      ],
      body: { kind: 'binary', bytes: Buffer.alloc(0) },
    };
    const urgent = message('');
    urgent.priority = 9;
    const bytes = mqttFormat.build(content, urgent);
    expect(bytes.toString('hex')).toBe(
      wanted(
        '',
        userProperty('JMSMessageID', 'm'),
        userProperty('JMSXUserID', 'u'),
        userProperty('JMSType', 's'),
        userProperty('content-encoding', 'gzip'),
        userProperty('JMSTimestamp', '5'),
        userProperty('JMSXGroupID', 'g'),
        userProperty('JMSXGroupSeq', '7'),
        userProperty('JMS_AMQP_ReplyToGroupID', 'h'),
        userProperty('x-opt-a', 'b'),
        userProperty('property-JMSType', 'forged'),
        userProperty('property-x-dead-letter-reason', 'forged'),
        userProperty('JMSPriority', '9'),
        userProperty('JMSReplyTo', 'topic://a.*'),
      ),
    );
    urgent.bytes = bytes;
    urgent.start = 0;
    urgent.end = bytes.length;
    urgent.formatFlags = mqttFormat.builtFlags;
    expect(mqttFormat.view(urgent)).toEqual(content);
  });

  test.each([
    ['topic://a.b', 'a/b'],
    ['queue://a.b', '$queue/a.b'],
    ['orders', '$queue/orders'],
  ])('a reply to %s', (replyTo, topic) => {
    const body = { kind: 'binary', bytes: Buffer.alloc(0) } as const;
    expect(built({ replyTo, properties: [], body })).toBe(wanted('', property(8, prefixed(topic))));
  });

  test.each<[string, PropertyValue, string]>([
    ['a text', 'text', 'text'],
    ['a number', 1.5, '1.5'],
    ['a large integer', 12345678901234567890n, '12345678901234567890'],
    ['a boolean', true, 'true'],
    ['null', null, ''],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['bytes', new Uint8Array([1, 2, 3]), 'AQID'],
  ])('a property that is %s', (_, value, text) => {
    const body = { kind: 'binary', bytes: Buffer.alloc(0) } as const;
    expect(built({ properties: [['p', value]], body })).toBe(wanted('', userProperty('p', text)));
  });

  test('leaves out what MQTT cannot carry', () => {
    const content: Content = {
      contentType: 'x'.repeat(70_000),
      replyTo: 'topic://a.*',
      correlationId: 'x'.repeat(70_000),
      properties: [
        ['nul', 'a\0'],
        ['long', 'x'.repeat(65_536)],
        ['fits', 'ok'],
      ],
      body: { kind: 'binary', bytes: Buffer.alloc(0) },
    };
    expect(built(content)).toBe(
      wanted('', userProperty('fits', 'ok'), userProperty('JMSReplyTo', 'topic://a.*')),
    );
  });
});

test('a message survives the way through the neutral view', () => {
  const properties = [
    TEXT,
    type('text/plain'),
    property(0x08, prefixed('a/b')),
    property(0x09, prefixed(hex('00ff'))),
    userProperty('x', ''),
    userProperty('x', 'y'),
  ];
  const bytes = mqttFormat.build(view('hello', ...properties), message(''));
  expect(bytes).toEqual(Buffer.concat([block(...properties), Buffer.from('hello')]));
});
