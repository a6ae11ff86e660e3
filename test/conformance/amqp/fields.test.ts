import { expect, test } from 'vitest';
import { AMQP } from '../../support/raw-amqp.js';
import type { CompositeName } from '../../support/raw-amqp-composites.js';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp, header, rawFrame, rawPerformative } from '../../support/raw-amqp-frames.js';
import {
  binary,
  boolean,
  described,
  EMPTY_LIST,
  int,
  list,
  map,
  NULL,
  string,
  symbol,
  symbols,
  ubyte,
  uint,
  ulong,
  ushort,
} from '../../support/raw-amqp-values.js';

const { connect, name, open, session } = useAmqpServer();

const DECODE = 'amqp:decode-error';

/** Fields of each performative that are right, in their order; the mandatory ones by index. */
const RIGHT: Partial<Record<CompositeName, readonly [mandatory: number[], ...fields: Buffer[]]>> = {
  begin: [[1, 2, 3], NULL, uint(0), uint(10), uint(10), uint(10)],
  attach: [[0, 1, 2], string('n'), uint(0), boolean(true), ubyte(2), ubyte(0)],
  flow: [[1, 2, 3], uint(0), uint(10), uint(0), uint(10)],
  transfer: [[0], uint(0), uint(0), binary('a'), uint(0)],
  disposition: [[0, 1], boolean(true), uint(0), uint(0), boolean(true)],
  detach: [[0], uint(0), boolean(true)],
};
const CASES = Object.entries(RIGHT).flatMap(([kind, row]) => {
  const [mandatory, ...fields] = row ?? [[]];
  return mandatory.map((index) => [kind as CompositeName, index, fields] as const);
});

test.each(CASES)('2.7 1.1.3 a %s without its mandatory field %d is undecodable', async (...row) => {
  const [kind, index, fields] = row;
  for (const wrong of [fields.with(index, NULL), fields.slice(0, index)]) {
    const client = await session();
    client.send(rawPerformative(kind, list(...wrong), { channel: kind === 'begin' ? 1 : 0 }));
    await client.expectClose(DECODE);
  }
});

test.each(CASES)(
  '2.7 1.1.3 a %s whose field %d has another type is undecodable',
  async (...row) => {
    const [kind, index, fields] = row;
    const client = await session();
    const wrong = fields.with(index, map());
    client.send(rawPerformative(kind, list(...wrong), { channel: kind === 'begin' ? 1 : 0 }));
    await client.expectClose(DECODE);
  },
);

const WRONG_OPENS = [
  ['container-id', list(NULL)],
  ['container-id as a symbol', list(symbol('a'))],
  ['hostname', list(string('a'), uint(0))],
  ['max-frame-size', list(string('a'), NULL, ushort(512))],
  ['channel-max', list(string('a'), NULL, NULL, uint(1))],
  ['idle-time-out', list(string('a'), NULL, NULL, NULL, ulong(1))],
  ['outgoing-locales', list(string('a'), NULL, NULL, NULL, NULL, string('en-US'))],
  ['offered-capabilities', list(string('a'), NULL, NULL, NULL, NULL, NULL, NULL, string('a'))],
  ['properties', list(string('a'), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, list())],
] as const;

test.each(WRONG_OPENS)('2.7.1 an open with a wrong %s is undecodable', async (_, fields) => {
  const client = await open();
  client.send(header(AMQP), rawPerformative('open', fields));
  await client.expectHeader(AMQP);
  await client.expect('open');
  await client.expectClose(DECODE);
});

test('2.7.1 an open without fields has no container-id', async () => {
  const client = await open();
  client.send(header(AMQP), rawPerformative('open', EMPTY_LIST));
  await client.expectHeader(AMQP);
  await client.expect('open');
  await client.expectClose(DECODE);
});

