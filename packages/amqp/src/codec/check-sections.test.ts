import { WireError } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { hex } from '../testing/amqp-frames.js';
import { encodeMessage } from '../testing/amqp-messages.js';
import { checkSections } from './check-sections.js';
import { MessageLayout, readLayout } from './message-sections.js';
import { AmqpSymbol, type AmqpValue, Uuid } from './value.js';
import { ValueWriter } from './value-writer.js';

function check(bytes: Buffer): void {
  const layout = new MessageLayout();
  readLayout(bytes, 0, bytes.length, layout);
  checkSections(bytes, layout);
}

const section = (code: string, value: string): Buffer => hex(`00 53 ${code} ${value}`);
const encoded = (value: AmqpValue): string => new ValueWriter().value(value).take().toString('hex');
/** A properties section with one field, in its place. */
const field = (index: number, value: string): Buffer => {
  const size = 1 + index + hex(value).length;
  const head = [size, index + 1].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return section('73', `c0 ${head} ${'40'.repeat(index)} ${value}`);
};

const TEXT = encoded('text');
const SYMBOL = encoded(new AmqpSymbol('symbol'));
const BINARY = encoded(Buffer.from([1]));
const TIME = encoded(new Date(1));
const UUID = encoded(new Uuid('12345678-1234-1234-1234-123456789abc'));
const ULONG = '80 00000000 00000100';
const UINT = '70 00000001';

/** Part 3.2.4: what each field takes. */
const FIELDS: readonly (readonly [string, readonly string[]])[] = [
  ['message-id', [TEXT, BINARY, ULONG, '44', '53 07', UUID]],
  ['user-id', [BINARY]],
  ['to', [TEXT]],
  ['subject', [TEXT]],
  ['reply-to', [TEXT]],
  ['correlation-id', [TEXT, BINARY, ULONG, '44', '53 07', UUID]],
  ['content-type', [SYMBOL]],
  ['content-encoding', [SYMBOL]],
  ['absolute-expiry-time', [TIME]],
  ['creation-time', [TIME]],
  ['group-id', [TEXT]],
  ['group-sequence', [UINT, '43', '52 07']],
  ['reply-to-group-id', [TEXT]],
];
const ALL = [
  TEXT,
  SYMBOL,
  BINARY,
  TIME,
  UUID,
  ULONG,
  '44',
  '53 07',
  UINT,
  '43',
  '52 07',
  '41',
  '45',
];

test('messages with everything are as they must be', () => {
  check(
    encodeMessage({
      header: { durable: true },
      deliveryAnnotations: { a: 1 },
      messageAnnotations: { a: [1, new Map([['b', 2]])] },
      properties: ['id', Buffer.from('user'), null, null, null, null, new AmqpSymbol('text/plain')],
      applicationProperties: { a: 1, b: 'two', c: [3] },
      value: new Map([['a', [1, 2]]]),
      footer: { crc: 1 },
    }),
  );
  check(encodeMessage({ data: ['a', 'b'] }));
  check(encodeMessage({ sequences: [[1], ['a', null]] }));
  check(Buffer.alloc(0));
});

describe('properties', () => {
  test.each(FIELDS.map(([name, own], index) => [name, index, own] as const))(
    '3.2.4 %s has its types, or is null',
    (_, index, own) => {
      for (const value of ALL) {
        const bytes = field(index, value);
        if (own.includes(value)) check(bytes);
        else expect(() => check(bytes), value).toThrow(/of the wrong type/);
      }
      check(field(index, '40'));
    },
  );

  test.each([
    ['empty', '45'],
    ['empty in the short form', 'c0 01 00'],
    ['empty in the long form', 'd0 00000004 00000000'],
    ['long', `d0 0000000a 00000001 ${TEXT}`],
  ])('3.2.4 may be %s', (_, list) => {
    check(section('73', list));
  });

  test.each([
    ['more fields than there are', `c0 0f 0e ${'40'.repeat(14)}`],
    ['fewer fields than they claim', 'c0 02 02 40'],
    ['bytes behind the last field', 'c0 03 01 40 40'],
    ['a size without room for the count', 'c0 00'],
    ['a text that is not UTF-8', 'c0 05 01 a1 02 c3 28'],
  ])('3.2.4 do not have %s', (_, list) => {
    expect(() => check(section('73', list))).toThrow(WireError);
  });
});

describe('maps', () => {
  const MAPS = [
    ['3.2.3 message annotations', '72', [SYMBOL, ULONG, '44', '53 07']],
    ['3.2.5 application properties', '74', [TEXT]],
    ['3.2.9 a footer', '78', [SYMBOL, ULONG, '44', '53 07']],
  ] as const;

  const map = (count: number, items: string): string => {
    const size = (1 + hex(items).length).toString(16).padStart(2, '0');
    return `c1 ${size} ${count.toString(16).padStart(2, '0')} ${items}`;
  };

  test.each(MAPS)('%s has keys of its types only', (_, code, own) => {
    for (const key of [...ALL, '40']) {
      const bytes = section(code, map(2, `${key} 41`));
      if ((own as readonly string[]).includes(key)) check(bytes);
      else expect(() => check(bytes), key).toThrow('a key of a section is of the wrong type');
    }
  });

  test.each(MAPS)('%s has as many items as it claims, in pairs', (_, code, [key]) => {
    check(section(code, 'c1 01 00'));
    for (const wrong of [
      map(1, key),
      map(4, `${key} 41`),
      map(2, `${key} 41 41`),
      map(2, `${key} a1 02 c3 28`),
      'c1 00',
      'd1 00000004 fffffffe',
    ]) {
      expect(() => check(section(code, wrong)), wrong).toThrow(WireError);
    }
  });
});

describe('a body', () => {
  test.each([
    ['3.2.8 an amqp-value', '77', 'c1 02 01 40'],
    ['3.2.8 an amqp-value that is text', '77', 'a1 02 c3 28'],
    ['3.2.7 an amqp-sequence', '76', 'c0 02 02 40'],
  ])('%s that cannot be read is none', (_, code, value) => {
    expect(() => check(section(code, value))).toThrow(WireError);
  });

  test('3.2.7 has all of its sections looked at', () => {
    const bytes = Buffer.concat([section('76', 'c0 02 01 41'), section('76', 'c0 02 02 40')]);
    expect(() => check(bytes)).toThrow(WireError);
  });

  test('3.2.6 of data is whatever it is', () => {
    check(section('75', 'a0 03 ff fe fd'));
  });
});
