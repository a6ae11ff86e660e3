import { expect, test } from 'vitest';
import { sniff } from './sniff.js';

test.each([
  ['CONNECT\n', 'yes'],
  ['CONNECT\r', 'yes'],
  ['STOMP\n', 'yes'],
  ['STOMP\r\n', 'yes'],
  ['\n\r\n\nCONNECT\nhost:a', 'yes'],
  ['', 'more'],
  ['\n', 'more'],
  ['C', 'more'],
  ['CONNECT', 'more'],
  ['ST', 'more'],
  ['\r\nSTOMP', 'more'],
  ['CONNECT example.com:443 HTTP/1.1', 'no'],
  ['CONNECTED\n', 'no'],
  ['GET / HTTP/1.1', 'no'],
  ['\x10\x0c\x00\x04MQTT', 'no'],
  ['AMQP\x00\x01\x00\x00', 'no'],
  ['STOMPER\n', 'no'],
])('%j: %s', (head, answer) => {
  expect(sniff(Buffer.from(head, 'latin1'))).toBe(answer);
});
