import { Address } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import {
  destinationLine,
  formatDestination,
  formatRemote,
  parseDestination,
  parseDestinations,
  replyToDestination,
  replyToUri,
} from './naming.js';

describe('destinations', () => {
  test.each([
    ['/queue/orders.new', 'queue', 'orders.new', false],
    ['/topic/sensors.kitchen', 'topic', 'sensors.kitchen', false],
    ['/queue/a/b', 'queue', 'a/b', false],
    ['queue://a', 'queue', 'a', false],
    ['topic://a', 'topic', 'a', false],
    ['/temp-queue/mine', 'queue', 'mine', true],
    ['/temp-topic/mine', 'topic', 'mine', true],
    ['/remote-temp-queue/x', 'queue', 'x', false],
    ['/remote-temp-topic/x', 'topic', 'x', false],
  ] as const)('%s', (text, kind, name, temporary) => {
    expect(parseDestination(text)).toEqual({ kind, name, temporary });
  });

  test.each(['orders', '', 'queue/orders', '/Queue/orders', '/exchange/a', '/queue'])(
    '%j has no known prefix',
    (text) => {
      expect(parseDestination(text)).toBeNull();
      expect(() => parseDestinations(text)).toThrow('a destination begins with');
    },
  );

  test('may be several, and inherit the kind of the one before', () => {
    const names = parseDestinations('/queue/a,b,/topic/c,topic://d,e');
    expect(names.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'queue a',
      'queue b',
      'topic c',
      'topic d',
      'topic e',
    ]);
  });

  test('are written with their prefix', () => {
    expect(formatDestination(new Address('queue', 'a.b'))).toBe('/queue/a.b');
    expect(formatRemote(new Address('topic', 'a'))).toBe('/remote-temp-topic/a');
  });

  test('keep their header line, unless versions write it differently', () => {
    const plain = new Address('topic', 'a.b');
    expect(destinationLine(plain, 2).toString()).toBe('destination:/topic/a.b\n');
    expect(destinationLine(plain, 0)).toBe(destinationLine(plain, 2));
    const odd = new Address('topic', 'a:b');
    expect(destinationLine(odd, 2).toString()).toBe('destination:/topic/a\\cb\n');
    expect(destinationLine(odd, 0).toString()).toBe('destination:/topic/a:b\n');
  });
});

describe('reply-to', () => {
  test.each([
    ['/queue/a', 'queue://a'],
    ['/topic/a.b', 'topic://a.b'],
    ['/remote-temp-queue/temporary.1', 'queue://temporary.1'],
    ['queue://a', 'queue://a'],
  ])('%s is %s', (text, uri) => {
    expect(replyToUri(text)).toBe(uri);
  });

  test.each(['', 'a', '/queue/', '/temp-queue/a', 'http://x'])('%j is no address', (text) => {
    expect(replyToUri(text)).toBeNull();
  });

  test('goes back to a destination', () => {
    expect(replyToDestination('queue://a')).toBe('/queue/a');
    expect(replyToDestination('topic://a')).toBe('/topic/a');
    expect(replyToDestination('elsewhere')).toBe('elsewhere');
  });
});
