import { describe, expect, test } from 'vitest';
import { useAmqpServer } from '../../support/raw-amqp-fixture.js';
import { amqp } from '../../support/raw-amqp-frames.js';
import { encodeMessage } from '../../support/raw-amqp-message.js';
import { DescribedValue, described, ulong } from '../../support/raw-amqp-values.js';

const { fill, name, open, session } = useAmqpServer();

const AMQP_HEADER = Buffer.from('414d515000010000', 'hex');

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

type Row = readonly [name: string, encoded: string, selector: string | null];

/** Encodings of section 1.6 from its tables; what a selector says of those that it can compare. */
const SIMPLE: readonly Row[] = [
  ['1.6.1 null', '40', 'n IS NULL'],
  ['1.6.2 true', '41', 'n = TRUE'],
  ['1.6.2 false', '42', 'n = FALSE'],
  ['1.2.1 1.6.2 true in a byte', '56 01', 'n = TRUE'],
  ['1.2.1 1.6.2 false in a byte', '56 00', 'n = FALSE'],
  ['1.6.3 the smallest ubyte', '50 00', 'n = 0'],
  ['1.6.3 the largest ubyte', '50 ff', 'n = 255'],
  ['1.6.4 the smallest ushort', '60 0000', 'n = 0'],
  ['1.6.4 the largest ushort', '60 ffff', 'n = 65535'],
  ['1.6.5 a uint of no bytes', '43', 'n = 0'],
  ['1.6.5 a uint of one byte', '52 ff', 'n = 255'],
  ['1.6.5 the largest uint', '70 ffffffff', 'n = 4294967295'],
  ['1.6.6 a ulong of no bytes', '44', 'n = 0'],
  ['1.6.6 a ulong of one byte', '53 ff', 'n = 255'],
  ['1.6.6 a ulong of eight bytes', '80 0000000100000000', 'n = 4294967296'],
  ['1.6.6 the largest ulong', '80 ffffffffffffffff', null],
  ['1.6.7 the smallest byte', '51 80', 'n = -128'],
  ['1.6.7 the largest byte', '51 7f', 'n = 127'],
  ['1.6.8 the smallest short', '61 8000', 'n = -32768'],
  ['1.6.8 the largest short', '61 7fff', 'n = 32767'],
  ['1.6.9 an int of one byte', '54 80', 'n = -128'],
  ['1.6.9 the smallest int', '71 80000000', 'n = -2147483648'],
  ['1.6.9 the largest int', '71 7fffffff', 'n = 2147483647'],
  ['1.6.10 a long of one byte', '55 80', 'n = -128'],
  ['1.6.10 a long of eight bytes', '81 fffffffeffffffff', 'n = -4294967297'],
  ['1.6.10 the smallest long', '81 8000000000000000', null],
  ['1.6.10 the largest long', '81 7fffffffffffffff', null],
  ['1.6.11 a float', '72 bfc00000', 'n = -1.5'],
  ['1.6.11 a float that is none', '72 7fc00001', null],
  ['1.6.11 an endless float', '72 ff800000', null],
  ['1.6.12 a double', '82 3fb999999999999a', 'n = 0.1'],
  ['1.6.12 a double below 0 by nothing', '82 8000000000000000', 'n = 0'],
  ['1.6.12 a double that is none', '82 7ff8000000000001', null],
  ['1.6.13 a decimal32', '74 22500001', null],
  ['1.6.14 a decimal64', '84 2238000000000001', null],
  ['1.6.15 a decimal128', '94 22080000000000000000000000000001', null],
  ['1.6.16 a char', '73 0001f600', null],
  ['1.6.17 a timestamp', '83 0000018bcfe56800', null],
  ['1.6.17 a timestamp before 1970', '83 ffffffffffffffff', null],
  ['1.6.18 a uuid', '98 f81d4fae7dec11d0a76500a0c91e6bf6', null],
  ['1.2.2 1.6.19 no bytes', 'a0 00', null],
  ['1.2.2 1.6.19 bytes', 'a0 03 00ff80', null],
  ['1.2.2 1.6.19 bytes with a long size', 'b0 00000003 00ff80', null],
  ['1.2.2 1.6.20 an empty string', 'a1 00', "n = ''"],
  ['1.2.2 1.6.20 a string', 'a1 07 c3a4e282acc2a7', "n = 'ä€§'"],
  ['1.2.2 1.6.20 a string with a long size', 'b1 00000003 616263', "n = 'abc'"],
  ['1.2.2 1.6.21 a symbol', 'a3 03 612d62', null],
  ['1.2.2 1.6.21 a symbol with a long size', 'b3 00000003 612d62', null],
];

