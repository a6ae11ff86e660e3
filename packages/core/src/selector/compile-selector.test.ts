import { WireError } from '@causeway/wire';
import { describe, expect, test, vi } from 'vitest';
import { BrokerError } from '../errors.js';
import { Formats, type MessageFormat } from '../format.js';
import { createLimits } from '../limits.js';
import { compileSelector } from './compile-selector.js';
import { compile, selectable, selects } from './testing/selectable.js';

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
