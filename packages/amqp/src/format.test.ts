import { AddressBook, type Content, FORMAT_IDS, Message, type PropertyValue } from '@causeway/core';
import { WireError } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { MessageLayout, readLayout } from './codec/message-sections.js';
import { AmqpSymbol, type AmqpValue, Described, Uuid } from './codec/value.js';
import { amqpFormat } from './format.js';
import { HAS_MESSAGE_ANNOTATIONS, USER_VERIFIED } from './stored-form.js';
import { hex } from './testing/amqp-frames.js';
import { encodeMessage, type MessageSections } from './testing/amqp-messages.js';

const addresses = new AddressBook();

function stored(bytes: Buffer, uri = 'queue://orders', flags = USER_VERIFIED): Message {
  const { amqp } = FORMAT_IDS;
  const message = new Message(addresses.parse(uri), amqp, true, bytes, 0, bytes.length, false);
  message.formatFlags = flags;
  message.id = 12;
  message.timestamp = 1_700_000_000_000;
  return message;
}

const view = (sections: MessageSections) => amqpFormat.view(stored(encodeMessage(sections)));
const bodyOf = (sections: MessageSections) => view(sections).body;
const symbol = (text: string) => new AmqpSymbol(text);

/** What comes back when built content is read again. */
function again(content: Content, uri?: string): Content {
  const original = stored(Buffer.alloc(0), uri);
  return amqpFormat.view(stored(amqpFormat.build(content, original)));
}

/** The sections that are built, by name. */
function built(content: Content, uri?: string) {
  const bytes = amqpFormat.build(content, stored(Buffer.alloc(0), uri));
  const layout = new MessageLayout();
  readLayout(bytes, 0, bytes.length, layout);
  return { bytes, layout, hex: bytes.toString('hex') };
}

const EMPTY: Content = { properties: [], body: { kind: 'text', text: '' } };

