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
] as const)('%s is in %s %s', (destination, protocol, name) => {
  expect(toProtocolName(destination, protocol)).toBe(name);
});

test('STOMP has no plain names', () => {
  expect(() => toProtocolName('orders', 'stomp')).toThrow(/queue:\/\/orders/);
  expect(() => toProtocolName('', 'mqtt')).toThrow(/empty/);
});

test('queues are shared', () => {
  expect(['/queue/a', '$queue/a', '/topic/a', 'a'].map(isQueue)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
