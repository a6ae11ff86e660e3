import { ByteReader, WireError } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/support/seeded-random.js';
import { hex } from '../testing/amqp-frames.js';
import { checkValue } from './check-value.js';
import { AmqpSymbol, type AmqpValue, Described, Uuid } from './value.js';
import { readValue } from './value-reader.js';
import { ValueWriter } from './value-writer.js';

/** Where the first value ends, or null when there is none; `readValue` is asked as well. */
function bothWays(bytes: Buffer): [checked: number | null, read: number | null] {
  const reader = new ByteReader(bytes);
  return [
    orNull(() => checkValue(bytes, 0, bytes.length)),
    orNull(() => {
      readValue(reader);
      return reader.position;
    }),
  ];
}

function orNull(action: () => number): number | null {
  try {
    return action();
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

const VALUES: readonly AmqpValue[] = [
  null,
  true,
  false,
  0,
  -1,
  255,
  70_000,
  2 ** 40,
  2n ** 63n,
  1.5,
  '',
  'text',
  'ä€😀',
  'x'.repeat(300),
  new AmqpSymbol('symbol'),
  new AmqpSymbol('s'.repeat(300)),
  Buffer.from([0xff, 0xfe]),
  Buffer.alloc(300, 0xff),
  new Date(1),
  new Uuid('12345678-1234-1234-1234-123456789abc'),
  [],
  [1, 'two', [3, [4]]],
  new Map<AmqpValue, AmqpValue>([
    ['a', 1],
    [new AmqpSymbol('b'), new Map([['c', [null, null]]])],
  ]),
  new Described(0x77, ['x']),
  new Described('shop:thing', new Described(2n ** 60n, 'inner')),
];

test.each(VALUES.map((value) => [value]))('%o is a value', (value) => {
  const bytes = new ValueWriter().value(value).take();
  expect(bothWays(bytes)).toEqual([bytes.length, bytes.length]);
});

describe('arrays', () => {
  test.each([
    ['of bytes', 'e0 05 03 50 01 02 03'],
    ['without elements', 'e0 02 00 50'],
    ['of texts', 'e0 06 02 a1 01 61 01 62'],
    ['of lists', 'e0 05 02 c0 01 00 01 00'.replace('05', '06')],
    ['of true', 'e0 02 05 41'],
    ['of described numbers', 'e0 07 02 00 53 77 50 01 02'],
    ['in the long form', 'f0 00000007 00000002 71 00000001 00000002'.replace('07', '0d')],
  ])('%s are values', (_, text) => {
    const bytes = hex(text);
    expect(bothWays(bytes)).toEqual([bytes.length, bytes.length]);
  });
});

describe('what is no value', () => {
  test.each([
    ['nothing', ''],
    ['a code that nobody knows', '4f'],
    ['a code of a kind that there is none of', '10'],
    ['a text that is not UTF-8', 'a1 02 c3 28'],
    ['a long text that is not UTF-8', `b1 000000c8 ${'61'.repeat(199)} ff`],
    ['a symbol that is not ASCII', 'a3 02 c3 a4'],
    ['a text that goes on', 'a1 05 61'],
    ['a boolean that is neither', '56 02'],
    ['a char that is a surrogate', '73 0000d800'],
    ['a list that claims more items than bytes', 'c0 02 09 40'],
    ['a list whose items end before it', 'c0 03 01 40 40'],
    ['a list whose items go on behind it', 'c0 02 01 a1 02 61 61'],
    ['a list without room for its count', 'c0 00'],
    ['a map with a key alone', 'c1 02 01 40'],
    ['an array without a constructor', 'e0 01 00'],
    ['an array of 2^32 nulls', 'f0 00000005 ffffffff 40'],
    ['an array of codes that nobody knows', 'e0 03 01 4f 00'],
    ['an array that claims more than its bytes', 'e0 03 09 50 01'],
    ['an array of what is described twice', 'e0 06 01 00 53 01 00 53'],
    ['a descriptor that is a text', '00 a1 01 61 40'],
    ['a descriptor alone', '00 53 01'],
    ['a descriptor that is missing', '00'],
    ['lists that are nested too deeply', `${'c0 7f 01'.repeat(40)} 40`],
  ])('%s', (_, text) => {
    expect(bothWays(hex(text))).toEqual([null, null]);
  });

  test('nesting costs no more than it may', () => {
    const described = Buffer.concat([Buffer.alloc(100_000 * 3), hex('40')]);
    for (let at = 0; at < 300_000; at += 3) described.set([0x00, 0x53, 0x77], at);
    expect(bothWays(described)).toEqual([null, null]);
  });
});

test('random changes are judged as by reading', () => {
  const random = new SeededRandom(7);
  const encoded = VALUES.map((value) => new ValueWriter().value(value).take());
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(encoded[Math.floor(random.next() * encoded.length)]!);
    const changes = 1 + Math.floor(random.next() * 3);
    for (let change = 0; change < changes; change++) {
      bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256);
    }
    const [checked, read] = bothWays(bytes);
    expect(checked, bytes.toString('hex', 0, 64)).toBe(read);
  }
});
