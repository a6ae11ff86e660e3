import { ByteReader, WireError } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/support/seeded-random.js';
import { hex } from '../testing/amqp-frames.js';
import { skipValue } from './skip-value.js';
import { AmqpSymbol, type AmqpValue, Described, Uuid } from './value.js';
import { EMPTY_ELEMENTS_MAX, ITEMS_MAX, NESTING_MAX, readValue } from './value-reader.js';

function read(bytes: Buffer): AmqpValue {
  const reader = new ByteReader(bytes);
  const value = readValue(reader);
  expect(reader.remaining).toBe(0);
  expect(skipValue(bytes, 0, bytes.length)).toBe(bytes.length);
  return value;
}

const uint32 = (value: number) => value.toString(16).padStart(8, '0');

describe('scalars', () => {
  test.each<[name: string, bytes: string, value: AmqpValue]>([
    ['1.6.1 null', '40', null],
    ['1.6.2 true', '41', true],
    ['1.6.2 false', '42', false],
    ['1.6.2 true with a byte', '56 01', true],
    ['1.6.2 false with a byte', '56 00', false],
    ['1.6.3 ubyte', '50 ff', 255],
    ['1.6.4 ushort', '60 ff fe', 65_534],
    ['1.6.5 uint', '70 ff ff ff ff', 4_294_967_295],
    ['1.6.5 smalluint', '52 80', 128],
    ['1.6.5 uint0', '43', 0],
    ['1.6.6 ulong', '80 00 1f ff ff ff ff ff ff', Number.MAX_SAFE_INTEGER],
    ['1.6.6 ulong beyond what is safe', '80 00 20 00 00 00 00 00 00', 2n ** 53n],
    ['1.6.6 the largest ulong', '80 ff ff ff ff ff ff ff ff', 2n ** 64n - 1n],
    ['1.6.6 smallulong', '53 ff', 255],
    ['1.6.6 ulong0', '44', 0],
    ['1.6.7 byte', '51 80', -128],
    ['1.6.8 short', '61 80 00', -32_768],
    ['1.6.9 int', '71 80 00 00 00', -2_147_483_648],
    ['1.6.9 smallint', '54 ff', -1],
    ['1.6.10 long', '81 ff ff ff ff ff ff ff fe', -2],
    ['1.6.10 the smallest safe long', '81 ff e0 00 00 00 00 00 01', Number.MIN_SAFE_INTEGER],
    ['1.6.10 a long below it', '81 ff e0 00 00 00 00 00 00', -(2n ** 53n)],
    ['1.6.10 the smallest long', '81 80 00 00 00 00 00 00 00', -(2n ** 63n)],
    ['1.6.10 smalllong', '55 80', -128],
    ['1.6.11 float', '72 3f c0 00 00', 1.5],
    ['1.6.12 double', '82 3f f8 00 00 00 00 00 00', 1.5],
    ['1.6.13 decimal32', '74 01 02 03 04', hex('01 02 03 04')],
    ['1.6.14 decimal64', '84 01 02 03 04 05 06 07 08', hex('01 02 03 04 05 06 07 08')],
    ['1.6.15 decimal128', `94 ${'0a'.repeat(16)}`, Buffer.alloc(16, 10)],
    ['1.6.16 char', '73 00 01 f6 00', '😀'],
    ['1.6.17 timestamp', '83 00 00 01 8b cf e5 68 01', new Date(1_700_000_000_001)],
    ['1.6.17 before 1970', '83 ff ff ff ff ff ff ff ff', new Date(-1)],
    ['1.6.17 the last one', '83 7f ff ff ff ff ff ff ff', new Date(8.64e15)],
    [
      '1.6.18 uuid',
      '98 00112233445566778899aabbccddeeff',
      new Uuid('00112233-4455-6677-8899-aabbccddeeff'),
    ],
    ['1.6.19 binary', 'a0 02 00 ff', hex('00 ff')],
    ['1.6.19 a long binary', 'b0 00000001 07', hex('07')],
    ['1.6.20 string', 'a1 03 e2 82 ac', '€'],
    ['1.6.20 a long string', 'b1 00000002 68 69', 'hi'],
    ['1.6.21 symbol', 'a3 02 68 69', new AmqpSymbol('hi')],
    ['1.6.21 a long symbol', 'b3 00000002 68 69', new AmqpSymbol('hi')],
  ])('%s', (_, bytes, value) => {
    expect(read(hex(bytes))).toEqual(value);
  });
});

