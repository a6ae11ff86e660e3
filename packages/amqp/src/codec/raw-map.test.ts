import { ByteReader, WireError } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { hex } from '../testing/amqp-frames.js';
import { encodeRawMap, readRawMap } from './raw-map.js';
import { readValue } from './value-reader.js';

const read = (text: string) => readRawMap(hex(text), 0, hex(text).length);
/** A short map of that many items. */
const map = (count: number, items: string): string => {
  const size = (hex(items).length + 1).toString(16).padStart(2, '0');
  return `c1 ${size} ${count.toString(16).padStart(2, '0')} ${items}`;
};

describe('a map', () => {
  test.each([
    ['empty', 'c1 01 00'],
    ['empty in the long form', 'd1 00000004 00000000'],
    ['with a symbol and a number', map(2, 'a3 01 61 50 01')],
    ['with keys of any type', 'd1 0000000b 00000004 54 01 a1 01 78 40 41'],
    ['in a map', map(2, `a3 01 61 ${map(2, 'a1 01 62 40')}`)],
  ])('%s comes back', (_, text) => {
    const again = encodeRawMap(read(text));
    expect(readValue(new ByteReader(again))).toEqual(readValue(new ByteReader(hex(text))));
  });

  test('has its entries by the text of their keys, as they were written', () => {
    const entries = read(map(4, 'a3 01 61 50 01 a1 02 c3a4 70 00000001'));
    expect([...entries.keys()]).toEqual(['a', 'ä']);
    expect(entries.get('a')).toEqual(hex('a3 01 61 50 01'));
    expect(entries.get('ä')).toEqual(hex('a1 02 c3 a4 70 00000001'));
  });

  test('may have long keys', () => {
    const name = 'n'.repeat(300);
    const key = Buffer.concat([hex('b3 0000012c'), Buffer.from(name)]);
    const long = encodeRawMap(new Map([[name, Buffer.concat([key, hex('41')])]]));
    expect([...readRawMap(long, 0, long.length).keys()]).toEqual([name]);
  });

  test('has the last of the entries whose keys are the same', () => {
    expect([...read(map(4, 'a3 01 61 50 01 a1 01 61 50 02')).values()]).toEqual([
      hex('a1 01 61 50 02'),
    ]);
  });

  test('keeps numbers apart from texts', () => {
    expect(read(map(4, '53 31 41 a3 04 35333331 42')).size).toBe(2);
  });
});

describe('what is no map', () => {
  test.each([
    ['nothing', ''],
    ['a list', 'c0 01 00'],
    ['a key without a value', map(1, 'a3 01 61')],
    ['more items than bytes', 'd1 00000004 fffffffe'],
    ['more items than there are', map(4, 'a3 01 61 50 01')],
    ['bytes behind the last item', map(2, 'a3 01 61 50 01 40')],
    ['a size that leaves no room for the count', 'c1 00'],
    ['a key that is not complete', map(2, 'a3 09')],
  ])('%s', (_, text) => {
    expect(() => read(text)).toThrow(WireError);
  });
});
