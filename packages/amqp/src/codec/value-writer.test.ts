import { ByteReader } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { hex } from '../testing/amqp-frames.js';
import { AmqpSymbol, type AmqpValue, Described, Uuid } from './value.js';
import { readValue } from './value-reader.js';
import { ValueWriter } from './value-writer.js';

const written = (fill: (writer: ValueWriter) => unknown): string => {
  const writer = new ValueWriter();
  fill(writer);
  return writer.take().toString('hex');
};

describe('the shortest form', () => {
  test.each<[bytes: string, fill: (writer: ValueWriter) => unknown]>([
    ['40', (writer) => writer.null()],
    ['41', (writer) => writer.boolean(true)],
    ['42', (writer) => writer.boolean(false)],
    ['50ff', (writer) => writer.ubyte(255)],
    ['5180', (writer) => writer.byte(-128)],
    ['60ffff', (writer) => writer.ushort(65_535)],
    ['43', (writer) => writer.uint(0)],
    ['52ff', (writer) => writer.uint(255)],
    ['7000000100', (writer) => writer.uint(256)],
    ['70ffffffff', (writer) => writer.uint(4_294_967_295)],
    ['44', (writer) => writer.ulong(0)],
    ['44', (writer) => writer.ulong(0n)],
    ['53ff', (writer) => writer.ulong(255n)],
    ['80ffffffffffffffff', (writer) => writer.ulong(2n ** 64n - 1n)],
    ['547f', (writer) => writer.int(127)],
    ['5480', (writer) => writer.int(-128)],
    ['7100000080', (writer) => writer.int(128)],
    ['71ffffff7f', (writer) => writer.int(-129)],
    ['5580', (writer) => writer.long(-128)],
    ['81ffffffffffffff7f', (writer) => writer.long(-129n)],
    ['823ff8000000000000', (writer) => writer.double(1.5)],
    ['830000018bcfe56801', (writer) => writer.timestamp(1_700_000_000_001)],
    ['83ffffffffffffffff', (writer) => writer.timestamp(-1)],
    ['40', (writer) => writer.timestamp(Number.NaN)],
    [
      '9800112233445566778899aabbccddeeff',
      (writer) => writer.uuid('00112233-4455-6677-8899-aabbccddeeff'),
    ],
    ['a00107', (writer) => writer.binary(Buffer.of(7))],
    ['a103e282ac', (writer) => writer.string('€')],
    ['a30168', (writer) => writer.symbol('h')],
    ['a3023f3f', (writer) => writer.symbol('€😀')],
    [`a1ff${'61'.repeat(255)}`, (writer) => writer.string('a'.repeat(255))],
    [`b100000100${'61'.repeat(256)}`, (writer) => writer.string('a'.repeat(256))],
    [`b300000100${'61'.repeat(256)}`, (writer) => writer.symbol('a'.repeat(256))],
    [`b000000100${'00'.repeat(256)}`, (writer) => writer.binary(Buffer.alloc(256))],
  ])('%s', (bytes, fill) => {
    expect(written(fill)).toBe(bytes);
  });

  test('of nothing where a value may be missing', () => {
    expect(
      written((writer) => {
        writer.boolean(null).ubyte(null).ushort(null).uint(null).ulong(null).timestamp(null);
        writer.binary(null).string(null).symbol(null).symbolArray([]);
      }),
    ).toBe('40'.repeat(10));
  });
});

describe('a composite', () => {
  test('leaves out the nulls at its end', () => {
    const bytes = written((writer) => {
      writer.described(0x24).beginList().null().uint(1).null().null().endList();
    });
    expect(bytes).toBe('005324d00000000700000002405201');
  });

  test('without fields is an empty list', () => {
    expect(written((writer) => writer.described(0x24).beginList().endList())).toBe('00532445');
    expect(written((writer) => writer.described(0x24).beginList().null().endList())).toBe(
      '00532445',
    );
  });

  test('counts a described field, and one that is a compound, as one', () => {
    const bytes = written((writer) => {
      writer.beginList().described(1).null().described('a').beginList().endList();
      writer.beginMap().string('k').null().endMap().encoded(hex('41')).endList();
    });
    expect(readValue(new ByteReader(hex(bytes)))).toEqual([
      new Described(1, null),
      new Described('a', []),
      new Map([['k', null]]),
      true,
    ]);
  });
});

test('several symbols are an array', () => {
  const again = (texts: string[]) =>
    readValue(new ByteReader(hex(written((writer) => writer.symbolArray(texts)))));
  const long = 'x'.repeat(300);
  expect(again(['a'])).toEqual([new AmqpSymbol('a')]);
  expect(again(['a', 'bc', ''])).toEqual([
    new AmqpSymbol('a'),
    new AmqpSymbol('bc'),
    new AmqpSymbol(''),
  ]);
  expect(again(['a', long])).toEqual([new AmqpSymbol('a'), new AmqpSymbol(long)]);
});

describe('any value', () => {
  test.each<[name: string, value: AmqpValue]>([
    ['null', null],
    ['a boolean', true],
    ['zero', 0],
    ['minus zero', -0],
    ['an int', 2_147_483_647],
    ['a long', -2_147_483_649],
    ['the largest safe integer', Number.MAX_SAFE_INTEGER],
    ['a number that is not whole', 0.1],
    ['a number that is too large', 1e300],
    ['infinity', Number.NEGATIVE_INFINITY],
    ['no number', Number.NaN],
    ['the smallest long', -(2n ** 63n)],
    ['the largest ulong', 2n ** 64n - 1n],
    ['a text', 'grün'],
    ['a date', new Date(1_700_000_000_001)],
    ['bytes', hex('00 01')],
    ['a symbol', new AmqpSymbol('s')],
    ['a uuid', new Uuid('00112233-4455-6677-8899-aabbccddeeff')],
    ['a described value', new Described('d', [1])],
    ['an empty list', []],
    ['a list that ends with null', [1, null]],
    ['a list of nulls', [null, null]],
    ['a list of lists', [[], [[null]], 'x']],
    ['an empty map', new Map()],
    [
      'a map',
      new Map<AmqpValue, AmqpValue>([
        ['a', null],
        [1, new Map([[null, null]])],
      ]),
    ],
  ])('%s comes back', (_, value) => {
    const reader = new ByteReader(new ValueWriter().value(value).take());
    expect(readValue(reader)).toEqual(value);
    expect(reader.remaining).toBe(0);
  });

  test('a number beyond all integers is text', () => {
    const bytes = new ValueWriter().value(2n ** 70n).take();
    expect(readValue(new ByteReader(bytes))).toBe(String(2n ** 70n));
  });
});