describe('compounds', () => {
  test.each<[name: string, bytes: string, value: AmqpValue]>([
    ['1.6.22 list0', '45', []],
    ['1.6.22 list8', 'c0 04 03 41 40 43', [true, null, 0]],
    ['1.6.22 list32', 'd0 00000007 00000002 52 01 40', [1, null]],
    ['1.6.23 map8', 'c1 05 02 a3 01 61 41', new Map([[new AmqpSymbol('a'), true]])],
    ['1.6.23 map32', 'd1 00000008 00000002 a1 01 61 41', new Map([['a', true]])],
    ['1.6.23 an empty map', 'c1 01 00', new Map()],
    ['1.6.24 array8', 'e0 06 02 a3 01 61 01 62', [new AmqpSymbol('a'), new AmqpSymbol('b')]],
    ['1.6.24 array32', 'f0 0000000d 00000002 70 00000001 00000002', [1, 2]],
    ['1.6.24 an empty array', 'e0 02 00 40', []],
    ['1.6.24 an array of nulls', 'e0 02 03 40', [null, null, null]],
    [
      '1.6.24 an array with a descriptor',
      'e0 07 02 00 53 24 50 01 02',
      [new Described(0x24, 1), new Described(0x24, 2)],
    ],
    ['1.6.24 an array of lists', 'e0 07 02 c0 02 01 41 01 00', [[true], []]],
    ['1.3 a described list', '00 53 24 45', new Described(0x24, [])],
    [
      '1.3 described by a large number',
      '00 80 00 00 46 8c 00 00 00 04 a1 01 61',
      new Described(0x468c_0000_0004, 'a'),
    ],
    ['1.3 described by a symbol', '00 a3 01 78 40', new Described('x', null)],
    ['1.3 described twice', '00 53 01 00 53 02 40', new Described(1, new Described(2, null))],
  ])('%s', (_, bytes, value) => {
    expect(read(hex(bytes))).toEqual(value);
  });

  test('are nested up to a limit', () => {
    const nested = (depth: number) => {
      let bytes = hex('45');
      for (; depth > 0; depth--) bytes = Buffer.concat([hex('d0'), size(bytes), bytes]);
      return bytes;
    };
    expect(read(nested(NESTING_MAX))).toEqual(expect.any(Array));
    expect(() => readValue(new ByteReader(nested(NESTING_MAX + 1)))).toThrow('nested deeper');
  });
});

function size(bytes: Buffer): Buffer {
  return hex(uint32(bytes.length + 4) + uint32(1));
}

describe('what is no value', () => {
  test.each([
    ['nothing', '', 'bytes expected'],
    ['a code that is none', '30', '0x30 is no format code'],
    ['another', '46', '0x46 is no format code'],
    ['a boolean of 2', '56 02', 'neither 0 nor 1'],
    ['a surrogate as a char', '73 00 00 d8 00', 'not a character'],
    ['a char beyond Unicode', '73 00 11 00 00', 'not a character'],
    ['a string that is not UTF-8', 'a1 01 ff', 'UTF-8'],
    ['a symbol that is not ASCII', 'a3 02 c3 bc', 'ASCII'],
    ['a binary that is too short', 'a0 02 00', '2 bytes expected'],
    ['a binary of 4 GiB', 'b0 ff ff ff ff 00', '4294967295 bytes expected'],
    ['a list that is too short', 'c0 05 01 40', '5 bytes expected'],
    ['a list of 4 GiB', 'd0 ff ff ff ff 00 00 00 01 40', '4294967295 bytes expected'],
    ['a list with more items than bytes', 'c0 02 05 40', '5 items expected in 1 bytes'],
    ['a list whose items end early', 'c0 03 01 40 40', 'not that of its items'],
    ['a list whose items end late', 'c0 02 01 50 00', 'not that of its items'],
    ['a map with a key alone', 'c1 02 01 40', 'a key without a value'],
    ['an array of 2^32 nulls', 'f0 00000005 ffffffff 40', 'claims 4294967295 elements'],
    ['an array of 2^32 empty lists', 'f0 00000005 ffffffff 45', 'claims 4294967295 elements'],
    ['an array of 2^32 bytes', 'f0 00000006 ffffffff 50 00', 'claims 4294967295 elements'],
    ['an array described twice', 'e0 08 01 00 53 01 00 53 02 40', 'described twice'],
    ['a descriptor that is a string', '00 a1 01 61 40', 'neither a number nor a symbol'],
    ['a descriptor that is described', '00 00 53 01 40 40', 'neither a number nor a symbol'],
    ['a description of nothing', '00 53 01', 'bytes expected'],
  ])('%s', (_, bytes, complaint) => {
    const reader = new ByteReader(hex(bytes));
    expect(() => readValue(reader)).toThrow(WireError);
    expect(() => readValue(new ByteReader(hex(bytes)))).toThrow(complaint);
  });

  test('more empty elements than are allowed, in all arrays together', () => {
    const nulls = (count: number) => hex(`f0 00000005 ${uint32(count)} 40`);
    expect(read(nulls(EMPTY_ELEMENTS_MAX))).toHaveLength(EMPTY_ELEMENTS_MAX);
    const twice = Buffer.concat([nulls(EMPTY_ELEMENTS_MAX / 2), nulls(EMPTY_ELEMENTS_MAX / 2 + 1)]);
    const list = Buffer.concat([hex(`d0 ${uint32(twice.length + 4)} 00000002`), twice]);
    expect(() => readValue(new ByteReader(list))).toThrow('elements');
  });

  test('more items than are allowed', () => {
    const bytes = Buffer.alloc(ITEMS_MAX + 10, 0x40);
    hex(`d0 ${uint32(ITEMS_MAX + 5)} ${uint32(ITEMS_MAX + 1)}`).copy(bytes);
    expect(() => readValue(new ByteReader(bytes))).toThrow('items');
  });
});

test('random bytes throw nothing but WireError, and cost little', () => {
  const random = new SeededRandom(7);
  const codes = hex('0040414243444550525355607080a0a1a3b0c0c1d0d1e0f0');
  for (let round = 0; round < 20_000; round++) {
    const bytes = random.bytes(random.between(1, 40));
    for (let at = 0; at < bytes.length; at += 3) bytes[at] = random.pick([...codes]);
    const reader = new ByteReader(bytes);
    try {
      readValue(reader);
      // What can be read can be skipped, and ends at the same place.
      expect(skipValue(bytes, 0, bytes.length)).toBe(reader.position);
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
    }
  }
});
