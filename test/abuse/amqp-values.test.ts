import { afterEach, describe, expect, test } from 'vitest';
import type { RawAmqp } from '../support/raw-amqp.js';
import type { CompositeName } from '../support/raw-amqp-composites.js';
import { useAmqpServer } from '../support/raw-amqp-fixture.js';
import { amqp, rawFrame, rawPerformative } from '../support/raw-amqp-frames.js';
import { encodeMessage, text } from '../support/raw-amqp-message.js';
import {
  binary,
  boolean,
  DescribedValue,
  described,
  list,
  map,
  NULL,
  string,
  symbol,
  ubyte,
  uint,
  type Value,
} from '../support/raw-amqp-values.js';
import { RawMqtt } from '../support/raw-mqtt.js';
import { useBystander } from './amqp-bystander.js';
import { RawStomp } from './raw-stomp.js';

const SELECTOR_BYTES_MAX = 8192;
const fixture = useAmqpServer({ limits: { selectorBytesMax: SELECTOR_BYTES_MAX } });
useBystander(fixture);
const { name, session } = fixture;

const others: { destroy(): void }[] = [];
afterEach(() => {
  for (const other of others.splice(0)) other.destroy();
});

const DECODE = 'amqp:decode-error';
const SELECTOR = 0x468c00000004;
const hex = (digits: string) => Buffer.from(digits, 'hex');

/** Values that claim more than they have, or are as deep or as many as a frame can hold. */
const MONSTERS: readonly (readonly [string, Buffer])[] = [
  ['an array of 2^32 nulls', hex('f000000005ffffffff40')],
  ['an array of 2^32 empty lists', hex('f000000005ffffffff45')],
  ['an array of 2^32 described nulls', hex('f000000008ffffffff00530140')],
  ['a list of 2^32 items', hex('d000000004ffffffff')],
  ['a map of 2^32 items', hex('d100000004ffffffff')],
  ['a list of 4 GiB', hex('d0ffffffff00000001')],
  ['a string of 4 GiB', hex('b1ffffffff')],
  ['a symbol of 4 GiB', hex('b3ffffffff')],
  ['a binary of 4 GiB', hex('b0ffffffff')],
  ['lists in lists', nested(10_000)],
  ['descriptions of descriptions', Buffer.alloc(50_000)],
  ['arrays in arrays', nestedArrays(2000)],
  ['an array of 1,025 nulls, again and again', repeated(hex('f0000000050000040140'), 2000)],
  ['a hundred thousand empty maps', repeated(hex('c10100'), 80_000)],
  ['no value', hex('3f')],
];

/** Lists of one item in one another. */
function nested(depth: number): Buffer {
  const head = Buffer.alloc(9 * depth);
  for (let level = 0; level < depth; level++) {
    head[9 * level] = 0xd0;
    head.writeUInt32BE(9 * (depth - level - 1) + 5, 9 * level + 1);
    head.writeUInt32BE(1, 9 * level + 5);
  }
  return Buffer.concat([head, NULL]);
}

/** Arrays of one array each. */
function nestedArrays(depth: number): Buffer {
  const bytes = Buffer.alloc(9 * depth + 1);
  for (let level = 0; level < depth; level++) {
    bytes[9 * level] = 0xf0;
    bytes.writeUInt32BE(9 * (depth - level - 1) + 5, 9 * level + 1);
    bytes.writeUInt32BE(1, 9 * level + 5);
  }
  bytes[9 * depth] = 0x40;
  return bytes;
}

function repeated(value: Buffer, count: number): Buffer {
  return list(...Array<Buffer>(count).fill(value));
}

/** Frames in which a value of any type may stand somewhere. */
const PLACES: readonly (readonly [string, CompositeName, (value: Buffer) => Buffer])[] = [
  ['the properties of an attach', 'attach', (value) => list(...attach(), NULL, NULL, value)],
  ['the unsettled map of an attach', 'attach', (value) => list(...attach().slice(0, 7), value)],
  ['the filter of a source', 'attach', (value) => list(...attachFrom(source(value)))],
  ['the properties of a dynamic node', 'attach', (value) => list(...attachFrom(dynamic(value)))],
  ['the properties of a flow', 'flow', (value) => list(...flow(), value)],
  ['the state of a transfer', 'transfer', (value) => list(...transfer(), value)],
  ['the state of a disposition', 'disposition', (value) => list(...disposition(), value)],
  ['the error of a detach', 'detach', (value) => list(uint(0), boolean(true), value)],
  ['the info of an error', 'end', (value) => list(error(value))],
  [
    'the annotations of an outcome',
    'disposition',
    (value) => list(...disposition(), modified(value)),
  ],
  ['all the fields of a flow', 'flow', (value) => value],
];

