import { isUtf8 } from 'node:buffer';
import { WireError } from './wire-error.js';

/** Whether the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
export function isStrictUtf8(buffer: Buffer, start = 0, end = buffer.length): boolean {
  return isAscii(buffer, start, end) || isUtf8(buffer.subarray(start, end));
}

/** Decodes well-formed UTF-8; throws {@link WireError} otherwise, never a replacement character. */
export function utf8Slice(buffer: Buffer, start: number, end: number): string {
  if (isAscii(buffer, start, end)) return buffer.toString('latin1', start, end);
  if (!isUtf8(buffer.subarray(start, end))) throw new WireError('text is not valid UTF-8');
  return buffer.toString('utf8', start, end);
}

/** Names and headers are short and nearly always ASCII: a loop beats a call into native code. */
function isAscii(buffer: Buffer, start: number, end: number): boolean {
  if (end - start > 64) return false;
  for (let index = start; index < end; index++) {
    if (buffer[index]! > 0x7f) return false;
  }
  return true;
}
