import { WireError } from '@causeway/wire';
import { describe, expect, test, vi } from 'vitest';
import { BrokerError } from '../errors.js';
import { Formats, type MessageFormat } from '../format.js';
import { createLimits } from '../limits.js';
import { compileSelector } from './compile-selector.js';
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

describe('3.8.1.1 logical operators', () => {
  test('bind in the order NOT, AND, OR', () => {
    expect(selects('a = 1 OR b = 1 AND c = 1', { a: 1, b: 0, c: 0 })).toBe(true);
    expect(selects('(a = 1 OR b = 1) AND c = 1', { a: 1, b: 0, c: 0 })).toBe(false);
    expect(selects('NOT a = 1 AND b = 1', { a: 0, b: 1 })).toBe(true);
    expect(selects('NOT (a = 1 AND b = 1)', { a: 0, b: 1 })).toBe(true);
    expect(selects('NOT NOT a = 1', { a: 1 })).toBe(true);
  });

  test('take a boolean property as it is', () => {
    expect(selects('flag AND NOT other', { flag: true, other: false })).toBe(true);
    expect(truthOf('flag', { flag: 'yes' })).toBe(null);
    expect(truthOf('flag', { flag: 1 })).toBe(null);
  });
});

describe('3.8.1.1 comparison operators', () => {
  test.each([
    ['=', [false, true, false]],
    ['<>', [true, false, true]],
    ['<', [true, false, false]],
    ['<=', [true, true, false]],
    ['>', [false, false, true]],
    ['>=', [false, true, true]],
  ])('n %s 5', (operator, expected) => {
    for (const values of [
      [4, 5, 6],
      [4n, 5n, 6n],
      [4.5, 5, 5.5],
    ]) {
      expect(values.map((n) => selects(`n ${operator} 5`, { n }))).toEqual(expected);
    }
  });

  test('compare exact with approximate numbers', () => {
    expect(selects('n = 5.0 AND 5 = n AND n < 5.5', { n: 5 })).toBe(true);
    expect(selects('n > 9007199254740992', { n: 9007199254740993n })).toBe(true);
  });

  test.each(["n = 'x'", "n <> 'x'", "'x' = n", 'n = TRUE', 'n <> FALSE'])(
    'of unlike types are false: %s',
    (condition) => {
      expect(truthOf(condition, { n: 1 })).toBe(false);
    },
  );

  test('of strings and booleans are = and <> only', () => {
    expect(
      selects("a = b AND a <> 'y' AND f = g AND f <> FALSE", { a: 'x', b: 'x', f: true, g: true }),
    ).toBe(true);
    for (const operator of ['<', '<=', '>', '>=']) {
      expect(truthOf(`a ${operator} b`, { a: 'x', b: 'x' })).toBe(false);
      expect(truthOf(`a ${operator} b`, { a: true, b: true })).toBe(false);
      expect(() => compile(`a ${operator} 'x'`)).toThrow(/expected a number, found a string/);
      expect(() => compile(`TRUE ${operator} a`)).toThrow(/expected a number, found a condition/);
    }
  });

  test('with bytes are false', () => {
    const bytes = Buffer.from('x');
    expect(truthOf("b = 'x'", { b: bytes })).toBe(false);
    expect(truthOf('b = c', { b: bytes, c: bytes })).toBe(false);
    expect(selects('b IS NOT NULL', { b: bytes })).toBe(true);
  });
});

describe('3.8.1.1 arithmetic operators', () => {
  test.each([
    '1 + 2 * 3 = 7',
    '(1 + 2) * 3 = 9',
    '10 - 2 - 3 = 5',
    '24 / 4 / 2 = 3',
    '2 * -3 = -6',
    '-(2 + 3) = -5',
    '- -5 = 5',
    '+(5) = 5',
    '7 / 2 = 3',
    '-7 / 2 = -3',
    '7 / 2.5 = 2.8',
    '9223372036854775807 + 1 = -9223372036854775808',
    '4611686018427387904 * 3 = -4611686018427387904',
    '9007199254740991 + 2 = 9007199254740993',
    '-9223372036854775808 / 2 = -4611686018427387904',
  ])('%s', (selector) => {
    expect(selects(selector)).toBe(true);
  });

  test('take properties', () => {
    expect(selects('price * count > 100', { price: 10.5, count: 10 })).toBe(true);
    expect(selects('-n = 5 AND +n = -5', { n: -5 })).toBe(true);
    expect(selects('-n = -9007199254740993', { n: 9007199254740993n })).toBe(true);
  });

  test('make nothing of what is no number, or not there', () => {
    expect(truthOf('n + 1 = 2', { n: '1' })).toBe(null);
    expect(truthOf('n + 1 = 2', { n: true })).toBe(null);
    expect(truthOf('1 - n = 2')).toBe(null);
    expect(truthOf('-n = 2', { n: '1' })).toBe(null);
    expect(truthOf('+n = 2')).toBe(null);
  });

  test('divide by zero without harm', () => {
    expect(truthOf('1 / n = 1', { n: 0 })).toBe(null);
    expect(truthOf('1 / n = 1', { n: 0n })).toBe(null);
    expect(selects('1.5 / n > 1', { n: 0 })).toBe(true);
    expect(truthOf('(1.5 - 1.5) / n = 1', { n: 0 })).toBe(null);
  });

  test('are refused on texts and conditions', () => {
    expect(() => compile("'a' + 1 = 2")).toThrow(/character 1: expected a number, found a string/);
    expect(() => compile('1 + TRUE = 2')).toThrow(/character 5: expected a number/);
    expect(() => compile("-'a' = 2")).toThrow(/character 2: expected a number/);
  });
});