describe('the view', () => {
  test('3.2.4 knows the properties', () => {
    const properties = [
      'id-1',
      Buffer.from('shop'),
      'queue://orders',
      'order',
      'topic://replies',
      'c1',
      symbol('application/json'),
      symbol('gzip'),
      new Date(9000),
      new Date(1_700_000_000_001),
      'group',
      3,
      'reply group',
    ];
    const sections = encodeMessage({ properties, value: 1 });
    // Somebody else's name is no more than a property.
    expect(amqpFormat.view(stored(sections, 'queue://orders', 0)).properties).toEqual([
      ['JMSXUserID', 'shop'],
    ]);
    expect(amqpFormat.view(stored(sections))).toEqual({
      messageId: 'id-1',
      userId: 'shop',
      subject: 'order',
      replyTo: 'topic://replies',
      correlationId: 'c1',
      contentType: 'application/json',
      contentEncoding: 'gzip',
      creationTime: 1_700_000_000_001,
      groupId: 'group',
      groupSequence: 3,
      replyToGroupId: 'reply group',
      properties: [],
      body: { kind: 'value', value: 1 },
    });
  });

  test('leaves out what is not there, or of another type', () => {
    const properties = [true, 'text', null, 1, '', true, 1, 2, 3, 4, 5, 'six', 7];
    const content = { properties: [], body: { kind: 'value', value: null } };
    expect(view({ properties, value: null })).toEqual(content);
    expect(view({ value: null })).toEqual(content);
    expect(view({ properties: [null, hex('ff')], value: null })).toEqual(content);
  });

  test('ignores sections that are wrong inside', () => {
    const wrong = hex('00 53 72 c1 03 02 ff ff 00 53 73 c0 02 01 ff 00 53 74 c1 02 01 40');
    const bytes = Buffer.concat([wrong, encodeMessage({ value: 'body' })]);
    expect(amqpFormat.view(stored(bytes))).toEqual({
      properties: [],
      body: { kind: 'text', text: 'body' },
    });
  });

  test('3.2.5 keeps the application properties in their order, with their types', () => {
    const date = new Date(5);
    const applicationProperties = {
      text: 'a',
      number: 1.5,
      large: 2n ** 60n,
      truth: true,
      nothing: null,
      bytes: hex('01'),
      date,
      symbol: symbol('s'),
      uuid: new Uuid('00112233-4455-6677-8899-aabbccddeeff'),
      described: new Described('d', 1),
      list: [1, [null, 'x']],
      map: new Map<AmqpValue, AmqpValue>([[symbol('k'), 2n ** 60n]]),
    };
    expect(view({ applicationProperties, value: null }).properties).toEqual([
      ['text', 'a'],
      ['number', 1.5],
      ['large', 2n ** 60n],
      ['truth', true],
      ['nothing', null],
      ['bytes', hex('01')],
      ['date', date],
      ['symbol', 's'],
      ['uuid', '00112233-4455-6677-8899-aabbccddeeff'],
      ['described', 1],
      ['list', '[1,[null,"x"]]'],
      ['map', `{"k":${2n ** 60n}}`],
    ]);
  });

  test('3.2.3 has the message annotations that are not for AMQP alone', () => {
    const messageAnnotations = {
      'x-opt-jms-msg-type': 5,
      'x-opt-jms-dest': 0,
      'x-opt-delivery-time': 7,
      'x-opt-mine': 'a',
      other: 2,
    };
    expect(view({ messageAnnotations, value: '' }).annotations).toEqual([
      ['x-opt-mine', 'a'],
      ['other', 2],
    ]);
  });

  test.each<[name: string, value: AmqpValue, id: string]>([
    ['3.2.14 a string', 'id', 'id'],
    ['3.2.13 a binary', hex('00 ff'), 'ID:AMQP_BINARY:00FF'],
    ['3.2.11 a ulong', 7, 'ID:AMQP_ULONG:7'],
    ['3.2.11 a large ulong', 2n ** 64n - 1n, `ID:AMQP_ULONG:${2n ** 64n - 1n}`],
    [
      '3.2.12 a uuid',
      new Uuid('00112233-4455-6677-8899-aabbccddeeff'),
      'ID:AMQP_UUID:00112233-4455-6677-8899-aabbccddeeff',
    ],
  ])('has an id as JMS writes it: %s', (_, value, id) => {
    const content = view({ properties: [value, null, null, null, null, value], value: null });
    expect(content.messageId).toBe(id);
    expect(content.correlationId).toEqual(Buffer.isBuffer(value) ? value : id);
  });

  test.each([
    ['queue://a', undefined, 'queue://a'],
    ['topic://a', 0, 'topic://a'],
    ['temp-queue://temporary.1', undefined, 'queue://temporary.1'],
    ['temp-topic://temporary.1', undefined, 'topic://temporary.1'],
    ['a', undefined, 'queue://a'],
    ['a', 0, 'queue://a'],
    ['a', 1, 'topic://a'],
    ['a', 2, 'queue://a'],
    ['a', 3, 'topic://a'],
    ['queue://', undefined, undefined],
  ])('has a reply-to of %s, annotated %s', (address, type, uri) => {
    const messageAnnotations = type === undefined ? {} : { 'x-opt-jms-reply-to': type };
    const properties = [null, null, null, null, address];
    expect(view({ messageAnnotations, properties, value: null }).replyTo).toBe(uri);
  });
});

describe('the view of a body', () => {
  const typed = (contentType: string, contentEncoding: AmqpValue = null) => ({
    properties: [null, null, null, null, null, null, symbol(contentType), contentEncoding],
  });

  test.each<[name: string, sections: MessageSections, body: unknown]>([
    ['3.2.8 a string', { value: 'grün' }, { kind: 'text', text: 'grün' }],
    ['3.2.8 a symbol', { value: symbol('s') }, { kind: 'text', text: 's' }],
    ['3.2.8 a binary', { value: hex('01') }, { kind: 'binary', bytes: hex('01') }],
    ['3.2.8 null', { value: null }, { kind: 'value', value: null }],
    ['3.2.8 a list', { value: [1, ['a', null]] }, { kind: 'value', value: [1, ['a', null]] }],
    [
      '3.2.8 a map',
      { value: new Map<AmqpValue, AmqpValue>([[symbol('a'), [symbol('b'), 1]]]) },
      { kind: 'value', value: new Map([['a', ['b', 1]]]) },
    ],
    ['3.2.8 a described text', { value: new Described('d', 'x') }, { kind: 'text', text: 'x' }],
    [
      '3.2.7 sequences',
      { sequences: [[1, 2], [], ['a']] },
      { kind: 'sequence', items: [1, 2, 'a'] },
    ],
    ['3.2.6 data', { data: [hex('01')] }, { kind: 'binary', bytes: hex('01') }],
    [
      '3.2.6 several data',
      { data: ['a', '', 'bc'] },
      { kind: 'binary', bytes: Buffer.from('abc') },
    ],
    ['3.2.6 text', { ...typed('text/plain'), data: ['grün'] }, { kind: 'text', text: 'grün' }],
    [
      '3.2.6 text in several data',
      { ...typed('application/json; charset="UTF-8"'), data: ['{', '}'] },
      { kind: 'text', text: '{}' },
    ],
    [
      '3.2.6 text that is not UTF-8',
      { ...typed('text/plain'), data: [hex('ff')] },
      { kind: 'binary', bytes: hex('ff') },
    ],
    [
      '3.2.6 text in another charset',
      { ...typed('text/plain; charset=utf-16'), data: ['a'] },
      { kind: 'binary', bytes: Buffer.from('a') },
    ],
    [
      '3.2.6 compressed text',
      { ...typed('text/plain', symbol('gzip')), data: ['a'] },
      { kind: 'binary', bytes: Buffer.from('a') },
    ],
    ['none', { properties: [] }, { kind: 'binary', bytes: Buffer.alloc(0) }],
    ['none of a text', { ...typed('text/plain') }, { kind: 'text', text: '' }],
    [
      'none of a text message of JMS',
      { messageAnnotations: { 'x-opt-jms-msg-type': 5 } },
      { kind: 'text', text: '' },
    ],
  ])('%s', (_, sections, body) => {
    expect(bodyOf(sections)).toEqual(body);
  });

  test('that cannot be read is its bytes', () => {
    const bytes = hex('00 53 77 a1 01 ff');
    expect(amqpFormat.view(stored(bytes)).body).toEqual({ kind: 'binary', bytes });
  });
});

