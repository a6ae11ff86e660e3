import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { RawAmqp } from '../../support/raw-amqp.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, type RawFrame } from '../../support/raw-amqp-frames.js';
import { encodeMessage, type RawMessage, text } from '../../support/raw-amqp-message.js';
import { type ReceivedMessage, receivedMessage } from '../../support/raw-amqp-sections.js';
import {
  binary,
  boolean,
  DescribedValue,
  described,
  EMPTY_LIST,
  encodeValue,
  list,
  map,
  NULL,
  Sym,
  smallUlong,
  string,
  symbol,
  symbols,
  timestamp,
  ubyte,
  uint,
  ulong,
  type Value,
} from '../../support/raw-amqp-values.js';

const fixture = useAmqpServer();
const { fill, name, session } = fixture;

const DECODE = 'amqp:decode-error';
const UUID = Buffer.concat([Buffer.of(0x98), Buffer.alloc(16, 7)]);
/** Descriptors of the sections. */
const CODE = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  sequence: 0x76,
  value: 0x77,
  footer: 0x78,
} as const;

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Receives the first message of a queue, whatever it takes. */
async function receive(queue: string): Promise<ReceivedMessage> {
  const client = await session();
  await client.attachReceiver(queue);
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
  const frames: RawFrame[] = [await client.expect('transfer')];
  while (frames.at(-1)!.more === true) frames.push(await client.expect('transfer'));
  return receivedMessage(Buffer.concat(frames.map(({ payload }) => payload)));
}

/** A message on its way through a queue. */
async function pass(message: Buffer): Promise<ReceivedMessage> {
  const queue = name('queue');
  await fill(queue, message);
  return receive(queue);
}

async function sender(queue = name('queue')): Promise<RawAmqp> {
  const client = await session();
  await client.attachSender(queue);
  return client;
}

/** What comes of a message that is sent unsettled. */
async function outcomeOf(message: Buffer): Promise<Record<string, unknown>> {
  const client = await sender();
  client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, message));
  const { state } = await client.expect('disposition', { first: 0, settled: true });
  await client.expectSilence();
  return state;
}

/** Everything that a bare message may have. */
const RICH: RawMessage = {
  properties: {
    messageId: 'id-1',
    userId: Buffer.concat([Buffer.of(0xa0, 4), Buffer.from('user')]),
    to: 'queue://to',
    subject: 'subject',
    replyTo: 'queue://answers',
    correlationId: smallUlong(7),
    contentType: new Sym('text/plain'),
    contentEncoding: new Sym('identity'),
    absoluteExpiryTime: new Date(4_000_000_000_000),
    creationTime: new Date(1),
    groupId: 'group',
    groupSequence: uint(4_000_000_000),
    replyToGroupId: 'others',
  },
  applicationProperties: { text: 'ä€😀', number: 7, nothing: null, time: new Date(0) },
  footer: { 'x-opt-crc': 12, 'x-opt-signed': true },
};

const BODIES: readonly (readonly [string, Partial<RawMessage>])[] = [
  ['3.2.6 one data section', { data: ['bytes \x00\xff'] }],
  ['3.2.6 an empty data section', { data: [''] }],
  ['3.2.6 several data sections', { data: ['one', '', 'three'] }],
  ['3.2.6 a large data section', { data: [Buffer.alloc(200_000, 1)] }],
  ['3.2.7 one sequence', { sequences: [[1, 'two', null]] }],
  ['3.2.7 an empty sequence', { sequences: [[]] }],
  ['3.2.7 several sequences', { sequences: [[1], [], ['two', [3]]] }],
  ['3.2.8 null', { value: null }],
  ['3.2.8 a string', { value: 'ä€😀' }],
  ['3.2.8 a boolean in two bytes', { value: Buffer.from('5601', 'hex') }],
  ['3.2.8 an array', { value: symbols('a', 'b') }],
  ['3.2.8 a map', { value: new Map<Value, Value>([['a', [1, new Map()]]]) }],
  ['3.2.8 a described value', { value: new DescribedValue('shop:order', ['x']) }],
  ['3.2.8 a decimal128', { value: Buffer.concat([Buffer.of(0x94), Buffer.alloc(16, 3)]) }],
  ['3.2.8 a char', { value: Buffer.from('730001f600', 'hex') }],
  ['3.2.8 a float', { value: Buffer.from('723fc00000', 'hex') }],
];

