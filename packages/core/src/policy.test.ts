import { describe, expect, test } from 'vitest';
import { AddressBook } from './address.js';
import { Policies, specificity } from './policy.js';

const addresses = new AddressBook();
const DEFAULTS = { maxDeliveries: 6, deadLetter: 'DLQ', autoCreate: true, strict: false };

describe('specificity', () => {
  test('rises with literal levels, then with single wildcards', () => {
    const ordered = ['>', '*', '*.*', 'a.>', 'a.*', '*.b.>', 'a.b.>', 'a.b.*', 'a.b.c'];
    const sorted = [...ordered].sort((left, right) => specificity(left) - specificity(right));
    expect(sorted.indexOf('>')).toBe(0);
    for (const [vague, specific] of [
      ['>', '*'],
      ['*', 'a.>'],
      ['a.>', 'a.*'],
      ['a.*', 'a.b.>'],
      ['a.b.>', 'a.b.*'],
      ['a.b.*', 'a.b.c'],
      ['queue://>', 'queue://*'],
      ['queue://*', 'queue://a'],
      ['queue://>', 'queue://a.>'],
    ] as const) {
      expect(specificity(vague), `${vague} before ${specific}`).toBeLessThan(specificity(specific));
    }
  });
});

describe('Policies', () => {
  test('start from the defaults', () => {
    expect(new Policies().for(addresses.queue('a'))).toEqual(DEFAULTS);
  });

  test('hold for the destinations that match', () => {
    const policies = new Policies([{ destination: 'queue://orders.>', maxDeliveries: 2 }]);
    expect(policies.for(addresses.queue('orders.new')).maxDeliveries).toBe(2);
    expect(policies.for(addresses.queue('orders')).maxDeliveries).toBe(2);
    expect(policies.for(addresses.queue('order')).maxDeliveries).toBe(6);
    expect(policies.for(addresses.topic('orders.new')).maxDeliveries).toBe(6);
  });

  test('let the most specific pattern win, value by value, in any order of writing', () => {
    const written = [
      { destination: 'queue://orders.new', maxDeliveries: 1 },
      {
        destination: 'queue://>',
        maxDeliveries: 9,
        deadLetter: 'all',
        strict: true,
        autoCreate: false,
      },
      { destination: 'queue://orders.*', maxDeliveries: 5, deadLetter: 'orders', strict: false },
    ];
    for (const policies of [new Policies(written), new Policies([...written].reverse())]) {
      expect(policies.for(addresses.queue('orders.new'))).toEqual({
        maxDeliveries: 1,
        deadLetter: 'orders',
        autoCreate: false,
        strict: false,
      });
      expect(policies.for(addresses.queue('other'))).toEqual({
        maxDeliveries: 9,
        deadLetter: 'all',
        autoCreate: false,
        strict: true,
      });
    }
  });

  test('let the later one win among equals', () => {
    const policies = new Policies([
      { destination: 'topic://a.b', maxDeliveries: 1 },
      { destination: 'topic://a.b', maxDeliveries: 2 },
    ]);
    expect(policies.for(addresses.topic('a.b')).maxDeliveries).toBe(2);
  });

  test('do not change the list they were made from', () => {
    const written = [{ destination: 'queue://a' }, { destination: 'queue://>' }];
    new Policies(written);
    expect(written.map(({ destination }) => destination)).toEqual(['queue://a', 'queue://>']);
  });

  test('say whether any destination may be strict', () => {
    expect(new Policies([{ destination: 'queue://a', strict: false }]).anyStrict).toBe(false);
    expect(new Policies([{ destination: 'queue://a', strict: true }]).anyStrict).toBe(true);
  });
});
