import { ByteReader } from '@causeway/wire';
import { expect, test } from 'vitest';
import { mergeAmendments } from './amendments.js';
import { AmqpSymbol, type AmqpValue } from './codec/value.js';
import { readValue } from './codec/value-reader.js';
import { ValueWriter } from './codec/value-writer.js';

const LARGE = 1000;

function map(entries: Readonly<Record<string, AmqpValue>>): Buffer {
  const items = Object.entries(entries).map(([name, value]) => [new AmqpSymbol(name), value]);
  return new ValueWriter().value(new Map(items as [AmqpSymbol, AmqpValue][])).take();
}

function read(bytes: Buffer | undefined): Record<string, AmqpValue> {
  const value = readValue(new ByteReader(bytes!)) as ReadonlyMap<AmqpValue, AmqpValue>;
  return Object.fromEntries([...value].map(([name, item]) => [String(name), item]));
}

test('3.4.5 what is added first is all there is', () => {
  expect(read(mergeAmendments(null, map({ a: 1, b: 'two' }), LARGE))).toEqual({ a: 1, b: 'two' });
});

test('3.4.5 of the same keys the new ones count', () => {
  const former = map({ a: 1, b: 2 });
  expect(read(mergeAmendments(former, map({ b: 3, c: 4 }), LARGE))).toEqual({ a: 1, b: 3, c: 4 });
});

test('names of the broker are left out', () => {
  const added = map({ 'x-opt-dead-letter-reason': 'none', 'x-dead-letter-x': 1, c: 4 });
  expect(read(mergeAmendments(null, added, LARGE))).toEqual({ c: 4 });
});

test('what is too much is not taken, however small the new part is', () => {
  const former = map({ a: 'x'.repeat(50) });
  expect(mergeAmendments(former, map({ b: 1 }), former.length)).toBeUndefined();
  expect(mergeAmendments(former, map({ a: 'y'.repeat(50) }), former.length + 10)).toBeDefined();
});
