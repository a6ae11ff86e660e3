import { AddressBook, BrokerError } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import {
  formatAddress,
  isTemporaryAddress,
  kindOf,
  parseAddress,
  resolveSendAddress,
} from './naming.js';
import { FakeClient } from './testing/fake-client.js';

const book = new AddressBook();

describe('addresses as clients write them', () => {
  test.each([
    ['orders', [], 'queue', 'orders'],
    ['queue://orders', [], 'queue', 'orders'],
    ['topic://sensors.>', [], 'topic', 'sensors.>'],
    ['temp-queue://temporary.1', [], 'queue', 'temporary.1'],
    ['temp-topic://temporary.1', [], 'topic', 'temporary.1'],
    // Capabilities count where the address leaves it open.
    ['orders', ['topic'], 'topic', 'orders'],
    ['orders', ['shared', 'temporary-topic'], 'topic', 'orders'],
    ['queue://orders', ['topic'], 'queue', 'orders'],
    ['topic://orders', ['queue'], 'topic', 'orders'],
    // Only whole prefixes are.
    ['Queue://orders', [], 'queue', 'Queue://orders'],
    ['queue:/orders', [], 'queue', 'queue:/orders'],
    ['queue://queue://orders', [], 'queue', 'queue://orders'],
    ['topic://', [], 'topic', ''],
    ['', [], 'queue', ''],
  ])('%s with %j', (text, capabilities, kind, name) => {
    expect(parseAddress(text, capabilities)).toEqual({ kind, name });
  });

  test.each(['queue://a', 'topic://a.b', 'temp-queue://temporary.1', 'temp-topic://temporary.2'])(
    '%s comes back as it was',
    (text) => {
      const { kind, name } = parseAddress(text);
      expect(formatAddress(book.get(kind, name))).toBe(text);
    },
  );
});

test('the first capability that names a kind counts', () => {
  expect(kindOf(['shared', 'topic', 'queue'])).toBe('topic');
  expect(kindOf(['temporary-queue'])).toBe('queue');
  expect(kindOf(['shared', 'toString', '__proto__'])).toBeNull();
  expect(kindOf([])).toBeNull();
});

test('temporary addresses are known by their names', () => {
  expect(isTemporaryAddress(book.queue('temporary.1'))).toBe(true);
  expect(isTemporaryAddress(book.queue('temporary'))).toBe(false);
  expect(isTemporaryAddress(book.queue('my.temporary.1'))).toBe(false);
});

describe('where a client may send to', () => {
  const resolve = (kind: 'queue' | 'topic', name: string) => {
    const { broker } = new FakeClient({ limits: { nameBytesMax: 20 } });
    return resolveSendAddress({ ...broker, addresses: book } as never, { kind, name });
  };

  test('a queue or a topic', () => {
    expect(resolve('queue', 'a.b').uri).toBe('queue://a.b');
    expect(resolve('topic', 'a.b').uri).toBe('topic://a.b');
    expect(resolve('queue', '$SYS.a').uri).toBe('queue://$SYS.a');
  });

  test.each([
    ['queue', 'a.*', 'invalid-address'],
    ['topic', 'a.>', 'invalid-address'],
    ['queue', '', 'invalid-address'],
    ['queue', 'a name of more than twenty bytes', 'invalid-address'],
    ['topic', '$SYS.broker', 'not-authorized'],
  ] as const)('not %s %s', (kind, name, code) => {
    expect(() => resolve(kind, name)).toThrow(BrokerError);
    expect(() => resolve(kind, name)).toThrow(expect.objectContaining({ code }));
  });
});
