import { describe, expect, test } from 'vitest';
import type { Body, Content, ContentValue } from './content.js';
import { jsonText, plainBody, propertyText } from './plain-body.js';

const content = (body: Body, contentType?: string): Content => ({
  properties: [],
  body,
  ...(contentType === undefined ? {} : { contentType }),
});

describe('a plain body', () => {
  test.each<Body>([
    { kind: 'text', text: 'hello' },
    { kind: 'binary', bytes: Buffer.of(0, 255) },
  ])('is the same for $kind', (body) => {
    expect(plainBody(content(body, 'text/plain'))).toEqual({ body, contentType: 'text/plain' });
  });

  test.each<[string, ContentValue, string]>([
    ['a number', 1.5, '1.5'],
    ['a large integer', 12345678901234567890n, '12345678901234567890'],
    ['a boolean', false, 'false'],
    ['null', null, ''],
    ['a time', new Date(0), '1970-01-01T00:00:00.000Z'],
  ])('of %s is its text', (_, value, text) => {
    expect(plainBody(content({ kind: 'value', value }))).toEqual({
      body: { kind: 'text', text },
      contentType: undefined,
    });
  });

  test.each<[string, Body, string]>([
    ['a list', { kind: 'value', value: [1, 'a', [null]] }, '[1,"a",[null]]'],
    ['a map', { kind: 'value', value: new Map([['a', 1]]) }, '{"a":1}'],
    ['a sequence', { kind: 'sequence', items: [true, 'b'] }, '[true,"b"]'],
  ])('of %s is JSON', (_, body, text) => {
    expect(plainBody(content(body, 'a/type'))).toEqual({
      body: { kind: 'text', text },
      contentType: 'application/json',
    });
  });
});

test.each<[string, ContentValue, string]>([
  ['texts', ['"', 'ä\n', '\ud800'], '["\\"","ä\\n","\\ud800"]'],
  ['numbers', [1.5, -0, Number.NaN, Number.POSITIVE_INFINITY], '[1.5,0,null,null]'],
  ['large integers', [12345678901234567890n], '[12345678901234567890]'],
  ['times', [new Date(1)], '["1970-01-01T00:00:00.001Z"]'],
  ['bytes', [new Uint8Array([1, 2, 3])], '["AQID"]'],
  [
    'maps',
    new Map([
      ['2', 1],
      ['1', 2],
      ['__proto__', 3],
    ]),
    '{"2":1,"1":2,"__proto__":3}',
  ],
  [
    'keys',
    new Map<ContentValue, null>([
      [1, null],
      [null, null],
      [[true], null],
    ]),
    '{"1":null,"null":null,"[true]":null}',
  ],
])('JSON of %s', (_, value, text) => {
  expect(jsonText(value)).toBe(text);
});

test('a time that no calendar has', () => {
  expect(propertyText(new Date(Number.NaN))).toBe('');
});