function attach(): Buffer[] {
  const target = described(0x29, list(string('q')));
  return [
    string('n'),
    uint(0),
    boolean(false),
    NULL,
    NULL,
    NULL,
    target,
    NULL,
    NULL,
    uint(0),
    NULL,
  ];
}

function attachFrom(terminus: Buffer): Buffer[] {
  return [string('n'), uint(0), boolean(true), NULL, NULL, terminus, NULL];
}

function source(filter: Buffer): Buffer {
  return described(0x28, list(string('q'), NULL, NULL, NULL, NULL, NULL, NULL, filter));
}

function dynamic(properties: Buffer): Buffer {
  return described(0x28, list(NULL, NULL, NULL, NULL, boolean(true), properties));
}

function flow(): Buffer[] {
  return [uint(0), uint(10), uint(0), uint(10), NULL, NULL, NULL, NULL, NULL, NULL];
}

function transfer(): Buffer[] {
  return [uint(0), uint(0), binary('t'), uint(0), boolean(false), boolean(false), NULL];
}

function disposition(): Buffer[] {
  return [boolean(true), uint(0), uint(0), boolean(true)];
}

function error(info: Buffer): Buffer {
  return described(0x1d, list(symbol('a:b'), NULL, info));
}

function modified(annotations: Buffer): Buffer {
  return described(0x27, list(NULL, NULL, annotations));
}

describe.each(MONSTERS)('%s', (_, monster) => {
  test.each(PLACES)('is undecodable as %s', async (_place, kind, fields) => {
    const client = await session();
    if (kind === 'transfer') await client.attachSender(name('queue'));
    client.send(rawPerformative(kind, fields(monster)));
    await client.expectClose(DECODE);
  });

  test('is undecodable instead of a performative', async () => {
    const client = await session();
    client.send(rawFrame(monster));
    await client.expectClose(DECODE);
  });
});

/** Where a value of any type may stand in a message. */
const SECTIONS: readonly (readonly [string, (value: Buffer) => Buffer])[] = [
  ['the header', (value) => described(0x70, value)],
  ['a field of the header', (value) => described(0x70, list(boolean(true), value))],
  ['the delivery annotations', (value) => described(0x71, value)],
  ['the message annotations', (value) => described(0x72, value)],
  ['a delay', (value) => described(0x72, map(symbol('x-opt-delivery-delay'), value))],
  ['the properties', (value) => described(0x73, value)],
  ['the message-id', (value) => described(0x73, list(value))],
  ['the reply-to', (value) => described(0x73, list(NULL, NULL, NULL, NULL, value))],
  ['the application properties', (value) => described(0x74, value)],
  ['an application property', (value) => described(0x74, map(string('a'), value))],
  ['the name of a property', (value) => described(0x74, map(value, string('a')))],
  ['a data section', (value) => described(0x75, value)],
  ['a sequence', (value) => described(0x76, list(value))],
  ['a value', (value) => described(0x77, value)],
  ['the footer', (value) => Buffer.concat([described(0x77, NULL), described(0x78, value)])],
];

test.each(SECTIONS)('%s of a message may be anything, and harms nobody', async (_, section) => {
  const topic = name('topic');
  const readers = await subscribe(topic);
  const sender = await session();
  await sender.attachSender(`topic://${topic}`);
  for (const [id, [, monster]] of MONSTERS.entries()) {
    const bytes = section(monster);
    const rest = bytes[2]! >= 0x75 ? [] : [described(0x77, string('odd'))];
    const sent = Buffer.concat([bytes, ...rest]);
    sender.send(amqp.transfer({ deliveryId: id, deliveryTag: `${id}` }, sent));
    // What need not be read to be passed on is passed on.
    const { state } = await sender.expect('disposition', { first: id, settled: true });
    if (state.kind === 'accepted') continue;
    expect(state).toMatchObject({ kind: 'rejected', error: { condition: DECODE } });
  }
  sender.send(amqp.transfer({ deliveryId: MONSTERS.length, deliveryTag: 'good' }, good));
  await sender.expect('disposition', { state: { kind: 'accepted' } });
  for (const read of readers) await read();
});

/** Something that everybody can read, and selects. */
const good = encodeMessage({ applicationProperties: { good: 'yes' }, value: 'a good one' });

