import { describe, expect, test } from 'vitest';
import { BrokerError } from '../errors.js';
import { compile, selectable, selects, truthOf } from './testing/selectable.js';

// The headings are those of JMS 2.0, 3.8.1.

describe('3.8.1.1 literals', () => {
  test.each([
    ["name = 'literal'", { name: 'literal' }],
    ["name = 'literal''s'", { name: "literal's" }],
    ["name = ''''", { name: "'" }],
    ["name = ''", { name: '' }],
    ["name = 'd\u00e9j\u00e0 \u{1f600}'", { name: 'd\u00e9j\u00e0 \u{1f600}' }],
  ])('a string: %s', (selector, properties) => {
    expect(selects(selector, properties)).toBe(true);
  });

  test('strings are case-sensitive', () => {
    expect(selects("name = 'A'", { name: 'a' })).toBe(false);
  });

  test.each([
    ['57', 57],
    ['-957', -957],
    ['+62', 62],
    ['57L', 57],
    ['9223372036854775807', 9223372036854775807n],
    ['-9223372036854775808', -9223372036854775808n],
    ['0x1F', 31],
    ['0XffL', 255],
    ['0xFFFFFFFFFFFFFFFF', -1],
    ['017', 15],
    ['0', 0],
  ])('an exact number: %s', (literal, value) => {
    expect(selects(`n = ${literal}`, { n: value })).toBe(true);
    expect(selects(`n <> ${literal}`, { n: value })).toBe(false);
  });

  test.each([
    ['7E3', 7000],
    ['-57.9E2', -5790],
    ['7.', 7],
    ['-95.7', -95.7],
    ['+6.2', 6.2],
    ['.5', 0.5],
    ['1e-2', 0.01],
    ['1.5f', 1.5],
    ['2d', 2],
  ])('an approximate number: %s', (literal, value) => {
    expect(selects(`n = ${literal}`, { n: value })).toBe(true);
  });

  test.each(['TRUE', 'true', 'True'])('a boolean: %s', (literal) => {
    expect(selects(`flag = ${literal}`, { flag: true })).toBe(true);
    expect(selects(`flag = ${literal}`, { flag: false })).toBe(false);
    expect(selects(literal)).toBe(true);
  });
});

describe('3.8.1.1 identifiers', () => {
  test.each(['_name', '$price', 'a1', 'na\u00efve', '\u540d\u524d', 'JMS_vendor', 'not_a_keyword'])(
    'begin with a letter of Java: %s',
    (name) => {
      expect(selects(`${name} = 1`, { [name]: 1 })).toBe(true);
    },
  );

  test('are case-sensitive, and keywords are not', () => {
    expect(selects('Price iS nOt nUlL aNd nOT price > 1', { Price: 1, price: 1 })).toBe(true);
    expect(selects('Price = 1', { price: 1 })).toBe(false);
  });

  test('stand for NULL where the message has no such property', () => {
    expect(truthOf('missing = 1')).toBe(null);
  });

  test('keep the type that the property was set with: a text is no number', () => {
    expect(selects('NumberOfOrders > 1', { NumberOfOrders: '2' })).toBe(false);
    expect(selects("NumberOfOrders = '2'", { NumberOfOrders: '2' })).toBe(true);
  });

  test('of a name that occurs more than once mean the first', () => {
    const fields = {
      properties: [
        ['n', 1],
        ['n', 2],
      ] as const,
    };
    expect([selects('n = 1', {}, fields), selects('n = 2', {}, fields)]).toEqual([true, false]);
  });

  test('stand for what the broker added, whatever the sender said', () => {
    const message = selectable({ 'x-dead-letter-reason': 'forged' });
    message.annotations = new Map([['x-dead-letter-reason', 'expired']]);
    expect(compile('"x-dead-letter-reason" = \'expired\'').matches(message)).toBe(true);
  });

  test('may stand in double quotes, and then hold any characters', () => {
    const properties = { 'order-id': 7, 'a "b"': 1, and: 2 };
    expect(selects('"order-id" = 7 AND "a ""b""" = 1 AND "and" = 2', properties)).toBe(true);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'are names and nothing more: %s',
    (name) => {
      expect(selects(`${name} IS NULL`)).toBe(true);
    },
  );
});

describe('3.8.1.1 header fields', () => {
  const fields = {
    messageId: 'ID:1',
    correlationId: 'c-1',
    subject: 'car',
    userId: 'alice',
    groupId: 'g',
    groupSequence: 3,
    creationTime: 1000,
    replyTo: 'queue://answers',
  };

  test.each([
    "JMSMessageID = 'ID:1'",
    "JMSCorrelationID LIKE 'c-%'",
    "JMSType = 'car'",
    "JMSXUserID = 'alice'",
    "JMSXGroupID = 'g'",
    'JMSXGroupSeq = 3',
    'JMSTimestamp = 1000',
    "JMSReplyTo = 'queue://answers'",
    "JMSDestination = 'queue://orders'",
    'JMSPriority = 4',
    'JMSExpiration = 0',
  ])('%s', (selector) => {
    expect(selects(selector, {}, fields)).toBe(true);
  });

  test.each([
    'JMSCorrelationID',
    'JMSType',
    'JMSXUserID',
    'JMSXGroupID',
    'JMSXGroupSeq',
    'JMSReplyTo',
  ])('%s may be NULL', (name) => {
    expect(selects(`${name} IS NULL`)).toBe(true);
  });

  test('the broker has an id and a time of its own for every message', () => {
    const message = selectable();
    message.id = 17;
    message.timestamp = 2000;
    expect(compile("JMSMessageID = '17' AND JMSTimestamp = 2000").matches(message)).toBe(true);
  });

  test('a correlation id of bytes is in hexadecimal', () => {
    const binary = { correlationId: Buffer.from([0, 0xff]) };
    expect(selects("JMSCorrelationID = 'ID:AMQP_BINARY:00FF'", {}, binary)).toBe(true);
  });

  test.each(['JMSRedelivered', 'JMSXDeliveryCount'])('%s is refused', (name) => {
    expect(() => compile(`${name} = 1`)).toThrow(/character 1: .* belongs to a delivery/);
  });

  test('a header field is not a property of that name', () => {
    expect(selects("JMSType = 'x'", { JMSType: 'x' })).toBe(false);
  });
});

describe('3.8.1.1 white space', () => {
  test('is what Java calls that', () => {
    expect(selects('\t\f\r\n n\n=\t1 ', { n: 1 })).toBe(true);
    expect(selects('n=1AND m=2', { n: 1, m: 2 })).toBe(true);
    expect(() => compile('n = 1\u00a0')).toThrow(BrokerError);
  });
});

describe('3.8.1.3 special notes', () => {
  test('JMSDeliveryMode is PERSISTENT or NON_PERSISTENT', () => {
    const message = selectable();
    expect(compile("JMSDeliveryMode = 'PERSISTENT'").matches(message)).toBe(true);
    expect(compile("JMSDeliveryMode = 'NON_PERSISTENT'").matches(message)).toBe(false);
  });

  test('a time is in milliseconds', () => {
    expect(selects('at > 1000', { at: new Date(1001) })).toBe(true);
  });

  test('SQL comments are not supported', () => {
    expect(() => compile('a = 1 -- a comment')).toThrow(/character 12: /);
    expect(() => compile('a = /* one */ 1')).toThrow(/expected a value or a condition, found \//);
  });
});
