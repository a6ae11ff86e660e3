import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { IncomingMessage } from './clients/message-client.js';
import { formatMessage, writeMessage } from './print-message.js';

const message: IncomingMessage = {
  destination: '/queue/a',
  body: Buffer.from('hello'),
  headers: [
    ['a', '1'],
    ['b', '2'],
    ['a', '3'],
  ],
  contentType: 'text/plain',
  redelivered: false,
};

test('bodies are lines, or as they are', () => {
  expect(formatMessage(message, 'lines').toString()).toBe('hello\n');
  expect(formatMessage(message, 'raw')).toBe(message.body);
});

test('JSON has all of it, and bytes that are not text as base64', () => {
  expect(JSON.parse(formatMessage(message, 'json').toString())).toEqual({
    destination: '/queue/a',
    body: 'hello',
    contentType: 'text/plain',
    headers: { a: ['1', '3'], b: '2' },
    redelivered: false,
  });
  const binary = {
    ...message,
    body: Buffer.from([0xff, 0]),
    headers: [],
    contentType: null,
    qos: 1,
  };
  expect(JSON.parse(formatMessage(binary, 'json').toString())).toEqual({
    destination: '/queue/a',
    bodyBase64: '/wA=',
    redelivered: false,
    qos: 1,
  });
});

test('a reader that is slow is waited for', async () => {
  const output = new PassThrough({ highWaterMark: 1 });
  let done = false;
  const writing = writeMessage(output, message, 'raw').then(() => {
    done = true;
  });
  await Promise.resolve();
  expect(done).toBe(false);
  output.resume();
  await writing;
});
