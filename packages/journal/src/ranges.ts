import type { ByteReader, ByteWriter } from '@causeway/wire';
import { readNumber, writeNumber } from './integers.js';

/** Flat [first, last, first, last...] pairs in any order, as sorted, disjoint, apart pairs. */
export function mergeRanges(ranges: readonly number[]): number[] {
  if (ranges.length <= 2) return [...ranges];
  const order: number[] = [];
  for (let index = 0; index < ranges.length; index += 2) order.push(index);
  order.sort((left, right) => ranges[left]! - ranges[right]!);
  const merged: number[] = [];
  for (const index of order) {
    const first = ranges[index]!;
    const last = ranges[index + 1]!;
    const end = merged.length - 1;
    if (end >= 0 && first <= merged[end]! + 1) merged[end] = Math.max(merged[end]!, last);
    else merged.push(first, last);
  }
  return merged;
}

/** Writes what `mergeRanges` returns: a count, then for each the gap before it and its length. */
export function writeRanges(writer: ByteWriter, ranges: readonly number[]): void {
  writeNumber(writer, ranges.length / 2);
  let previous = 0;
  for (let index = 0; index < ranges.length; index += 2) {
    writeNumber(writer, ranges[index]! - previous);
    writeNumber(writer, ranges[index + 1]! - ranges[index]!);
    previous = ranges[index + 1]!;
  }
}

export function readRanges(reader: ByteReader): number[] {
  const ranges: number[] = [];
  let previous = 0;
  for (let count = readNumber(reader); count > 0; count--) {
    const first = previous + readNumber(reader);
    previous = first + readNumber(reader);
    ranges.push(first, previous);
  }
  return ranges;
}