/** Of several values, and with descriptors: they can be a body. */
const COMPOUND: readonly Row[] = [
  ['1.2.3 1.6.22 an empty list', '45', null],
  ['1.2.3 1.6.22 a short list of anything', 'c0 0a 04 40 41 a1 01 61 c0 02 01 43', null],
  ['1.2.3 1.6.22 a long list', 'd0 00000006 00000002 40 41', null],
  ['1.2.3 1.6.23 an empty map', 'c1 01 00', null],
  ['1.2.3 1.6.23 a short map, with keys of any type', 'c1 08 04 a3 01 61 43 52 07 41', null],
  ['1.2.3 1.6.23 a long map', 'd1 00000006 00000002 44 41', null],
  ['1.2.4 1.6.24 an array of nothing', 'e0 02 00 a3', null],
  ['1.2.4 1.6.24 a short array', 'e0 06 02 a3 01 61 01 62', null],
  ['1.2.4 1.6.24 a long array', 'f0 00000009 00000001 71 00000001', null],
  ['1.2.4 1.6.24 an array of values without bytes', 'e0 02 ff 41', null],
  ['1.2.4 1.6.24 an array of arrays', 'e0 0a 02 e0 03 01 50 07 03 01 50 08', null],
  ['1.2.4 1.6.24 an array of described values', 'e0 08 02 00 a3 01 78 50 01 02', null],
  ['1.1.2 a value with a descriptor that nobody knows', '00 80 0000468c00000004 41', null],
  ['1.1.2 a value with a symbol of somebody for a descriptor', '00 a3 03 783a79 c0 02 01 43', null],
  ['1.1.2 a description of a description', '00 a3 01 78 00 a3 01 79 40', null],
];

/** What comes of a message that is sent as these bytes, to a receiver with this selector. */
async function received(message: Buffer, selector: string | null = null): Promise<Buffer> {
  const queue = name('queue');
  await fill(queue, message);
  const client = await session();
  const filter =
    selector === null
      ? undefined
      : { s: new DescribedValue('apache.org:selector-filter:string', selector) };
  await client.attachReceiver(queue, { source: { address: queue, filter } });
  client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
  const { payload } = await client.expect('transfer', { handle: 0 });
  return payload.subarray(-message.length);
}

describe('every encoding of a value passes through as it is', () => {
  test.each(SIMPLE)('%s as a property and as a body', async (_, encoded, selector) => {
    const value = bytes(encoded);
    const message = encodeMessage({ applicationProperties: { n: value }, value });
    expect(await received(message, selector)).toEqual(message);
  });

  test.each(COMPOUND)('%s as a body', async (_, encoded) => {
    const message = encodeMessage({ value: bytes(encoded) });
    expect(await received(message)).toEqual(message);
  });

  test.each(COMPOUND)('%s as an annotation', async (_, encoded) => {
    const queue = name('queue');
    const value = bytes(encoded);
    await fill(queue, encodeMessage({ messageAnnotations: { 'x-opt-n': value }, value: 'a' }));
    const client = await session();
    await client.attachReceiver(queue);
    client.send(amqp.flow({ handle: 0, deliveryCount: 0, linkCredit: 1 }));
    const { payload } = await client.expect('transfer', { handle: 0 });
    expect(payload.includes(Buffer.concat([Buffer.from('x-opt-n'), value]))).toBe(true);
  });
});

