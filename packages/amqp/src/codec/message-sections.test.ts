import { WireError } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/support/seeded-random.js';
import { hex } from '../testing/amqp-frames.js';
import { encodeMessage } from '../testing/amqp-messages.js';
import {
  MessageLayout,
  namesUser,
  PROPERTY,
  propertiesField,
  readAbsoluteExpiryTime,
  readLayout,
  readTo,
} from './message-sections.js';
import { ABSENT, DESCRIPTOR } from './types.js';

function layoutOf(message: Buffer, start = 0, end = message.length): MessageLayout {
  const layout = new MessageLayout();
  readLayout(message, start, end, layout);
  return layout;
}

const WHOLE = encodeMessage({
  header: { durable: true, priority: 7, ttl: 1000, firstAcquirer: true, deliveryCount: 3 },
  deliveryAnnotations: { a: 1 },
  messageAnnotations: { b: 2 },
  properties: ['id', null, 'queue://q', null, null, null, null, null, new Date(5000)],
  applicationProperties: { c: 3 },
  value: 'body',
  footer: { d: 4 },
});

describe('the sections', () => {
  test('are found where they are', () => {
    const message = Buffer.concat([hex('ff'), WHOLE, hex('ff')]);
    const layout = layoutOf(message, 1, message.length - 1);
    // Each offset is that of a value, whose descriptor of three bytes is before it.
    const codeBefore = (at: number) => message.toString('hex', at - 3, at);
    expect(codeBefore(layout.bareStart + 3)).toBe('005372');
    expect(codeBefore(layout.messageAnnotations)).toBe('005372');
    expect(codeBefore(layout.messageAnnotationsEnd + 3)).toBe('005373');
    expect(codeBefore(layout.properties)).toBe('005373');
    expect(codeBefore(layout.applicationProperties)).toBe('005374');
    expect(message.toString('hex', layout.bodyStart, layout.bodyEnd)).toBe('005377a104626f6479');
    expect(codeBefore(layout.footer)).toBe('005378');
    expect(layout.end).toBe(message.length - 1);
    expect(layout).toMatchObject({
      bodyCode: DESCRIPTOR.amqpValue,
      durable: true,
      priority: 7,
      ttl: 1000,
      firstAcquirer: true,
      deliveryCount: 3,
    });
  });

  test('that are not there are absent, in an object that is filled again', () => {
    const layout = layoutOf(WHOLE);
    const bytes = hex('00 53 75 a0 01 61');
    readLayout(bytes, 0, bytes.length, layout);
    expect(layout).toEqual({
      end: 6,
      bareStart: 0,
      messageAnnotations: ABSENT,
      messageAnnotationsEnd: ABSENT,
      properties: ABSENT,
      applicationProperties: ABSENT,
      bodyCode: DESCRIPTOR.data,
      bodyStart: 0,
      bodyEnd: 6,
      footer: ABSENT,
      durable: false,
      priority: 4,
      ttl: ABSENT,
      firstAcquirer: false,
      deliveryCount: 0,
    });
  });

  test('3.2.6 data, 3.2.7 amqp-sequence may be several', () => {
    const data = encodeMessage({ data: ['a', 'b', 'c'], footer: {} });
    expect(layoutOf(data)).toMatchObject({ bodyStart: 0, bodyEnd: 18, bodyCode: DESCRIPTOR.data });
    const sequences = encodeMessage({ sequences: [[1], [], [2]] });
    expect(layoutOf(sequences).bodyEnd).toBe(sequences.length);
  });

  test('may come without a body, as JMS messages do', () => {
    const message = encodeMessage({ header: {}, properties: ['id'] });
    const { length } = message;
    expect(layoutOf(message)).toMatchObject({
      bodyCode: ABSENT,
      bodyStart: length,
      bodyEnd: length,
    });
    expect(layoutOf(Buffer.alloc(0))).toMatchObject({ bodyCode: ABSENT, bareStart: 0 });
  });

  test('may be described by symbols', () => {
    const symbol = (name: string) =>
      Buffer.concat([hex('00 a3'), Buffer.of(name.length), Buffer.from(name)]);
    const message = Buffer.concat([
      symbol('amqp:header:list'),
      hex('c0 02 01 41'),
      symbol('amqp:message-annotations:map'),
      hex('c1 01 00'),
      symbol('amqp:amqp-value:*'),
      hex('40'),
    ]);
    const layout = layoutOf(message);
    expect(layout).toMatchObject({ durable: true, bodyCode: DESCRIPTOR.amqpValue });
    expect(message.toString('hex', layout.messageAnnotations, layout.bodyStart)).toBe('c10100');
    expect(layout.bareStart).toBe(symbol('amqp:header:list').length + 4);
  });
});