describe('a bare message', () => {
  test.each(BODIES)('3.2 with %s, and everything else, stays as it is', async (_, body) => {
    const messageAnnotations = { 'x-opt-own': 'kept', 'x-opt-list': [1, [2]] };
    for (const symbolic of [false, true]) {
      const bare = encodeMessage({ ...RICH, ...body, symbolic });
      const annotations = encodeMessage({ messageAnnotations, symbolic });
      const received = await pass(Buffer.concat([annotations, bare]));
      expect(hashOf(received.bare)).toBe(hashOf(bare));
      expect(received.annotations).toEqual(messageAnnotations);
    }
  });

  test.each(BODIES)('3.2 of %s alone stays as it is, also over a restart', async (_, body) => {
    const bare = encodeMessage(body);
    const queue = name('queue');
    await fill(queue, Buffer.concat([encodeMessage({ header: { durable: true } }), bare]));
    await fixture.server.restart();
    expect(hashOf((await receive(queue)).bare)).toBe(hashOf(bare));
  });

  test('3.2 stays as it is when it comes and goes in small frames', async () => {
    const bare = encodeMessage({ ...RICH, data: [Buffer.alloc(3000, 5)] });
    const queue = name('queue');
    const client = await sender(queue);
    for (let at = 0; at < bare.length; at += 100) {
      const more = at + 100 < bare.length;
      client.send(
        amqp.transfer({ deliveryId: 0, deliveryTag: 'a', more }, bare.subarray(at, at + 100)),
      );
    }
    await client.expect('disposition', { state: { kind: 'accepted' } });
    const small = await fixture.connect({ maxFrameSize: 512 });
    await small.begin();
    await small.attachReceiver(queue);
    small.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    const frames = [await small.expect('transfer')];
    while (frames.at(-1)!.more) frames.push(await small.expect('transfer'));
    const payload = Buffer.concat(frames.map((frame) => frame.payload));
    expect(hashOf(receivedMessage(payload).bare)).toBe(hashOf(bare));
  });

  test('3.2.4 of a durable message that failed is the same each time', async () => {
    const bare = encodeMessage({ ...RICH, value: 'again' });
    const queue = name('queue');
    await fill(queue, Buffer.concat([encodeMessage({ header: { durable: true } }), bare]));
    const client = await session();
    await client.attachReceiver(queue);
    for (let deliveryCount = 0; deliveryCount < 3; deliveryCount++) {
      client.send(amqp.flow({ handle: 0, deliveryCount, linkCredit: 1 }));
      const { payload, deliveryId: first } = await client.expect('transfer');
      expect(hashOf(receivedMessage(payload).bare)).toBe(hashOf(bare));
      const state = { kind: 'modified', deliveryFailed: true };
      client.send(amqp.disposition({ role: true, first, settled: true, state }));
    }
  });

  test('3.2.4 of a dead letter loses its expiry only, which is an annotation then', async () => {
    const absoluteExpiryTime = new Date(4_000_000_000_000);
    const queue = name('queue');
    const properties = { messageId: 'id', groupId: 'group' };
    await fill(
      queue,
      encodeMessage({ properties: { ...properties, absoluteExpiryTime }, value: 1 }),
    );
    const client = await session();
    await client.attachReceiver(queue);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    const { deliveryId: first } = await client.expect('transfer');
    client.send(amqp.disposition({ role: true, first, settled: true, state: 'rejected' }));
    await client.expectSilence();
    const letter = await receive('DLQ');
    expect(letter.annotations['x-opt-dead-letter-expiry']).toEqual(absoluteExpiryTime);
    // Encoded anew, but field by field what it was.
    const again = receivedMessage(
      Buffer.concat([encodeMessage({ header: {} }), letter.bare]),
    ).bare.toString('hex');
    expect(again).toContain(string('group').toString('hex'));
    expect(again).not.toContain(timestamp(absoluteExpiryTime.getTime()).toString('hex'));
    expect(letter.header[2]).toBeNull();
  });
});

