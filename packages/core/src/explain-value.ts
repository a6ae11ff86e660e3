import { isUtf8 } from 'node:buffer';
import type { ContentValue } from './content.js';
import { jsonText, propertyText } from './plain-body.js';

const PREVIEW_CHARACTERS_MAX = 80;
const PREVIEW_BYTES_MAX = 24;

/** Whether two values are the same; an integer is, however wide it is written. */
export function sameValue(left: ContentValue, right: ContentValue): boolean {
  if (Object.is(left, right)) return true;
  if (isNumeric(left) && isNumeric(right)) return String(left) === String(right);
  if (left instanceof Date && right instanceof Date) {
    return Object.is(left.getTime(), right.getTime());
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return Buffer.compare(left, right) === 0;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, at) => sameValue(item, right[at]));
  }
  // The entries of a map in AMQP have an order (AMQP 1.0 1.6.23).
  return left instanceof Map && right instanceof Map && sameValue([...left], [...right]);
}

function isNumeric(value: ContentValue): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** A value for people, of a limited length: long ones end with how long they are. */
export function previewOf(value: ContentValue): string {
  if (value instanceof Uint8Array) return bytesPreview(value);
  const text =
    Array.isArray(value) || value instanceof Map ? jsonText(value) : propertyText(value as string);
  const more = text.length > PREVIEW_CHARACTERS_MAX ? ` (${text.length} characters)` : '';
  return cut(text) + more;
}

function cut(text: string): string {
  return text.length > PREVIEW_CHARACTERS_MAX ? `${text.slice(0, PREVIEW_CHARACTERS_MAX)}…` : text;
}

/** Bytes that can be read as text are. */
function bytesPreview(bytes: Uint8Array): string {
  if (isUtf8(bytes) && !bytes.some((byte) => byte < 0x20)) {
    return `${cut(Buffer.from(bytes).toString())} (${bytes.length} bytes)`;
  }
  const shown = Buffer.from(bytes.subarray(0, PREVIEW_BYTES_MAX)).toString('hex');
  const more = bytes.length > PREVIEW_BYTES_MAX ? '…' : '';
  return `0x${shown}${more} (${bytes.length} bytes)`;
}
