import { describe, expect, test } from 'vitest';
import { AddressBook, checkFilter, checkName, hasWildcard, matchesFilter } from './address.js';
import { BrokerError } from './errors.js';
import { createLimits } from './limits.js';

const limits = createLimits({ nameBytesMax: 12, nameLevelsMax: 4 });

function accepts(check: typeof checkName, name: string): boolean {
  try {
    check(name, limits);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(BrokerError);
    expect((error as BrokerError).code).toBe('invalid-address');
    return false;
  }
}

describe('a name', () => {
  test.each([
    ['of one character', 'a', true],
    ['that is empty', '', false],
    ['of as many bytes as allowed', 'x'.repeat(12), true],
    ['of one byte more', 'x'.repeat(13), false],
    ['of as many bytes as allowed, in three-byte characters', '€'.repeat(4), true],
    ['of few characters but too many bytes', '€€€€x', false],
    ['of as many levels as allowed', 'a.b.c.d', true],
    ['of one level more', 'a.b.c.d.e', false],
    ['of as many empty levels as allowed', '...', true],
    ['of one empty level more', '....', false],
    ['with U+0000', 'a\0b', false],
    ['with spaces', 'a b.c d', true],
    ['with slashes', 'a/b', true],
    ['with a star inside of a level', 'a*b.c', true],
    ['with an angle bracket inside of a level', 'a>.b', true],
    ['with a star as a level', 'a.*.b', false],
    ['with an angle bracket as a level', 'a.>', false],
    ['that is a star', '*', false],
  ])('%s is judged right', (_, name, valid) => {
    expect(accepts(checkName, name)).toBe(valid);
  });
});

describe('a filter', () => {
  test.each([
    ['a', true],
    ['', false],
    ['*', true],
    ['>', true],
    ['a.*.b', true],
    ['*.*.*.*', true],
    ['*.*.*.*.*', false],
    ['a.>', true],
    ['*.>', true],
    ['>.a', false],
    ['a.>.b', false],
    ['>.>', false],
    ['a.b>', true],
    ['a.*b', true],
    ['a\0', false],
    ['x'.repeat(13), false],
  ])('%j is judged right', (filter, valid) => {
    expect(accepts(checkFilter, filter)).toBe(valid);
  });
});

test.each([
  ['a.b', false],
  ['a*', false],
  ['a>.b', false],
  ['*', true],
  ['a.*', true],
  ['>', true],
  ['a.>', true],
])('%j is known to have a wildcard level or not', (name, wildcard) => {
  expect(hasWildcard(name)).toBe(wildcard);
});

describe('matchesFilter', () => {
  test.each([
    ['a.b', 'a.b', true],
    ['a.b', 'a.c', false],
    ['a.b', 'a', false],
    ['a', 'a.b', false],
    ['A', 'a', false],
    ['*', 'a', true],
    ['*', 'a.b', false],
    ['*', '', true],
    ['*.*', 'a.b', true],
    ['*.*', '.b', true],
    ['*.b', 'a.b', true],
    ['a.*', 'a.', true],
    ['a.*', 'a', false],
    ['a.*.c', 'a.b.c', true],
    ['a.*.c', 'a.b.d', false],
    ['>', 'a', true],
    ['>', 'a.b.c', true],
    // Permissions and policies cover the broker's own names too, unlike subscriptions.
    ['>', '$SYS.uptime', true],
    ['a.>', 'a', true],
    ['a.>', 'a.b', true],
    ['a.>', 'a.b.c', true],
    ['a.>', 'ab', false],
    ['a.>', 'b.a', false],
    ['*.>', 'a.b.c', true],
    ['a.b>', 'a.b>', true],
    ['a.b>', 'a.bc', false],
  ])('says of %j whether it matches %j', (filter, name, matches) => {
    expect(matchesFilter(filter, name)).toBe(matches);
  });
});

describe('AddressBook', () => {
  test('has one object for each kind and name', () => {
    const book = new AddressBook();
    expect(book.queue('a')).toBe(book.get('queue', 'a'));
    expect(book.topic('a')).toBe(book.get('topic', 'a'));
    expect(book.queue('a')).not.toBe(book.topic('a'));
  });

  test.each([
    ['queue://orders.new', 'queue', 'orders.new'],
    ['topic://orders.new', 'topic', 'orders.new'],
    ['orders.new', 'queue', 'orders.new'],
    ['queue://topic://x', 'queue', 'topic://x'],
  ])('reads %s', (uri, kind, name) => {
    const book = new AddressBook();
    expect(book.parse(uri)).toBe(book.get(kind as 'queue' | 'topic', name));
  });

  test('writes what it reads', () => {
    const book = new AddressBook();
    for (const address of [book.queue('a.b'), book.topic('$x'), book.queue('topic://x')]) {
      expect(book.parse(address.uri)).toBe(address);
    }
  });

  test('is not confused by names of properties', () => {
    const book = new AddressBook();
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(book.queue(name).name).toBe(name);
      expect(book.queue(name)).toBe(book.queue(name));
    }
  });

  test('forgets addresses rather than growing without bound', () => {
    const book = new AddressBook();
    const first = book.queue('0');
    for (let index = 0; index <= 100_000; index++) book.queue(String(index));
    const again = book.queue('0');
    expect(again).not.toBe(first);
    expect(again.uri).toBe(first.uri);
  });
});