describe('the header', () => {
  test('3.2.1 is that of the delivery, whether the message had one or not', async () => {
    const { header } = await pass(text('a'));
    expect(header).toEqual([false, 4, null, true]);
  });

  test.each([
    ['durable', { durable: true }, [true, 4, null, true]],
    ['priority', { priority: 9 }, [false, 9, null, true]],
    ['a priority above 9, which is 9', { priority: 200 }, [false, 9, null, true]],
    [
      'first-acquirer, which the server knows better',
      { firstAcquirer: false },
      [false, 4, null, true],
    ],
    ['delivery-count, which the server counts', { deliveryCount: 7 }, [false, 4, null, true]],
    ['a ttl of 0, for none', { ttl: 0 }, [false, 4, null, true]],
  ])('3.2.1 has %s', async (_, fields, expected) => {
    expect((await pass(text('a', fields))).header).toEqual(expected);
  });

  test('3.2.1 has what is left of the ttl', async () => {
    const queue = name('queue');
    await fill(queue, text('a', { ttl: 60_000 }));
    fixture.server.skip(20_000);
    const ttl = (await receive(queue)).header[2] as number;
    expect(ttl).toBeGreaterThan(30_000);
    expect(ttl).toBeLessThanOrEqual(40_000);
  });

  test.each([
    ['3.2.1 the ttl', 5000, 60_000],
    ['3.2.4 the absolute-expiry-time', 60_000, 5000],
  ])('%s counts when it is the earlier of both', async (_, ttl, absolute) => {
    const queue = name('queue');
    const absoluteExpiryTime = new Date(fixture.server.broker.clock.wallMs() + absolute);
    const body = { properties: { absoluteExpiryTime }, value: 'gone' };
    await fill(queue, encodeMessage({ header: { ttl }, ...body }), text('stays'));
    fixture.server.skip(6000);
    expect((await receive(queue)).bare).toEqual(text('stays'));
  });

  test('3.2.4 an absolute-expiry-time of 0 is never', async () => {
    const absoluteExpiryTime = new Date(0);
    const bare = encodeMessage({ properties: { absoluteExpiryTime }, value: 'stays' });
    expect((await pass(bare)).bare).toEqual(bare);
  });

  test('3.2.1 says that others may have had it, and how often that failed', async () => {
    const queue = name('queue');
    await fill(queue, text('a'));
    const first = await session();
    await first.attachReceiver(queue);
    first.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    await first.expect('transfer');
    await first.drop();
    expect((await receive(queue)).header).toEqual([false, 4, null, false, 1]);
  });
});

describe('annotations', () => {
  test('3.2.2 of the delivery end with it', async () => {
    const received = await pass(
      encodeMessage({ deliveryAnnotations: { 'x-opt-hop': 1 }, value: 'a' }),
    );
    expect(received.deliveryAnnotations).toBeNull();
    expect(received.bare).toEqual(text('a'));
  });

  test('3.2.3 3.2.10 of the message go with it, under symbols and numbers, with x-opt- or not', async () => {
    const annotations = map(symbol('plain'), uint(1), smallUlong(5), NULL, ulong(300), list());
    const section = described(CODE.messageAnnotations, annotations);
    const queue = name('queue');
    await fill(queue, Buffer.concat([section, text('a')]));
    const client = await session();
    await client.attachReceiver(queue);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    const { payload } = await client.expect('transfer');
    expect(payload.subarray(-text('a').length - section.length)).toEqual(
      Buffer.concat([section, text('a')]),
    );
  });
});