const ATTACH = [string('n'), uint(0), boolean(true)];
const WRONG_ATTACHES = [
  ['2.8.2', 'snd-settle-mode above 2', list(...ATTACH, ubyte(3))],
  ['2.8.2', 'snd-settle-mode of another type', list(...ATTACH, uint(0))],
  ['2.8.3', 'rcv-settle-mode above 1', list(...ATTACH, NULL, ubyte(2))],
  ['2.7.3', 'source that is none', list(...ATTACH, NULL, NULL, described(0x26, EMPTY_LIST))],
  ['2.7.3', 'source that is not described', list(...ATTACH, NULL, NULL, list())],
  ['2.7.3', 'target that is none', list(...ATTACH, NULL, NULL, NULL, described(0x28, EMPTY_LIST))],
  ['2.7.3', 'unsettled with null keys', list(...ATTACH, NULL, NULL, NULL, NULL, map(NULL, NULL))],
  [
    '2.7.3',
    'unsettled with keys that are strings',
    list(...ATTACH, NULL, NULL, NULL, NULL, map(string('a'), NULL)),
  ],
  ['2.7.3', 'unsettled that is a list', list(...ATTACH, NULL, NULL, NULL, NULL, list())],
  ['2.7.3', 'initial-delivery-count', list(...ATTACH, NULL, NULL, NULL, NULL, NULL, NULL, int(0))],
  ['2.7.3', 'max-message-size', list(...ATTACH, NULL, NULL, NULL, NULL, NULL, NULL, NULL, uint(1))],
] as const;

test.each(WRONG_ATTACHES)('%s an attach with %s is undecodable', async (_, __, fields) => {
  const client = await session();
  client.send(rawPerformative('attach', fields));
  await client.expectClose(DECODE);
});

test('2.8.7 a delivery-tag of 32 bytes is taken, a longer one is not', async () => {
  const client = await session();
  await client.attachSender(name('queue'));
  const payload = Buffer.from('005375a00161', 'hex');
  client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'x'.repeat(32) }, payload));
  await client.expect('disposition', { first: 0 });
  client.send(amqp.transfer({ deliveryId: 1, deliveryTag: 'x'.repeat(33) }, payload));
  await client.expectClose(DECODE);
});

test('2.8.7 an empty delivery-tag is one', async () => {
  const client = await session();
  await client.attachSender(name('queue'));
  const payload = Buffer.from('005375a00161', 'hex');
  client.send(amqp.transfer({ deliveryId: 0, deliveryTag: '' }, payload));
  await client.expect('disposition', { first: 0, state: { kind: 'accepted' } });
});

test.each([
  ['a uint', uint(1)],
  ['a string', string('amqp:accepted:list')],
  ['a source', described(0x28, EMPTY_LIST)],
  ['an unknown symbol', described('amqp:nothing:list', EMPTY_LIST)],
  ['a rejected without a list', described(0x25, NULL)],
])('2.7.6 a disposition whose state is %s is undecodable', async (_, state) => {
  const client = await session();
  const fields = list(boolean(true), uint(0), NULL, boolean(true), state);
  client.send(rawPerformative('disposition', fields));
  await client.expectClose(DECODE);
});

test.each([
  ['a condition', list(NULL)],
  ['a condition that is a symbol', list(string('amqp:internal-error'))],
])('2.8.14 an error without %s is undecodable', async (_, error) => {
  for (const kind of ['end', 'close'] as const) {
    const client = await session();
    client.send(rawPerformative(kind, list(described(0x1d, error))));
    await client.expectClose(DECODE);
  }
});

test('2.8.13 fields have symbols as keys; strings do no harm', async () => {
  for (const key of [symbol('product'), string('product')]) {
    const client = await open();
    const blank = Array(8).fill(NULL);
    const properties = map(key, string('x'));
    client.send(header(AMQP), rawPerformative('open', list(string('a'), ...blank, properties)));
    await client.expectHeader(AMQP);
    await client.expect('open');
    await client.expectSilence();
  }
});

