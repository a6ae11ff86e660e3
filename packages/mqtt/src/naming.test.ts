import { AddressBook, createLimits } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import {
  addressOfTopic,
  isBrokersOwn,
  parseFilter,
  swapSeparators,
  topicBytes,
  topicOfAddress,
} from './naming.js';

const addresses = new AddressBook();
const limits = createLimits({ nameBytesMax: 20, nameLevelsMax: 4 });
const address = (topic: string) => addressOfTopic(topic, addresses, limits);
const filter = (text: string) => parseFilter(text, addresses, limits);

describe('the swap of separators', () => {
  test.each([
    ['sensors/kitchen/temp', 'sensors.kitchen.temp'],
    ['a.b', 'a/b'],
    ['/a//b/', '.a..b.'],
    ['a/*', 'a.+'],
    ['a/>', 'a.#'],
    ['+/a/#', '*.a.>'],
    ['plain', 'plain'],
    ['ä/ö 😀', 'ä.ö 😀'],
  ])('%j is %j', (mqtt, core) => {
    expect(swapSeparators(mqtt)).toBe(core);
    expect(swapSeparators(core)).toBe(mqtt);
  });

  test('loses nothing', () => {
    const alphabet = ['/', '.', '+', '*', '#', '>', 'a', 'ä'];
    for (let seed = 0; seed < 4096; seed++) {
      const text = [0, 3, 6, 9].map((shift) => alphabet[(seed >> shift) & 7]).join('');
      expect(swapSeparators(swapSeparators(text))).toBe(text);
    }
  });
});

describe('topic names', () => {
  test.each([
    ['a/b', 'topic://a.b'],
    ['/', 'topic://.'],
    ['$SYS/broker', 'topic://$SYS.broker'],
    ['$queue/orders', 'queue://orders'],
    ['$queue/orders.new', 'queue://orders.new'],
    ['$queue', 'topic://$queue'],
    ['$queuex/y', 'topic://$queuex.y'],
  ])('%j is %j', (topic, uri) => {
    expect(address(topic).uri).toBe(uri);
    expect(topicOfAddress(address(topic))).toBe(topic);
    expect(topicBytes(address(topic)).toString()).toBe(topic);
  });

  test.each([
    '',
    'a/+',
    '#',
    '$queue/',
    '$queue/+',
    '$share/g/a',
    'a/b/c/d/e',
    'x'.repeat(21),
    'a\0b',
  ])('%j is refused', (topic) => {
    expect(() => address(topic)).toThrow(expect.objectContaining({ code: 'invalid-address' }));
  });

  test('are cached on their address', () => {
    expect(topicBytes(address('a/b'))).toBe(topicBytes(address('a/b')));
  });

  test('do not exist for names with wildcard characters of other protocols', () => {
    expect(topicBytes(addresses.topic('a*b'))).toHaveLength(0);
    expect(topicBytes(addresses.topic('a.b>'))).toHaveLength(0);
    expect(topicBytes(addresses.topic('a+b')).toString()).toBe('a*b');
    expect(topicBytes(addresses.queue('x'.repeat(70_000)))).toHaveLength(0);
  });

  test('below $SYS belong to the broker', () => {
    expect(isBrokersOwn(address('$SYS/uptime'))).toBe(true);
    expect(isBrokersOwn(address('$SYSTEM/x'))).toBe(false);
    expect(isBrokersOwn(address('$queue/$SYS/x'))).toBe(false);
  });
});

describe('topic filters', () => {
  test.each([
    ['a/+/#', 'a.*.>'],
    ['#', '>'],
    ['$SYS/#', '$SYS.>'],
    ['$share', '$share'],
    ['a.b', 'a/b'],
  ])('%j is the filter %j', (text, wanted) => {
    expect(filter(text)).toEqual({ kind: 'topic', filter: wanted });
  });

  test('[MQTT-4.8.2-1] shared subscriptions name a group and a filter', () => {
    expect(filter('$share/g/a/+')).toEqual({ kind: 'shared', group: 'g', filter: 'a.*' });
    expect(filter('$share/g//')).toEqual({ kind: 'shared', group: 'g', filter: '.' });
    expect(filter('$share/g/#')).toEqual({ kind: 'shared', group: 'g', filter: '>' });
  });

  test.each(['$share/', '$share/g', '$share//a', '$share/g/', '$share/+/a', '$share/g#/a'])(
    '[MQTT-4.8.2-1] [MQTT-4.8.2-2] %j is refused',
    (text) => {
      expect(() => filter(text)).toThrow(expect.objectContaining({ code: 'invalid-address' }));
    },
  );

  test('queues are subscribed to by their own name', () => {
    expect(filter('$queue/orders.new')).toMatchObject({
      kind: 'queue',
      address: { uri: 'queue://orders.new' },
    });
    for (const text of ['$queue/', '$queue/+', '$queue/#', '$share/g/$queue/a']) {
      expect(() => filter(text), text).toThrow();
    }
  });

  test.each(['', 'a#', 'a/#/b', 'a+', 'a/b/c/d/e', 'x'.repeat(21)])('%j is refused', (text) => {
    expect(() => filter(text)).toThrow(expect.objectContaining({ code: 'invalid-address' }));
  });
});