describe('what is refused', () => {
  test.each([
    ['bytes that are no section', '41', 'a descriptor is missing'],
    ['a performative', '00 53 14 45', '0x14 is no section'],
    ['a section of its own', '00 53 79 45', '0x79 is no section'],
    ['two headers', '00 53 70 45 00 53 70 45', '0x70 cannot follow 0x70'],
    ['properties before annotations', '00 53 73 45 00 53 72 c1 01 00', '0x72 cannot follow 0x73'],
    ['two values', '00 53 77 40 00 53 77 40', '0x77 cannot follow 0x77'],
    ['a value after data', '00 53 75 a0 00 00 53 77 40', '0x77 cannot follow 0x75'],
    ['a sequence after data', '00 53 75 a0 00 00 53 76 45', '0x76 cannot follow 0x75'],
    ['data after a footer', '00 53 78 c1 01 00 00 53 75 a0 00', '0x75 cannot follow 0x78'],
    ['two footers', '00 53 77 40 00 53 78 c1 01 00 00 53 78 c1 01 00', '0x78 cannot follow'],
    ['a header that is a map', '00 53 70 c1 01 00', 'header is not a list'],
    ['a header with a string', '00 53 70 c0 04 01 a1 01 61', 'the durable of header'],
    ['annotations that are a list', '00 53 71 45', 'delivery annotations are not a map'],
    ['annotations that are a list', '00 53 72 45', 'message annotations are not a map'],
    ['properties that are a map', '00 53 73 c1 01 00', 'properties are not a list'],
    ['application properties that are a list', '00 53 74 45', 'properties are not a map'],
    ['data that is a string', '00 53 75 a1 00', 'a data section is not binary'],
    ['a sequence that is a map', '00 53 76 c1 01 00', 'an amqp-sequence is not a list'],
    ['a footer that is a list', '00 53 78 45', 'a footer is not a map'],
    ['a section without a value', '00 53 77', 'a value goes on'],
  ])('%s', (_, bytes, complaint) => {
    expect(() => layoutOf(hex(bytes))).toThrow(WireError);
    expect(() => layoutOf(hex(bytes))).toThrow(complaint);
  });

  test('every truncation within a section', () => {
    const ends = new Set<number>();
    for (let end = 0; end <= WHOLE.length; end++) {
      try {
        layoutOf(WHOLE, 0, end);
        ends.add(end);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }
    expect(ends.size).toBe(8);
  });
});

describe('a field of the properties', () => {
  test('is found by its place', () => {
    const layout = layoutOf(WHOLE);
    const field = (index: number) => propertiesField(WHOLE, layout, index);
    expect(WHOLE.toString('latin1', field(PROPERTY.messageId), field(PROPERTY.messageId) + 4)).toBe(
      '\xa1\x02id',
    );
    expect(field(PROPERTY.userId)).toBe(ABSENT);
    expect(field(PROPERTY.groupId)).toBe(ABSENT);
    expect(readTo(WHOLE, layout)).toBe('queue://q');
    expect(readAbsoluteExpiryTime(WHOLE, layout)).toBe(5000);
  });

  test.each([
    ['without properties', encodeMessage({ value: 1 })],
    ['in empty properties', encodeMessage({ properties: [], value: 1 })],
    ['in short properties', hex('00 53 73 c0 04 01 a1 01 61 00 53 77 40')],
  ])('is absent %s', (_, message) => {
    const layout = layoutOf(message);
    expect(propertiesField(message, layout, PROPERTY.to)).toBe(ABSENT);
    expect(readTo(message, layout)).toBeNull();
    expect(readAbsoluteExpiryTime(message, layout)).toBe(ABSENT);
  });

  test.each([
    ['a to that is no string', '00 53 73 c0 04 03 40 40 41', 'the to field'],
    ['an expiry that is a number', '00 53 73 c0 0a 09 40 40 40 40 40 40 40 40 43', 'a timestamp'],
    ['fields that are not there', '00 53 73 c0 02 09 40', 'a value goes on'],
    ['no room for a count', '00 53 73 c0 00', 'the size that they claim'],
  ])('%s is refused', (_, bytes, complaint) => {
    const message = hex(bytes);
    const read = () => {
      const layout = layoutOf(message);
      readTo(message, layout);
      namesUser(message, layout, 'shop');
      readAbsoluteExpiryTime(message, layout);
    };
    expect(read).toThrow(WireError);
    expect(read).toThrow(complaint);
  });

  test('an expiry before 1970 is 1970, and one beyond all numbers the largest', () => {
    const message = (bytes: string) => hex(`00 53 73 c0 12 09 40 40 40 40 40 40 40 40 83 ${bytes}`);
    const past = message('ffffffffffffffff');
    expect(readAbsoluteExpiryTime(past, layoutOf(past))).toBe(0);
    const never = message('7fffffffffffffff');
    expect(readAbsoluteExpiryTime(never, layoutOf(never))).toBe(Number.MAX_SAFE_INTEGER);
  });
});

test('whose name the properties give', () => {
  const named = hex('00 53 73 c0 08 02 40 a0 04 73686f70');
  expect(namesUser(named, layoutOf(named), 'shop')).toBe(true);
  expect(namesUser(named, layoutOf(named), 'shopkeeper')).toBe(false);
  const text = hex('00 53 73 c0 08 02 40 a1 04 73686f70');
  expect(namesUser(text, layoutOf(text), 'shop')).toBe(false);
  const nobody = hex('00 53 73 45');
  expect(namesUser(nobody, layoutOf(nobody), '')).toBe(false);
});

test('changed bytes throw nothing but WireError', () => {
  const random = new SeededRandom(5);
  for (let round = 0; round < 20_000; round++) {
    const message = Buffer.from(WHOLE);
    for (let count = random.between(1, 3); count > 0; count--) {
      message[random.below(message.length)] = random.below(256);
    }
    try {
      const layout = layoutOf(message);
      for (let index = 0; index < 13; index++) propertiesField(message, layout, index);
      readTo(message, layout);
      readAbsoluteExpiryTime(message, layout);
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
    }
  }
});
