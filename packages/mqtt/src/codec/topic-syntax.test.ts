import { expect, test } from 'vitest';
import { isTopicFilter, isTopicName } from './topic-syntax.js';

test.each(['a', '/', 'a/b', '/a', 'a/', 'a//b', ' ', 'a b', '$SYS/x', 'ä/ö', '*', 'a.b>'])(
  'topic name %j',
  (name) => {
    expect(isTopicName(name)).toBe(true);
    expect(isTopicFilter(name)).toBe(true);
  },
);

test.each(['', '+', '#', 'a/+', 'a/#', 'a+', '#a'])('no topic name: %j', (name) => {
  expect(isTopicName(name)).toBe(false);
});

test.each(['#', '+', '/#', '/+', '+/#', '+/+', 'a/+/b', 'a/#', '+/a/#', '/+/'])(
  '[MQTT-4.7.1-1] [MQTT-4.7.1-2] topic filter %j',
  (filter) => {
    expect(isTopicFilter(filter)).toBe(true);
  },
);

test.each(['', 'a#', '#/', '#/a', 'a/#/b', 'a+', '+a', 'a/b+', 'a/+b/c', '++', '##', 'a/#b'])(
  '[MQTT-4.7.1-1] [MQTT-4.7.1-2] no topic filter: %j',
  (filter) => {
    expect(isTopicFilter(filter)).toBe(false);
  },
);