describe('3.8.1.1 BETWEEN', () => {
  test('includes both ends', () => {
    const wanted = [false, true, true, true, false];
    expect([14, 15, 17, 19, 20].map((age) => selects('age BETWEEN 15 AND 19', { age }))).toEqual(
      wanted,
    );
    expect(
      [14, 15, 17, 19, 20].map((age) => selects('age NOT BETWEEN 15 AND 19', { age })),
    ).toEqual(wanted.map((matched) => !matched));
  });

  test('takes expressions, and binds before AND', () => {
    expect(selects('a + b BETWEEN low AND 2 * 5 AND c', { a: 3, b: 4, low: 7, c: true })).toBe(
      true,
    );
  });

  test('is false of what is no number, and unknown of NULL', () => {
    expect(truthOf('age BETWEEN 15 AND 19', { age: 'x' })).toBe(false);
    expect(truthOf('age NOT BETWEEN 15 AND 19', { age: 'x' })).toBe(false);
    expect(truthOf('age BETWEEN 15 AND 19')).toBe(null);
    expect(truthOf('age BETWEEN 15 AND high', { age: 14 })).toBe(false);
    expect(truthOf('age NOT BETWEEN 15 AND high', { age: 14 })).toBe(true);
  });
});

describe('3.8.1.1 IN', () => {
  test('is one of several strings', () => {
    const selector = "Country IN (' UK', 'US', 'France''s')";
    expect(['US', "France's", 'Peru'].map((Country) => selects(selector, { Country }))).toEqual([
      true,
      true,
      false,
    ]);
    expect(selects("Country NOT IN ('UK', 'US')", { Country: 'Peru' })).toBe(true);
  });

  test('is unknown of NULL, and false of what is no string', () => {
    expect(truthOf("Country IN ('UK')")).toBe(null);
    expect(truthOf("Country NOT IN ('UK')")).toBe(null);
    expect(truthOf("Country IN ('1')", { Country: 1 })).toBe(false);
    expect(truthOf("Country NOT IN ('1')", { Country: 1 })).toBe(false);
  });
});

describe('3.8.1.1 LIKE', () => {
  test.each([
    ["phone LIKE '12%3'", ['123', '12993'], ['1234', '12', '1299', '']],
    ["word LIKE 'l_se'", ['lose'], ['loose', 'lse']],
    ["under LIKE '\\_%' ESCAPE '\\'", ['_foo', '_'], ['bar', '\\_foo']],
    ["phone NOT LIKE '12%3'", ['1234'], ['123', '12993']],
  ])('%s', (selector, matching, others) => {
    const name = selector.slice(0, selector.indexOf(' '));
    for (const text of matching) expect(selects(selector, { [name]: text }), text).toBe(true);
    for (const text of others) expect(selects(selector, { [name]: text }), text).toBe(false);
  });

  test('is unknown of NULL, and false of what is no string', () => {
    expect(truthOf("a LIKE '%'")).toBe(null);
    expect(truthOf("a NOT LIKE '%'")).toBe(null);
    expect(truthOf("a LIKE '%'", { a: 1 })).toBe(false);
    expect(truthOf("a NOT LIKE '%'", { a: 1 })).toBe(false);
  });
});

describe('3.8.1.1 IS NULL', () => {
  test('asks for a property that is not there, or has no value', () => {
    expect(selects('a IS NULL')).toBe(true);
    expect(selects('a IS NULL', { a: null })).toBe(true);
    expect(selects('a IS NULL', { a: '' })).toBe(false);
    expect(selects('a IS NOT NULL', { a: false })).toBe(true);
    expect(selects('a IS NOT NULL')).toBe(false);
  });
});