/** Subscribers of every kind; each can be asked whether it gets the good message. */
async function subscribe(topic: string): Promise<(() => Promise<void>)[]> {
  const { server } = fixture;
  const stomp = await RawStomp.login(server.stompPort);
  const mqtt = await RawMqtt.open(server.mqttPort);
  others.push(stomp, mqtt);
  stomp.send(`SUBSCRIBE\nid:1\ndestination:/topic/${topic}\n\n^`);
  await stomp.handled();
  await mqtt.login({ clientId: name('mqtt') });
  await mqtt.subscribe(topic);
  const plain = await subscriber(topic, {});
  const selective = await subscriber(topic, {
    selector: new DescribedValue(
      SELECTOR,
      "a = 1 OR x = 'y' OR JMSMessageID = 'z' OR good = 'yes'",
    ),
  });
  return [
    () => stomp.until(() => stomp.text.includes('a good one')),
    () => getsGoodAs(mqtt),
    () => getsGood(plain),
    () => getsGood(selective),
  ];
}

async function subscriber(topic: string, filter: Record<string, Value>): Promise<RawAmqp> {
  const client = await session();
  const address = `topic://${topic}`;
  await client.attachReceiver(address, { source: { address, filter } });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 100 }));
  await client.expectSilence();
  return client;
}

async function getsGood(client: RawAmqp): Promise<void> {
  let parts = Buffer.alloc(0);
  while (!parts.includes('a good one')) {
    const { payload } = await client.expect('transfer');
    parts = Buffer.concat([parts, payload]);
  }
}

async function getsGoodAs(mqtt: RawMqtt): Promise<void> {
  let packet = await mqtt.expect('publish');
  while (packet.payload !== 'a good one') packet = await mqtt.expect('publish');
}

describe('a selector', () => {
  test.each([
    ['of many brackets', `${'('.repeat(4000)}a${')'.repeat(4000)}`],
    ['of many negations', `${'NOT '.repeat(2000)}a`],
    ['of many signs', `a = ${'- '.repeat(4000)}1`],
    ['of many alternatives', `a = 1${' OR a = 1'.repeat(800)}`],
    ['of a long list', `a IN ('x'${", 'x'".repeat(1500)})`],
    ['of a long pattern', `a LIKE '${'%_'.repeat(4000)}'`],
    ['beyond its limit', `a = '${'x'.repeat(SELECTOR_BYTES_MAX)}'`],
    ['without an end', "a = 'x"],
    ['of nothing', ''],
    ['of names of a prototype', "__proto__ = 'x' OR constructor = toString"],
  ])('%s is compiled or refused', async (_, selector) => {
    const client = await session();
    const address = name('queue');
    const filter = { selector: new DescribedValue(SELECTOR, selector) };
    client.send(amqp.attach({ name: 'n', role: true, source: { address, filter }, target: {} }));
    const { source: agreed } = await client.expect('attach', { role: false });
    if (agreed === undefined) {
      await client.expectDetach('amqp:invalid-field');
      return;
    }
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    await fixture.fill(address, text('x'), good);
    await client.expectSilence();
  });
});

test('times that cannot be are refused, or far away', async () => {
  const client = await session();
  await client.attachSender(name('queue'));
  const times = [
    '837fffffffffffffff',
    '838000000000000000',
    '82fff8000000000000',
    '80ffffffffffffffff',
  ];
  const sections = [
    (value: Buffer) => described(0x72, map(symbol('x-opt-delivery-time'), value)),
    (value: Buffer) => described(0x72, map(symbol('x-opt-delivery-delay'), value)),
    (value: Buffer) => described(0x73, list(...Array<Buffer>(8).fill(NULL), value)),
    (value: Buffer) => described(0x70, list(NULL, ubyte(255), value)),
  ];
  let deliveryId = 0;
  for (const section of sections) {
    for (const time of [...times.map(hex), uint(0xffffffff)]) {
      const message = Buffer.concat([section(time), text('x')]);
      client.send(amqp.transfer({ deliveryId, deliveryTag: `${deliveryId}` }, message));
      const { state } = await client.expect('disposition', { first: deliveryId++ });
      expect(['accepted', 'rejected']).toContain(state.kind);
    }
  }
  fixture.server.skip(1000);
  await client.expectSilence();
});

test('a client may remember ten thousand deliveries that nobody knows', async () => {
  const client = await session();
  const address = name('queue');
  const tags = Array.from({ length: 10_000 }, (_, index) => [`tag ${index}`, null] as const);
  const unsettled = Object.fromEntries(tags);
  for (let round = 0; round < 20; round++) {
    await client.attachReceiver(address, { unsettled, incompleteUnsettled: true });
    client.send(amqp.detach());
    await client.expect('detach', { closed: false });
  }
});
