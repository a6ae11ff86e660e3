import { exactNumber } from './exact-number.js';
import { invalidSelector } from './invalid-selector.js';

const HEXADECIMAL = /0[xX]([0-9a-fA-F]+)[lL]?/y;
const APPROXIMATE = /(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?|\d+[eE][+-]?\d+[fFdD]?|\d+[fFdD]/y;
const EXACT = /(\d+)[lL]?/y;
const OCTAL = /^0[0-7]+$/;
/** One more than Java's largest `long`: with a minus sign before it, it is the smallest. */
const EXACT_MAX = 2n ** 63n;
const HEXADECIMAL_MAX = 2n ** 64n - 1n;

export interface NumberLiteral {
  readonly value: number | bigint;
  /** Index of the character after it. */
  readonly end: number;
}

/**
 * Reads a literal without its sign, as Java writes them (JMS 2.0, 3.8.1.1): exact in decimal,
 * hexadecimal or octal digits, or approximate.
 */
export function readNumber(text: string, at: number): NumberLiteral {
  const hexadecimal = match(HEXADECIMAL, text, at);
  if (hexadecimal !== null) {
    const value = BigInt(`0x${hexadecimal[1]}`);
    if (value > HEXADECIMAL_MAX) throw tooLarge(at);
    return { value: exactNumber(BigInt.asIntN(64, value)), end: at + hexadecimal[0].length };
  }
  const approximate = match(APPROXIMATE, text, at);
  if (approximate !== null) {
    const value = Number.parseFloat(approximate[0]);
    if (!Number.isFinite(value)) throw tooLarge(at);
    return { value, end: at + approximate[0].length };
  }
  const exact = match(EXACT, text, at)!;
  return { value: readExact(exact[1]!, at), end: at + exact[0].length };
}

function readExact(digits: string, at: number): number | bigint {
  const octal = digits.length > 1 && digits.startsWith('0');
  if (octal && !OCTAL.test(digits)) {
    throw invalidSelector(at, 'expected octal digits, 0 to 7, after the leading zero');
  }
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  if (value > EXACT_MAX) throw tooLarge(at);
  return exactNumber(value);
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function tooLarge(at: number): Error {
  return invalidSelector(at, 'the number is too large');
}