describe('3.8.1.2 null values', () => {
  const properties = { t: true, f: false };
  const name = (truth: boolean | null) => (truth === null ? 'u' : truth ? 't' : 'f');
  const truths = [true, false, null];

  test('AND', () => {
    for (const left of truths) {
      for (const right of truths) {
        const wanted = left === false || right === false ? false : left === null ? null : right;
        expect(truthOf(`${name(left)} AND ${name(right)}`, properties)).toBe(wanted);
      }
    }
  });

  test('OR', () => {
    for (const left of truths) {
      for (const right of truths) {
        const wanted = left === true || right === true ? true : left === null ? null : right;
        expect(truthOf(`${name(left)} OR ${name(right)}`, properties)).toBe(wanted);
      }
    }
  });

  test('NOT', () => {
    expect(truths.map((truth) => truthOf(`NOT ${name(truth)}`, properties))).toEqual([
      false,
      true,
      null,
    ]);
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

describe('convert_string_expressions:', () => {
  const converting = (text: string, properties: Record<string, string>) =>
    truthOf(`convert_string_expressions:${text}`, properties);
  const selectsConverted = (text: string, properties: Parameters<typeof selects>[1]) =>
    selects(`convert_string_expressions:${text}`, properties);

  test('compares a text as the number or boolean that it stands for', () => {
    for (const price of ['12', '12.0', '+12', '1.2e1']) {
      expect(selectsConverted('price > 10 AND price = 12 AND 10 < price', { price })).toBe(true);
    }
    expect(selectsConverted('price BETWEEN 10 AND 20', { price: '12' })).toBe(true);
    expect(selectsConverted('price * 2 = 24 AND -price = -12', { price: '12' })).toBe(true);
    expect(
      selectsConverted('flag AND flag = TRUE AND NOT other', { flag: 'TRUE', other: 'false' }),
    ).toBe(true);
    expect(selectsConverted('n = 9007199254740993', { n: '9007199254740993' })).toBe(true);
    expect(selectsConverted('n > 1', { n: '99999999999999999999' })).toBe(true);
  });

  test('leaves strings what they are', () => {
    expect(selectsConverted("price = '12' AND price <> '12.0'", { price: '12' })).toBe(true);
    expect(selectsConverted("price LIKE '1_' AND price IN ('12')", { price: '12' })).toBe(true);
  });

  test('orders two texts that stand for numbers', () => {
    expect(selectsConverted('a < b', { a: '9', b: '10' })).toBe(true);
    expect(selectsConverted('a < b', { a: 'x', b: 'y' })).toBe(false);
  });

  test('makes nothing of other texts', () => {
    for (const text of ['abc', '', ' 12', '0x10', 'Infinity', 'NaN', '1_000']) {
      expect(selectsConverted('price > 0 OR price = 12', { price: text }), text).toBe(false);
    }
    expect(selectsConverted('flag OR flag = TRUE OR NOT flag', { flag: 'yes' })).toBe(false);
  });

  test('means the whole selector, and is asked for', () => {
    expect(selects('price > 10', { price: '12' })).toBe(false);
    expect(() => converting('a = ', {})).toThrow(BrokerError);
    expect(compile('convert_string_expressions:a > 1').text).toBe(
      'convert_string_expressions:a > 1',
    );
  });
});

describe('compileSelector', () => {
  test.each([
    ['', 1, 'expected a value or a condition, found the end'],
    ['a =', 4, 'expected a value or a condition, found the end'],
    ['a = 1 b', 7, 'expected an operator or the end, found b'],
    ['a = b = c', 7, 'expected an operator or the end, found ='],
    ['(a = 1', 7, 'expected ), found the end'],
    ['a = 1)', 6, 'expected an operator or the end, found )'],
    ['a IS 1', 6, 'expected NULL, found 1'],
    ['a NOT 1', 7, 'expected BETWEEN, IN or LIKE, found 1'],
    ['a BETWEEN 1 OR 2', 13, 'expected AND, found OR'],
    ["a BETWEEN 'x' AND 2", 11, 'expected a number, found a string'],
    ['a IN 1', 6, 'expected (, found 1'],
    ['a IN ()', 7, 'expected a string in single quotes, found )'],
    ["a IN ('x' 'y')", 11, "expected ), found 'y'"],
    ['a IN (1)', 7, 'expected a string in single quotes, found 1'],
    ['a LIKE b', 8, 'expected a string in single quotes, found b'],
    ["a LIKE 'x' ESCAPE 'xy'", 19, 'expected one character to escape with'],
    ["a LIKE 'x!' ESCAPE '!'", 1, 'the pattern ends with its escape character'],
    ["'a' IN ('a')", 1, 'expected the name of a property here'],
    ['1 IS NULL', 1, 'expected the name of a property here'],
    ['a = NULL', 5, 'expected a value or a condition, found NULL'],
    ["a = 'x", 5, "expected a ' at the end of the string"],
    ['"a = 1', 1, 'expected a " at the end of the identifier'],
    ['"" = 1', 1, 'expected a " at the end of the identifier'],
    ['a # 1', 3, '"#" has no meaning here'],
    ['a.b = 1', 2, '"." has no meaning here'],
    ['a = 1x', 6, 'expected an operator or the end, found x'],
    ['a = 1.2.3', 8, 'expected an operator or the end, found 0.3'],
    ['a = 09', 5, 'expected octal digits, 0 to 7, after the leading zero'],
    ['a = 9223372036854775808', 5, 'the number is too large'],
    ['a = -9223372036854775809', 6, 'the number is too large'],
    ['a = 0x1FFFFFFFFFFFFFFFF', 5, 'the number is too large'],
    ['a = 1e999', 5, 'the number is too large'],
    ['1', 1, 'expected a condition, found a number'],
    ["'a'", 1, 'expected a condition, found a string'],
    ['a + 1', 1, 'expected a condition, found a number'],
    ['a = 1 AND 2', 11, 'expected a condition, found a number'],
    ['NOT 2', 5, 'expected a condition, found a number'],
    [`a = '${'x'.repeat(50)}' 'y'`, 58, "expected an operator or the end, found 'y'"],
  ])('says what is wrong with %j', (text, character, what) => {
    expect(() => compile(text)).toThrow(
      expect.objectContaining({
        code: 'invalid-selector',
        message: `selector, character ${character}: ${what}`,
      }),
    );
  });

  test('takes text up to its limit', () => {
    const text = "a = 'x'".padEnd(100);
    const limits = createLimits({ selectorBytesMax: 100 });
    expect(compileSelector(text, new Formats(), limits).text).toBe(text);
    expect(() => compileSelector(`${text} `, new Formats(), limits)).toThrow(
      expect.objectContaining({ code: 'invalid-selector' }),
    );
  });

  test.each([
    ['parentheses', '('.repeat(64), ')'.repeat(64)],
    ['NOT', 'NOT '.repeat(64), ''],
    ['signs', '1 = '.padEnd(4 + 64 * 2, '- '), ''],
  ])('takes 64 %s within each other', (_, before, after) => {
    expect(() => compile(`${before}a${after}`)).not.toThrow();
    const extra = before.at(0) === '(' ? ['(', ')'] : [before.startsWith('N') ? 'NOT ' : '- ', ''];
    const deeper = before.startsWith('1')
      ? `${before}${extra[0]}a`
      : `${extra[0]}${before}a${after}${extra[1]}`;
    expect(() => compile(deeper)).toThrow(/it is nested more than 64 deep/);
  });

  test('takes long chains, which are no nesting', () => {
    const or = Array.from({ length: 1000 }, (_, n) => `n=${n}`).join(' OR ');
    expect(selects(or.slice(0, 8000).replace(/ OR[^R]*$/, ''), { n: 3 })).toBe(true);
    expect(selects(`n = ${Array(4000).fill('1').join('+')}`, { n: 4000 })).toBe(true);
  });

  test('looks at the content of a message only when it needs it', () => {
    const formats = new Formats();
    const view = vi.fn<MessageFormat['view']>(() => {
      throw new BrokerError('storage-corrupt', 'unreadable');
    });
    formats.register({
      id: 99,
      name: 'test',
      builtFlags: 0,
      dialects: [],
      view,
      build: () => Buffer.alloc(0),
    });
    const message = selectable();
    message.content = undefined;
    const matches = (text: string) =>
      compileSelector(text, formats, createLimits()).matches(message);
    expect(matches("JMSPriority = 4 AND JMSDeliveryMode = 'PERSISTENT'")).toBe(true);
    expect(matches('JMSPriority = 5 AND a = 1')).toBe(false);
    expect(view).not.toHaveBeenCalled();
    expect([matches('a IS NULL'), matches('NOT a = 1')]).toEqual([false, false]);
    view.mockImplementation(() => {
      throw new WireError('damaged');
    });
    expect(matches('a IS NULL')).toBe(false);
    view.mockImplementation(() => {
      throw new Error('a defect');
    });
    expect(() => matches('a = 1')).toThrow('a defect');
  });
});
