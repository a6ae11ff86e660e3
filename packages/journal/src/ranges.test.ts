import { ByteReader, ByteWriter } from '@causeway/wire';
import fastCheck from 'fast-check';
import { expect, test } from 'vitest';
import { mergeRanges, readRanges, writeRanges } from './ranges.js';

const anyRanges = fastCheck
  .array(fastCheck.tuple(fastCheck.nat(200), fastCheck.nat(6)))
  .map((pairs) => pairs.flatMap(([first, more]) => [first, first + more]));

function members(ranges: readonly number[]): Set<number> {
  const numbers = new Set<number>();
  for (let index = 0; index < ranges.length; index += 2) {
    for (let number = ranges[index]!; number <= ranges[index + 1]!; number++) numbers.add(number);
  }
  return numbers;
}

test('merged ranges hold the same numbers, sorted and apart', () => {
  fastCheck.assert(
    fastCheck.property(anyRanges, (ranges) => {
      const merged = mergeRanges(ranges);
      expect(members(merged)).toEqual(members(ranges));
      for (let index = 2; index < merged.length; index += 2) {
        expect(merged[index]!).toBeGreaterThan(merged[index - 1]! + 1);
      }
    }),
  );
});

test('ranges survive being written and read', () => {
  fastCheck.assert(
    fastCheck.property(anyRanges, (ranges) => {
      const merged = mergeRanges(ranges);
      const writer = new ByteWriter();
      writeRanges(writer, merged);
      expect(readRanges(new ByteReader(writer.take()))).toEqual(merged);
    }),
  );
});
