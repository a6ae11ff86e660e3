import { expect, test } from 'vitest';
import type { ContentValue } from './content.js';
import { previewOf, sameValue } from './explain-value.js';

const VALUES: ContentValue[] = [
  null,
  true,
  'a',
  '5',
  5,
  1.5,
  Number.NaN,
  new Date(5),
  Buffer.from('a'),
  [1, 'a'],
  [1],
  new Map([['a', 1]]),
  new Map([['a', 2]]),
  new Map<ContentValue, ContentValue>([
    ['a', 1],
    ['b', 2],
  ]),
];

test('each value is the same as itself and no other', () => {
  for (const [row, left] of VALUES.entries()) {
    for (const [column, right] of VALUES.entries()) {
      expect(sameValue(left, right)).toBe(row === column);
    }
  }
});

test.each<[string, ContentValue, ContentValue]>([
  ['integers', 5, 5n],
  ['zeros', 0, -0],
  ['what is no number', Number.NaN, Number.NaN],
  ['times', new Date(7), new Date(7)],
  ['bytes', Buffer.from('ab'), new Uint8Array([97, 98])],
  ['lists and maps', [new Map([['a', [1]]])], [new Map([['a', [1n]]])]],
])('equal %s are the same', (_, left, right) => {
  expect(sameValue(left, right)).toBe(true);
});

test.each<[string, ContentValue, string]>([
  ['a text', 'hello', 'hello'],
  ['a long text', 'x'.repeat(200), `${'x'.repeat(80)}… (200 characters)`],
  ['no bytes', Buffer.alloc(0), ' (0 bytes)'],
  ['bytes of a text', Buffer.from('hä'), 'hä (3 bytes)'],
  ['many bytes of a text', Buffer.alloc(90, 'x'), `${'x'.repeat(80)}… (90 bytes)`],
  ['bytes', Buffer.of(0, 255), '0x00ff (2 bytes)'],
  ['many bytes', Buffer.alloc(30), `0x${'00'.repeat(24)}… (30 bytes)`],
  ['a list', [1, 'a'], '[1,"a"]'],
  ['a number', 1.5, '1.5'],
])('the preview of %s', (_, value, preview) => {
  expect(previewOf(value)).toBe(preview);
});