describe('identifiers', () => {
  test.each([
    ['3.2.11 a ulong', ulong(2n ** 63n)],
    ['3.2.11 a small ulong', smallUlong(9)],
    ['3.2.12 a uuid', UUID],
    ['3.2.13 binary', binary('\x00\xff')],
    ['3.2.14 a string', string('ID:1')],
  ])('may be %s', async (_, id) => {
    const bare = encodeMessage({ properties: { messageId: id, correlationId: id }, value: 1 });
    expect((await pass(bare)).bare).toEqual(bare);
  });

  test.each([
    ['a symbol', symbol('a')],
    ['a uint', uint(1)],
    ['a list', EMPTY_LIST],
  ])('3.2.4 are not %s', async (_, id) => {
    for (const properties of [{ messageId: id }, { correlationId: id }]) {
      const state = await outcomeOf(encodeMessage({ properties, value: 1 }));
      expect(state).toMatchObject({ kind: 'rejected', error: { condition: DECODE } });
    }
  });

  test('3.2.15 addresses are strings', async () => {
    for (const field of ['to', 'replyTo'] as const) {
      const kept = encodeMessage({ properties: { [field]: 'queue://a b/ä' }, value: 1 });
      expect((await pass(kept)).bare).toEqual(kept);
      const state = await outcomeOf(
        encodeMessage({ properties: { [field]: symbol('a') }, value: 1 }),
      );
      expect(state).toMatchObject({ kind: 'rejected', error: { condition: DECODE } });
    }
  });
});

/** Sections that are no message in this order, or not at all. */
const SECTIONS: readonly (readonly [string, readonly Buffer[]])[] = [
  [
    '3.2 a header behind another section',
    [section('properties', EMPTY_LIST), section('header', EMPTY_LIST)],
  ],
  ['3.2 two headers', [section('header', EMPTY_LIST), section('header', EMPTY_LIST)]],
  ['3.2 two properties', [section('properties', EMPTY_LIST), section('properties', EMPTY_LIST)]],
  [
    '3.2 annotations of the delivery behind those of the message',
    [section('messageAnnotations', map()), section('deliveryAnnotations', map())],
  ],
  [
    '3.2 properties behind application properties',
    [section('applicationProperties', map()), section('properties', EMPTY_LIST)],
  ],
  ['3.2 a footer before the body', [section('footer', map()), section('data', binary('a'))]],
  [
    '3.2 two footers',
    [section('data', binary('a')), section('footer', map()), section('footer', map())],
  ],
  ['3.2.8 two values', [section('value', NULL), section('value', NULL)]],
  ['3.2 data and a sequence', [section('data', binary('a')), section('sequence', EMPTY_LIST)]],
  ['3.2 a sequence and a value', [section('sequence', EMPTY_LIST), section('value', NULL)]],
  ['3.2 a section that nobody knows', [described(0x79, map())]],
  ['3.2 a section of another domain', [described(0x0000_0001_0000_0075, binary('a'))]],
  ['3.2 a section with an unknown symbol', [described('shop:section:map', map())]],
  ['3.2 something that is not described', [encodeValue('a')]],
  ['3.2 a performative', [described(0x14, EMPTY_LIST)]],
  ['3.2.1 a header that is a map', [section('header', map())]],
  ['3.2.1 a header whose fields have other types', [section('header', list(ubyte(1)))]],
  ['3.2.1 a priority that is a uint', [section('header', list(boolean(true), uint(4)))]],
  ['3.2.2 delivery annotations that are a list', [section('deliveryAnnotations', EMPTY_LIST)]],
  ['3.2.3 message annotations that are a list', [section('messageAnnotations', EMPTY_LIST)]],
  ['3.2.10 annotations under strings', [section('messageAnnotations', map(string('a'), NULL))]],
  ['3.2.10 annotations under null', [section('messageAnnotations', map(NULL, NULL))]],
  ['3.2.3 an annotation without a value', [section('messageAnnotations', map(symbol('a')))]],
  ['3.2.4 properties that are a map', [section('properties', map())]],
  ['3.2.4 a user-id that is a string', [section('properties', list(NULL, string('a')))]],
  [
    '3.2.4 a subject that is a symbol',
    [section('properties', list(NULL, NULL, NULL, symbol('a')))],
  ],
  [
    '3.2.4 a content-type that is a string',
    [section('properties', list(NULL, NULL, NULL, NULL, NULL, NULL, string('a')))],
  ],
  [
    '3.2.4 more properties than there are',
    [section('properties', list(...Array.from({ length: 14 }, () => NULL)))],
  ],
  ['3.2.5 application properties that are a list', [section('applicationProperties', EMPTY_LIST)]],
  [
    '3.2.5 an application property under a symbol',
    [section('applicationProperties', map(symbol('a'), NULL))],
  ],
  ['3.2.5 an application property under null', [section('applicationProperties', map(NULL, NULL))]],
  [
    '3.2.5 an application property without a value',
    [section('applicationProperties', map(string('a')))],
  ],
  [
    '3.2.5 an application property that is no UTF-8',
    [section('applicationProperties', map(string('a'), Buffer.from('a102c328', 'hex')))],
  ],
  ['3.2.6 data that is a string', [section('data', string('a'))]],
  ['3.2.7 a sequence that is a map', [section('sequence', map())]],
  [
    '3.2.7 a sequence of fewer items than it claims',
    [section('sequence', Buffer.from('c0020240', 'hex'))],
  ],
  ['3.2.8 a map without the value of a key', [section('value', map(string('a')))]],
  ['3.2.8 a value of a type that nobody knows', [section('value', Buffer.of(0x4f))]],
  ['3.2.9 a footer that is a list', [section('data', binary('a')), section('footer', EMPTY_LIST)]],
  [
    '3.2.9 a footer under strings',
    [section('data', binary('a')), section('footer', map(string('a'), NULL))],
  ],
];