test.each([
  ['1.2.3', 'that ends before its last item', Buffer.from('c00302', 'hex')],
  ['1.2.3', 'that claims more bytes than there are', Buffer.from('d0ffffffff00000001', 'hex')],
  ['1.2.3', 'that claims more items than bytes', Buffer.from('d000000005ffffffff40', 'hex')],
  ['1.2.3', 'without a size', Buffer.from('d0', 'hex')],
  ['1.6.22', 'that is a map', map(symbol('a'), uint(0))],
  ['1.6.22', 'that is an array', symbols('a')],
  ['1.2.2', 'with a string beyond its end', list(Buffer.from('a1ff61', 'hex'))],
  ['1.2.2', 'with a string of 4 GiB', list(Buffer.from('b1ffffffff61', 'hex'))],
  ['1.6.20', 'with a string that is no UTF-8', list(Buffer.from('a102c328', 'hex'))],
  [
    '1.6.21',
    'with a symbol that is no ASCII',
    list(string('a'), NULL, NULL, NULL, NULL, Buffer.from('a301ff', 'hex')),
  ],
  [
    '1.2.4',
    'with an array of 2^32 nulls',
    list(string('a'), NULL, NULL, NULL, NULL, Buffer.from('f000000005ffffffff40', 'hex')),
  ],
  [
    '1.6.23',
    'with a map of an odd number of items',
    list(
      string('a'),
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      Buffer.from('c10401a30161', 'hex'),
    ),
  ],
  ['1.2', 'with a constructor that is none', list(Buffer.of(0x3f))],
  ['1.1.2', 'with a descriptor and nothing described', list(Buffer.of(0x00, 0x53, 0x01))],
])('%s an open of fields %s is undecodable', async (_, __, fields) => {
  const client = await open();
  client.send(header(AMQP), rawPerformative('open', fields));
  await client.expectHeader(AMQP);
  await client.expect('open');
  await client.expectClose(DECODE);
});

test('1.2.1 1.6.5 a uint may have any of its encodings', async () => {
  const client = await connect();
  const begin = (...fields: Buffer[]) => rawPerformative('begin', list(NULL, ...fields));
  const zero = Buffer.of(0x43);
  const small = Buffer.of(0x52, 10);
  client.send(begin(zero, small, uint(10)));
  await client.expect('begin');
  await client.expectSilence();
});

test('1.6.2 a boolean may have any of its encodings', async () => {
  for (const closed of ['41', '5601', '42', '5600']) {
    const client = await session();
    await client.attachReceiver(name('queue'));
    client.send(rawPerformative('detach', list(uint(0), Buffer.from(closed, 'hex'))));
    await client.expect('detach', { closed: closed === '41' || closed === '5601' });
  }
});

test('1.2.2 1.6.20 a string may be long or short', async () => {
  const client = await session();
  const target = described(0x29, list(string(name('queue'))));
  const long = Buffer.concat([Buffer.from('b100000001', 'hex'), Buffer.from('n')]);
  for (const [handle, linkName] of [string('m'), long].entries()) {
    const fields = [linkName, uint(handle), boolean(false), NULL, NULL, NULL, target, NULL, NULL];
    client.send(rawPerformative('attach', list(...fields, uint(0))));
    await client.expect('attach', { name: handle === 0 ? 'm' : 'n' });
    await client.expect('flow', { handle });
  }
});

test('1.2.3 1.6.22 a list may be empty, short or long', async () => {
  const client = await connect();
  const body = (fields: string) => rawFrame(Buffer.from(`005311${fields}`, 'hex'), { channel: 1 });
  client.send(body('c0050440434343'));
  await client.expect('begin', { remoteChannel: 1 });
  for (const empty of ['45', 'c00100', 'd00000000400000000']) {
    client.send(rawFrame(Buffer.from(`005317${empty}`, 'hex'), { channel: 1 }));
    await client.expect('end', { channel: 1 });
    client.send(body('d0000000080000000440434343'));
    await client.expect('begin', { remoteChannel: 1 });
  }
});

test('1.2.4 1.3.4 1.6.24 several symbols may be one symbol, or an array of any width', async () => {
  for (const capabilities of [
    symbol('a'),
    symbols('a', 'b'),
    Buffer.from('e00602a301610162', 'hex'),
    Buffer.from('f00000000a00000001b30000000161', 'hex'),
    Buffer.from('e00200a3', 'hex'),
  ]) {
    const client = await open();
    const fields = list(string('a'), NULL, NULL, NULL, NULL, NULL, NULL, capabilities);
    client.send(header(AMQP), rawPerformative('open', fields));
    await client.expectHeader(AMQP);
    await client.expect('open');
    await client.expectSilence();
  }
});

test('1.1.3 1.3.4 1.4 fields at the end may be left out, and null stands for the default', async () => {
  const client = await connect();
  client.send(rawPerformative('begin', list(NULL, uint(0), uint(10), uint(10), NULL, NULL)));
  await client.expect('begin');
  client.send(rawPerformative('end', list(NULL)));
  await client.expect('end');
  expect(await client.begin()).toMatchObject({ nextOutgoingId: 0 });
});