describe('1.2 a body that is no value is refused', () => {
  test.each([
    ['1.2 a constructor that is none', '3f'],
    ['1.2.1 a value that ends too soon', '70 0000'],
    ['1.2.2 a string beyond its end', 'a1 05 61'],
    ['1.2.3 a list beyond its end', 'c0 ff 01 40'],
    ['1.2.4 an array beyond its end', 'f0 ffffffff 00000001 40'],
    ['1.1.2 a descriptor and nothing described', '00 a3 01 78'],
  ])('%s', async (_, encoded) => {
    const client = await session();
    await client.attachSender(name('queue'));
    const message = encodeMessage({ value: bytes(encoded) });
    client.send(amqp.transfer({ deliveryId: 0, deliveryTag: 'a' }, message));
    const state = { kind: 'rejected', error: { condition: 'amqp:decode-error' } };
    await client.expect('disposition', { first: 0, state });
  });
});

describe('1.5 descriptors', () => {
  /** The frame with another descriptor before its fields; that which it has takes three bytes. */
  function redescribed(frame: Buffer, descriptor: (code: number, rest: Buffer) => Buffer): Buffer {
    const body = descriptor(frame[10]!, frame.subarray(11));
    const changed = Buffer.concat([frame.subarray(0, 8), body]);
    changed.writeUInt32BE(changed.length);
    return changed;
  }

  const symbolic = (text: string) => (frame: Buffer) =>
    redescribed(frame, (_code, rest) => described(text, rest));
  const long = (frame: Buffer) =>
    redescribed(frame, (code, rest) => Buffer.concat([Buffer.of(0), ulong(code), rest]));

  test.each<[string, (name: string) => (frame: Buffer) => Buffer]>([
    ['symbols', symbolic],
    ['numbers of eight bytes', () => long],
  ])('1.5 the descriptors of performatives may be %s', async (_, as) => {
    const queue = name('queue');
    const client = await open();
    client.send(AMQP_HEADER);
    await client.expectHeader(0);
    client.send(as('amqp:open:list')(amqp.open()), as('amqp:begin:list')(amqp.begin()));
    await client.expect('open');
    await client.expect('begin');
    const target = { address: queue };
    const attach = amqp.attach({
      ...{ name: 'sender', role: false, source: {}, target, initialDeliveryCount: 0 },
    });
    client.send(as('amqp:attach:list')(attach));
    await client.expect('attach');
    await client.expect('flow');
    const transfer = amqp.transfer({ deliveryId: 0, deliveryTag: 'a' });
    const message = encodeMessage({ value: 'x', symbolic: true });
    const frame = Buffer.concat([as('amqp:transfer:list')(transfer), message]);
    frame.writeUInt32BE(frame.length);
    client.send(frame);
    await client.expect('disposition', { first: 0, state: { kind: 'accepted' } });
    client.send(as('amqp:flow:list')(amqp.flow({ echo: true })));
    await client.expect('flow');
    client.send(as('amqp:detach:list')(amqp.detach({ closed: true })));
    await client.expect('detach');
    client.send(as('amqp:end:list')(amqp.end()), as('amqp:close:list')(amqp.close()));
    await client.expect('end');
    await client.expect('close');
    await client.expectClosed();
  });

  test('1.5 the sections of a message may have symbols, and keep them', async () => {
    const message = encodeMessage({
      applicationProperties: { n: 7 },
      value: 'x',
      symbolic: true,
    });
    expect(await received(message, 'n = 7')).toEqual(message);
  });

  test('1.5 a descriptor that is neither a number nor a symbol is refused', async () => {
    const client = await session();
    const frame = redescribed(amqp.flow(), (_code, rest) =>
      Buffer.concat([bytes('00 a1 0e'), Buffer.from('amqp:flow:list'), rest]),
    );
    client.send(frame);
    await client.expectClose('amqp:decode-error');
  });
});