function section(name: keyof typeof CODE, value: Buffer): Buffer {
  return described(CODE[name], value);
}

describe('what is no message', () => {
  test.each(SECTIONS)('%s is rejected', async (_, sections) => {
    const state = await outcomeOf(Buffer.concat(sections));
    expect(state).toMatchObject({ kind: 'rejected', error: { condition: DECODE } });
  });

  test('3.2 one that is sent settled ends its link', async () => {
    const queue = name('queue');
    const client = await sender(queue);
    const wrong = section('applicationProperties', map(symbol('a'), NULL));
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a', settled: true }, wrong));
    await client.expectDetach(DECODE);
    await fill(queue, text('next'));
    expect((await receive(queue)).bare).toEqual(text('next'));
  });

  test('3.2.16 a message-format other than 0 is not implemented', async () => {
    const client = await sender();
    const fields = { deliveryId: 0, deliveryTag: 'a', messageFormat: 1 };
    client.send(amqp.transfer(fields, text('a')));
    const error = { condition: 'amqp:not-implemented' };
    await client.expect('disposition', { state: { kind: 'rejected', error } });
  });
});

describe('what is taken although the standard does not have it', () => {
  test('3.2.5 an application property that is not simple', async () => {
    const bare = encodeMessage({ applicationProperties: { list: [1, [2]] }, value: 1 });
    expect((await pass(bare)).bare).toEqual(bare);
  });

  test('3.2 a message without a body, and one without anything', async () => {
    const bare = encodeMessage({ properties: { subject: 'empty' } });
    expect((await pass(bare)).bare).toEqual(bare);
    expect((await pass(Buffer.alloc(0))).bare).toEqual(Buffer.alloc(0));
  });
});