test('a footer stays with the bytes, and is nothing to other protocols', () => {
  const bytes = encodeMessage({ value: 'x', footer: { d: 4 } });
  const layout = new MessageLayout();
  readLayout(bytes, 0, bytes.length, layout);
  expect([layout.bareStart, layout.footer > 0]).toEqual([0, true]);
  expect(amqpFormat.view(stored(bytes))).toEqual({
    properties: [],
    body: { kind: 'text', text: 'x' },
  });
});

describe('what is built', () => {
  const FULL: Content = {
    messageId: 'id-1',
    userId: 'shöp',
    subject: 'order',
    replyTo: 'queue://replies',
    correlationId: hex('00 ff'),
    contentType: 'text/plain',
    contentEncoding: 'identity',
    creationTime: 1_700_000_000_001,
    groupId: 'group',
    groupSequence: 4_294_967_295,
    replyToGroupId: 'reply group',
    annotations: [['x-opt-mine', 1]],
    properties: [
      ['a', 'text'],
      ['b', 1.5],
      ['c', null],
      ['d', true],
      ['e', hex('01')],
      ['f', new Date(7)],
      ['g', 2n ** 63n],
    ],
    body: { kind: 'text', text: 'grün' },
  };

  test('comes back', () => {
    expect(again(FULL)).toEqual(FULL);
  });

  test.each<Content['body']>([
    { kind: 'text', text: '' },
    { kind: 'binary', bytes: Buffer.alloc(300, 7) },
    { kind: 'value', value: null },
    { kind: 'value', value: 12 },
    { kind: 'value', value: [1, null] },
    { kind: 'value', value: new Map([['a', ['b']]]) },
    { kind: 'sequence', items: [1, 'two', [3]] },
    { kind: 'sequence', items: [] },
  ])('comes back with the body %j', (body) => {
    expect(again({ properties: [], body }).body).toEqual(body);
  });

  test('begins with annotations, as its flags say', () => {
    expect(amqpFormat.builtFlags).toBe(HAS_MESSAGE_ANNOTATIONS | USER_VERIFIED);
    expect(built(EMPTY)).toMatchObject({ layout: { bareStart: 0, messageAnnotations: 3 } });
    expect(built(EMPTY).hex.startsWith('005372')).toBe(true);
  });

  test('says when and by which id the broker took the message, if the sender did not', () => {
    expect(again(EMPTY)).toMatchObject({
      messageId: 'causeway:12',
      creationTime: 1_700_000_000_000,
    });
  });

  test('says where the message went, and when it expires', () => {
    const message = stored(Buffer.alloc(0), 'topic://news');
    message.expiresAt = 1_700_000_009_000;
    const bytes = amqpFormat.build(EMPTY, message).toString('hex');
    expect(bytes).toContain(`a10c${Buffer.from('topic://news').toString('hex')}`);
    expect(bytes).toContain(`83${(1_700_000_009_000).toString(16).padStart(16, '0')}`);
  });

  test.each([
    ['ID:AMQP_BINARY:00FF', 'a00200ff'],
    ['ID:AMQP_BINARY:0', 'a110'],
    ['ID:AMQP_ULONG:255', '53ff'],
    [`ID:AMQP_ULONG:${2n ** 64n - 1n}`, '80ffffffffffffffff'],
    [`ID:AMQP_ULONG:${2n ** 64n}`, 'a122'],
    ['ID:AMQP_UUID:00112233-4455-6677-8899-aabbccddeeff', '9800112233445566778899aabbccddeeff'],
    ['ID:AMQP_UUID:0011', 'a111'],
    ['plain', 'a105706c61696e'],
  ])('has the id %s in its own type', (id, encoded) => {
    const { bytes, layout } = built({ ...EMPTY, messageId: id, correlationId: id });
    const start = layout.properties + 9;
    expect(bytes.toString('hex', start, start + encoded.length / 2)).toBe(encoded);
    expect(again({ ...EMPTY, messageId: id }).messageId).toBe(id);
  });

  test.each<[kind: string, body: Content['body'], type: string]>([
    ['text', { kind: 'text', text: 'a' }, '05'],
    ['bytes', { kind: 'binary', bytes: hex('01') }, '03'],
    ['map', { kind: 'value', value: new Map([['a', 1]]) }, '02'],
    ['no map of JMS', { kind: 'value', value: new Map([[1, 1]]) }, '00'],
    ['stream', { kind: 'value', value: [1] }, '04'],
    ['stream', { kind: 'sequence', items: [1] }, '04'],
    ['message', { kind: 'value', value: 1 }, '00'],
  ])('says that it is a %s', (_, body, type) => {
    const name = Buffer.from('x-opt-jms-msg-type').toString('hex');
    expect(built({ properties: [], body }).hex).toContain(`${name}51${type}`);
  });

  test.each([
    ['queue://a', '00'],
    ['topic://a', '01'],
    ['queue://temporary.1', '02'],
    ['topic://temporary.1', '03'],
  ])('says what kind of destination %s is', (uri, type) => {
    const annotation = (name: string) => Buffer.from(name).toString('hex');
    const bytes = built({ ...EMPTY, replyTo: uri }, uri).hex;
    expect(bytes).toContain(`${annotation('x-opt-jms-dest')}51${type}`);
    expect(bytes).toContain(`${annotation('x-opt-jms-reply-to')}51${type}`);
    expect(built(EMPTY, uri).hex).not.toContain(annotation('x-opt-jms-reply-to'));
  });

  test('has the first of repeated names', () => {
    const twice = (value: PropertyValue): (readonly [string, PropertyValue])[] => [
      ['a', value],
      ['a', 2],
    ];
    const content = again({ ...EMPTY, properties: twice(1), annotations: twice(3) });
    expect(content).toMatchObject({ properties: [['a', 1]], annotations: [['a', 3]] });
  });

  test('leaves out what AMQP cannot carry, and what is for the broker to say', () => {
    const content: Content = {
      ...EMPTY,
      contentType: 'text/plän',
      groupSequence: -1,
      annotations: [
        ['x-opt-jms-dest', 7],
        ['x-opt-dead-letter-reason', 'forged'],
        ['ü', 1],
      ],
      properties: [['date', new Date(Number.NaN)]],
    };
    const read = again(content);
    expect(read.annotations).toBeUndefined();
    expect(read).not.toHaveProperty('contentType');
    expect(read).not.toHaveProperty('groupSequence');
    expect(read.properties).toEqual([['date', null]]);
  });
});

test('whatever has sections has a view', () => {
  const random = new SeededRandom(9);
  const original = encodeMessage({
    messageAnnotations: { 'x-opt-jms-reply-to': 1, a: [1] },
    properties: [
      'id',
      hex('61'),
      'to',
      's',
      'topic://r',
      5,
      symbol('text/plain'),
      null,
      new Date(1),
    ],
    applicationProperties: { a: 1, b: [1, 2], c: new Described(1, 'x') },
    value: new Map<AmqpValue, AmqpValue>([['k', [symbol('v'), new Date(5), 1.5]]]),
  });
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(original);
    for (let count = random.between(1, 4); count > 0; count--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    try {
      readLayout(bytes, 0, bytes.length, new MessageLayout());
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
      continue;
    }
    const content = amqpFormat.view(stored(bytes));
    expect(again(content).properties.length).toBeLessThanOrEqual(content.properties.length);
  }
});
