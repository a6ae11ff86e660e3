import { expect, test } from 'vitest';
import { isQueue, toProtocolName } from './destination.js';

test.each([
  ['queue://orders', 'stomp', '/queue/orders'],
  ['topic://a.>', 'stomp', '/topic/a.>'],
  ['/queue/orders', 'stomp', '/queue/orders'],
  ['topic://sensors.*.temp', 'mqtt', 'sensors/+/temp'],
  ['topic://a.>', 'mqtt', 'a/#'],
  ['queue://orders', 'mqtt', '$queue/orders'],
  ['sensors/kitchen', 'mqtt', 'sensors/kitchen'],
  ['queue://orders', 'amqp', 'queue://orders'],
  ['topic://a.b', 'amqp', 'topic://a.b'],
  ['orders', 'amqp', 'orders'],
] as const)('%s is in %s %s', (destination, protocol, name) => {
  expect(toProtocolName(destination, protocol)).toBe(name);
});

test('STOMP has no plain names', () => {
  expect(() => toProtocolName('orders', 'stomp')).toThrow(/queue:\/\/orders/);
  expect(() => toProtocolName('', 'mqtt')).toThrow(/empty/);
  expect(() => toProtocolName('', 'amqp')).toThrow(/empty/);
});

test.each([
  ['/queue/a', 'stomp', true],
  ['/topic/a', 'stomp', false],
  ['$queue/a', 'mqtt', true],
  ['a', 'mqtt', false],
  ['queue://a', 'amqp', true],
  ['a', 'amqp', true],
  ['topic://a', 'amqp', false],
] as const)('whether %s is shared in %s: %s', (name, protocol, shared) => {
  expect(isQueue(name, protocol)).toBe(shared);
});
