import { expect, test } from 'vitest';
import { MessageLayout, readLayout } from './codec/message-sections.js';
import { expiresAtOf } from './expiry-time.js';
import { encodeMessage } from './testing/amqp-messages.js';

const NOW = 1_000_000;

function expiresAt(ttl?: number, absolute?: number): number {
  const fields = Array.from({ length: 8 }, () => null);
  const bytes = encodeMessage({
    ...(ttl === undefined ? {} : { header: { ttl } }),
    ...(absolute === undefined ? {} : { properties: [...fields, new Date(absolute)] }),
    value: 'a',
  });
  const layout = new MessageLayout();
  readLayout(bytes, 0, bytes.length, layout);
  return expiresAtOf(bytes, layout, NOW);
}

test.each([
  ['nothing', undefined, undefined, 0],
  ['a ttl', 5000, undefined, NOW + 5000],
  ['a time', undefined, NOW + 7000, NOW + 7000],
  ['a ttl that ends before the time', 5000, NOW + 7000, NOW + 5000],
  ['a time that comes before the ttl ends', 5000, NOW + 3000, NOW + 3000],
  ['a time that is over', 5000, NOW - 1, NOW - 1],
  ['a ttl of 0, for never', 0, undefined, 0],
  ['a time of 0, for never', undefined, 0, 0],
  ['a time before 1970', 5000, -1, NOW + 5000],
  ['a ttl of 0 and a time', 0, NOW + 7000, NOW + 7000],
])('3.2.1 3.2.4 %s', (_, ttl, absolute, expected) => {
  expect(expiresAt(ttl, absolute)).toBe(expected);
});
