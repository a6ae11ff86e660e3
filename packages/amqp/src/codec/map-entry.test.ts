import { expect, test } from 'vitest';
import { mapEntry } from './map-entry.js';
import { AmqpSymbol, type AmqpValue } from './value.js';

test('an entry is found by the text of its key', () => {
  const map = new Map<AmqpValue, AmqpValue>([
    [1, 'number'],
    [new AmqpSymbol('a'), 'symbol'],
    ['b', null],
  ]);
  expect(mapEntry(map, 'a')).toBe('symbol');
  expect(mapEntry(map, 'b')).toBeNull();
  expect(mapEntry(map, '1')).toBeUndefined();
  expect(mapEntry(map, 'constructor')).toBeUndefined();
});
