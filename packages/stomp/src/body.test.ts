import { expect, test } from 'vitest';
import { readBody, writeBody } from './body.js';

const LATIN1 = Buffer.from('fc6e', 'hex');

test.each([
  ['plain text', Buffer.from('hello'), undefined, undefined, 'text'],
  ['nothing', Buffer.alloc(0), undefined, undefined, 'text'],
  ['UTF-8', Buffer.from('grüß ☃'), undefined, undefined, 'text'],
  ['bytes', Buffer.from('ff00', 'hex'), undefined, undefined, 'binary'],
  ['bytes that happen to be UTF-8', Buffer.from('00000001', 'hex'), undefined, undefined, 'binary'],
  ['text said to be bytes', Buffer.from('hello'), 'text/plain', 'bytes', 'binary'],
  ['text said to be text', Buffer.from('a\0b'), undefined, 'text', 'text'],
  ['bytes said to be text', LATIN1, undefined, 'text', 'binary'],
  ['text/plain', Buffer.from('a'), 'text/plain', undefined, 'text'],
  ['JSON', Buffer.from('{}'), 'application/json', undefined, 'text'],
  ['a JSON dialect', Buffer.from('{}'), 'application/problem+json; x=y', undefined, 'text'],
  ['XML', Buffer.from('<a/>'), 'Application/XML', undefined, 'text'],
  ['a charset', Buffer.from('a'), 'application/x-custom;charset="UTF-8"', undefined, 'text'],
  ['a picture', Buffer.from('a'), 'image/png', undefined, 'binary'],
  ['text/plain that is none', LATIN1, 'text/plain', undefined, 'binary'],
  ['Latin-1', LATIN1, 'text/plain; charset=ISO-8859-1', undefined, 'text'],
  ['a charset of its own', Buffer.from('a'), 'text/plain;charset=utf-16', undefined, 'binary'],
])('%s', (_, bytes, contentType, messageType, kind) => {
  const body = readBody(bytes, contentType, messageType);
  expect(body.kind).toBe(kind);
  expect(writeBody(body, contentType)).toEqual(bytes);
});
