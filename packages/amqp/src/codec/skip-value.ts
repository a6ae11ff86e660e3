import { WireError } from '@causeway/wire';
import { uint32At } from './integers.js';

/**
 * Where the value that begins at `at` ends. The high digit of a format code says how long a value
 * is (part 1.2), so that what is in it need not be looked at: nothing is allocated, and no step
 * depends on a count that a peer names.
 * @throws WireError when the value goes on after `end`, or its code cannot be one
 */
export function skipValue(buffer: Buffer, at: number, end: number): number {
  let next = at;
  // A described value is two values: its descriptor, and what it describes.
  for (let pending = 1; pending > 0; ) {
    if (next >= end) throw incomplete();
    const code = buffer[next]!;
    if (code === 0) {
      pending++;
      next++;
      continue;
    }
    next = skipPlain(buffer, code, next + 1, end);
    pending--;
  }
  return next;
}

/** Where the value ends whose format code, which is not that of a described one, is before `at`. */
export function skipPlain(buffer: Buffer, code: number, at: number, end: number): number {
  const next = at + widthOf(buffer, code, at, end);
  if (next > end) throw incomplete();
  return next;
}

function widthOf(buffer: Buffer, code: number, at: number, end: number): number {
  switch (code >> 4) {
    case 0x4:
      return 0;
    case 0x5:
      return 1;
    case 0x6:
      return 2;
    case 0x7:
      return 4;
    case 0x8:
      return 8;
    case 0x9:
      return 16;
    case 0xa:
    case 0xc:
    case 0xe:
      if (at >= end) throw incomplete();
      return 1 + buffer[at]!;
    case 0xb:
    case 0xd:
    case 0xf:
      if (at + 4 > end) throw incomplete();
      return 4 + uint32At(buffer, at);
    default:
      throw new WireError(`0x${code.toString(16).padStart(2, '0')} is no format code`);
  }
}

function incomplete(): WireError {
  return new WireError('a value goes on after the end of what holds it');
}
