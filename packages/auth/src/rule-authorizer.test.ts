import { type Action, AddressBook, type Principal } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { ANONYMOUS_NAME, type AuthorizationRule, RuleAuthorizer } from './rule-authorizer.js';

const book = new AddressBook();
const member = (...groups: string[]): Principal => ({ name: 'somebody', groups: new Set(groups) });

function asker(...rules: AuthorizationRule[]) {
  const authorizer = new RuleAuthorizer(rules);
  return (principal: Principal, action: Action, uri: string) =>
    authorizer.allows(principal, action, book.parse(uri));
}

describe('the authorization map', () => {
  test('without rules is open', () => {
    expect(asker()(member(), 'admin', 'queue://anything')).toBe(true);
  });

  test('gives each action to its groups and to nobody else', () => {
    const may = asker({
      destination: 'queue://orders.>',
      read: ['clerks'],
      write: ['shops'],
      admin: ['admins'],
    });
    expect(may(member('clerks'), 'read', 'queue://orders.new')).toBe(true);
    expect(may(member('clerks'), 'write', 'queue://orders.new')).toBe(false);
    expect(may(member('x', 'shops'), 'write', 'queue://orders.new.eu')).toBe(true);
    expect(may(member('shops'), 'admin', 'queue://orders')).toBe(false);
    expect(may(member('admins'), 'admin', 'queue://orders')).toBe(true);
  });

  test('closes what no rule names, and actions that a rule leaves out', () => {
    const may = asker({ destination: 'queue://orders.>', read: ['clerks'] });
    expect(may(member('clerks'), 'read', 'queue://invoices')).toBe(false);
    expect(may(member('clerks'), 'read', 'topic://orders.new')).toBe(false);
    expect(may(member('clerks'), 'write', 'queue://orders.new')).toBe(false);
  });

  test('lets the most specific rule decide alone, wherever it stands', () => {
    const rules: AuthorizationRule[] = [
      { destination: 'queue://>', read: ['all'] },
      { destination: 'queue://orders.>', read: ['clerks'] },
      { destination: 'queue://orders.*', read: ['singles'] },
      { destination: 'queue://orders.secret', read: ['bosses'] },
      { destination: 'queue://orders', read: ['roots'] },
      { destination: 'queue://*.secret', read: ['spies'] },
    ];
    for (const order of [rules, [...rules].reverse()]) {
      const may = asker(...order);
      expect(may(member('bosses'), 'read', 'queue://orders.secret')).toBe(true);
      expect(
        may(member('clerks', 'all', 'singles', 'spies'), 'read', 'queue://orders.secret'),
      ).toBe(false);
      expect(may(member('singles'), 'read', 'queue://orders.new')).toBe(true);
      expect(may(member('clerks'), 'read', 'queue://orders.new.eu')).toBe(true);
      expect(may(member('roots'), 'read', 'queue://orders')).toBe(true);
      expect(may(member('clerks'), 'read', 'queue://orders')).toBe(false);
      expect(may(member('spies'), 'read', 'queue://a.secret')).toBe(true);
      expect(may(member('all'), 'read', 'queue://elsewhere')).toBe(true);
    }
  });

  test('knows everybody and the anonymous', () => {
    const may = asker(
      { destination: 'topic://public.>', read: ['*'] },
      { destination: 'topic://lobby', read: ['anonymous'] },
      { destination: 'topic://members', read: ['members'] },
    );
    const anonymous = { name: ANONYMOUS_NAME, groups: new Set<string>(['members']) };
    expect(may(member(), 'read', 'topic://public.news')).toBe(true);
    expect(may(anonymous, 'read', 'topic://public.news')).toBe(true);
    expect(may(anonymous, 'read', 'topic://lobby')).toBe(true);
    expect(may(anonymous, 'read', 'topic://members')).toBe(false);
    expect(may(member('members'), 'read', 'topic://lobby')).toBe(false);
  });
});

describe('filters with wildcards', () => {
  test('need every rule that decides over something below them', () => {
    const may = asker(
      { destination: 'topic://>', read: ['all'] },
      { destination: 'topic://secret.>', read: ['bosses'] },
    );
    expect(may(member('all'), 'read', 'topic://news.*')).toBe(true);
    expect(may(member('all'), 'read', 'topic://>')).toBe(false);
    expect(may(member('all', 'bosses'), 'read', 'topic://>')).toBe(true);
    expect(may(member('all'), 'read', 'topic://*.plans')).toBe(false);
    expect(may(member('bosses'), 'read', 'topic://secret.*')).toBe(true);
    expect(may(member('bosses'), 'read', 'topic://*.plans')).toBe(false);
  });

  test('are not granted by rules that cover only a part', () => {
    const may = asker({ destination: 'topic://news.*', read: ['all'] });
    expect(may(member('all'), 'read', 'topic://news.*')).toBe(true);
    expect(may(member('all'), 'read', 'topic://news.>')).toBe(false);
    expect(may(member('all'), 'read', 'topic://*.sport')).toBe(false);
    expect(may(member('all'), 'read', 'topic://>')).toBe(false);
  });

  test('do not reach names that begin with a dollar sign [MQTT-4.7.2-1]', () => {
    const may = asker(
      { destination: 'topic://>', read: ['all'] },
      { destination: 'topic://$SYS.>', read: ['admins'] },
    );
    expect(may(member('all'), 'read', 'topic://>')).toBe(true);
    expect(may(member('all'), 'read', 'topic://*.broker')).toBe(true);
    expect(may(member('all'), 'read', 'topic://$SYS.>')).toBe(false);
    expect(may(member('all'), 'read', 'topic://$SYS.broker.uptime')).toBe(false);
    expect(may(member('admins'), 'read', 'topic://$SYS.>')).toBe(true);
  });
});

describe('a destination in a rule', () => {
  test.each(['orders.>', 'queues://orders', 'queue://', 'topic://a.>.b'])(
    '%s is refused',
    (text) => {
      expect(() => new RuleAuthorizer([{ destination: text }])).toThrow();
    },
  );
});
