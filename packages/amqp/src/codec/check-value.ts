import { isStrictUtf8, WireError } from '@causeway/wire';
import { CODE } from './constructor-codes.js';
import { uint32At } from './integers.js';
import { skipPlain, skipValue } from './skip-value.js';
import { EMPTY_ELEMENTS_MAX, NESTING_MAX } from './value-reader.js';

/** Constructor codes of part 1.6 whose values are whatever their bytes are. */
const PLAIN = new Uint8Array(256);
for (const code of Object.values(CODE)) PLAIN[code] = 1;
const EXAMINED = [
  ...[CODE.described, CODE.boolean, CODE.char, CODE.string8, CODE.string32, CODE.symbol8],
  ...[CODE.symbol32, CODE.list8, CODE.list32, CODE.map8, CODE.map32, CODE.array8, CODE.array32],
];
for (const code of EXAMINED) PLAIN[code] = 0;

/**
 * Checks the value that begins at `at`, and all that is in it, as `readValue` does, and allocates
 * nothing: its cost is that of its bytes.
 * @returns where it ends
 * @throws WireError when it is no value of part 1, or is nested too deeply
 */
export function checkValue(buffer: Buffer, at: number, end: number, depth = 0): number {
  if (at >= end) throw new WireError('a value is missing');
  const code = buffer[at]!;
  // Nearly all that is in sections is a short text: straight to the point.
  if ((code === CODE.string8 || code === CODE.symbol8) && at + 1 < end) {
    const next = at + 2 + buffer[at + 1]!;
    if (next <= end && isAscii(buffer, at + 2, next)) return next;
  }
  if (code === CODE.described) {
    requireDepth(depth);
    return checkValue(buffer, descriptorEnd(buffer, at + 1, end), end, depth + 1);
  }
  return checkAs(buffer, code, at + 1, end, depth);
}

/** Checks a value whose constructor is before `at`. */
function checkAs(buffer: Buffer, code: number, at: number, end: number, depth: number): number {
  const next = skipPlain(buffer, code, at, end);
  if (PLAIN[code] === 1) return next;
  switch (code) {
    case CODE.string8:
      checkText(buffer, at + 1, next);
      return next;
    case CODE.string32:
      checkText(buffer, at + 4, next);
      return next;
    case CODE.symbol8:
      checkAscii(buffer, at + 1, next);
      return next;
    case CODE.symbol32:
      checkAscii(buffer, at + 4, next);
      return next;
    case CODE.list8:
    case CODE.list32:
    case CODE.map8:
    case CODE.map32:
      checkItems(buffer, code, at, next, depth);
      return next;
    case CODE.array8:
    case CODE.array32:
      checkArray(buffer, code === CODE.array8, at, next, depth);
      return next;
    case CODE.boolean:
      if (buffer[at]! > 1) throw new WireError('a boolean is neither 0 nor 1');
      return next;
    case CODE.char:
      checkCharacter(uint32At(buffer, at));
      return next;
    default:
      throw new WireError(`0x${code.toString(16).padStart(2, '0')} is no format code`);
  }
}

function checkItems(buffer: Buffer, code: number, at: number, end: number, depth: number): void {
  requireDepth(depth);
  const short = code === CODE.list8 || code === CODE.map8;
  let next = at + (short ? 2 : 8);
  if (next > end) throw new WireError('a list or map does not have the size that it claims');
  const count = short ? buffer[at + 1]! : uint32At(buffer, at + 4);
  if (count > end - next) throw new WireError(`${count} items expected in ${end - next} bytes`);
  if (count % 2 !== 0 && (code === CODE.map8 || code === CODE.map32)) {
    throw new WireError('a map has a key without a value');
  }
  for (let index = 0; index < count; index++) next = checkValue(buffer, next, end, depth + 1);
  requireEnd(next, end);
}

/** One constructor for all elements (part 1.6.24), which may have one descriptor. */
function checkArray(buffer: Buffer, short: boolean, at: number, end: number, depth: number): void {
  requireDepth(depth);
  let next = at + (short ? 2 : 8);
  if (next >= end) throw new WireError('an array has no constructor');
  const count = short ? buffer[at + 1]! : uint32At(buffer, at + 4);
  let code = buffer[next++]!;
  if (code === CODE.described) {
    next = descriptorEnd(buffer, next, end);
    if (next >= end) throw new WireError('an array has no constructor');
    code = buffer[next++]!;
  }
  const countMax = code >> 4 === 4 ? EMPTY_ELEMENTS_MAX : end - next;
  if (count > countMax) throw new WireError(`an array claims ${count} elements`);
  for (let index = 0; index < count; index++) next = checkAs(buffer, code, next, end, depth + 1);
  requireEnd(next, end);
}

/** Where a descriptor ends; those other than numbers and symbols are reserved (part 1.5). */
function descriptorEnd(buffer: Buffer, at: number, end: number): number {
  if (at >= end) throw new WireError('a descriptor is missing');
  switch (buffer[at]) {
    case CODE.ulong0:
    case CODE.smallUlong:
    case CODE.ulong:
      return skipValue(buffer, at, end);
    case CODE.symbol8:
    case CODE.symbol32:
      return checkValue(buffer, at, end, NESTING_MAX);
    default:
      throw new WireError('a descriptor is neither a number nor a symbol');
  }
}

/** Short texts are ASCII in most cases, and not worth a call into the engine. */
function checkText(buffer: Buffer, start: number, end: number): void {
  if (end - start <= SHORT_BYTES_MAX && isAscii(buffer, start, end)) return;
  if (!isStrictUtf8(buffer.subarray(start, end))) throw new WireError('a string is not UTF-8');
}

const SHORT_BYTES_MAX = 100;

/** Part 1.6.21. */
function checkAscii(buffer: Buffer, start: number, end: number): void {
  if (!isAscii(buffer, start, end)) throw new WireError('a symbol is not ASCII');
}

function isAscii(buffer: Buffer, start: number, end: number): boolean {
  let bits = 0;
  for (let at = start; at < end; at++) bits |= buffer[at]!;
  return bits < 0x80;
}

function checkCharacter(codePoint: number): void {
  if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) {
    throw new WireError('a char is not a character of Unicode');
  }
}

function requireDepth(depth: number): void {
  if (depth > NESTING_MAX) throw new WireError(`values are nested deeper than ${NESTING_MAX}`);
}

function requireEnd(at: number, end: number): void {
  if (at !== end) {
    throw new WireError('the size of a list, map or array is not that of its items');
  }
}
