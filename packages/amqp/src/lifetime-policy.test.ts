import { expect, test } from 'vitest';
import { AmqpSymbol, type AmqpValue, Described } from './codec/value.js';
import { readLifetime, writeLifetime } from './lifetime-policy.js';

const properties = (value: AmqpValue) => new Map([[new AmqpSymbol('lifetime-policy'), value]]);

test.each([
  ['delete-on-close', 0x2b],
  ['delete-on-no-links', 0x2c],
  ['delete-on-no-messages', 0x2d],
  ['delete-on-no-links-or-messages', 0x2e],
] as const)('3.5.10 to 3.5.13 %s has a number and a symbol', (policy, code) => {
  expect(readLifetime(properties(new Described(code, [])))).toBe(policy);
  expect(readLifetime(properties(new Described(`amqp:${policy}:list`, [])))).toBe(policy);
  const [[name, value]] = [...writeLifetime(policy)] as [[AmqpSymbol, AmqpValue]];
  expect([name.text, value]).toEqual(['lifetime-policy', new Described(code, [])]);
});

test.each<[string, AmqpValue | undefined]>([
  ['nothing', undefined],
  ['something that is not described', 'delete-on-no-links'],
  ['something that nobody knows', new Described(0x99, [])],
  ['a large number', new Described(2n ** 63n, [])],
])('3.5.9 %s is delete-on-close', (_, value) => {
  expect(readLifetime(value === undefined ? null : properties(value))).toBe('delete-on-close');
});
