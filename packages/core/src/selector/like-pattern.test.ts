import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { likePattern } from './like-pattern.js';

const like = (text: string, pattern: string, escapeCharacter: string | null = null) =>
  likePattern(pattern, escapeCharacter, 0)(text);

describe('likePattern', () => {
  test.each([
    ['', '', true],
    ['', '%', true],
    ['', '_', false],
    ['a', '', false],
    ['abc', 'abc', true],
    ['abc', 'ab', false],
    ['abc', '%', true],
    ['abc', 'a%', true],
    ['abc', '%c', true],
    ['abc', '%b%', true],
    ['abc', '%%a%%c%%', true],
    ['abc', 'a%b', false],
    ['aa', 'a%a', true],
    ['a', 'a%a', false],
    ['abab', '%ab_b', true],
    ['abcabd', 'ab%abd', true],
    ['aXbXc', 'a_b_c', true],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
    ['line\nbreak', 'line%break', true],
    ['\u{1f600}', '_', true],
    ['a\u{1f600}b', 'a_b', true],
    ['a\u{1f600}', '%_', true],
    ['\u{1f600}', '__', false],
    ['\u{1f600}', '%__', false],
  ])('%j LIKE %j is %s', (text, pattern, expected) => {
    expect(like(text, pattern)).toBe(expected);
  });

  test('takes what follows the escape character as it is', () => {
    expect(like('50%', '50!%', '!')).toBe(true);
    expect(like('505', '50!%', '!')).toBe(false);
    expect(like('a_b', 'a!_b', '!')).toBe(true);
    expect(like('a!b', 'a!!b', '!')).toBe(true);
    expect(like('ab', 'a!b', '!')).toBe(true);
    expect(like('x%y', 'x%%y', '%')).toBe(true);
  });

  test('agrees with a regular expression', () => {
    const characters = fc.constantFrom('a', 'b', '%', '_', '\u{1f600}');
    const strings = fc.array(characters, { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(strings, strings, (text, pattern) => {
        const source = pattern.replaceAll('%', '.*').replaceAll('_', '.');
        expect(like(text, pattern)).toBe(new RegExp(`^${source}$`, 'su').test(text));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  test('takes no time that grows with the powers of a text', () => {
    const text = 'a'.repeat(60_000);
    expect(like(text, `${'%a'.repeat(400)}%b`)).toBe(false);
    expect(like(text, `%${'_'.repeat(500)}b%`)).toBe(false);
    expect(like('a'.repeat(65_536), '%a')).toBe(true);
    expect(like('a'.repeat(65_537), '%a')).toBe(false);
    expect(() => likePattern('a'.repeat(1025), null, 4)).toThrow(/character 5: .* 1024 characters/);
  });
});
