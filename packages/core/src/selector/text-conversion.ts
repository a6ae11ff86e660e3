import { exactNumber, fitsLong } from './exact-number.js';
import type { SelectorValue } from './selector-value.js';

const EXACT = /^[+-]?[0-9]{1,19}$/;
const APPROXIMATE = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** The number that a text stands for, or null. */
export function textToNumber(text: string): number | bigint | null {
  if (EXACT.test(text)) {
    const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
    return fitsLong(value) ? exactNumber(value) : Number(text);
  }
  return APPROXIMATE.test(text) ? Number(text) : null;
}

/** The boolean that a text stands for, or null. */
export function textToBoolean(text: string): boolean | null {
  const lower = text.toLowerCase();
  if (lower === 'true') return true;
  return lower === 'false' ? false : null;
}

/** A text as what it is compared with, a number or a boolean, where it stands for one. */
export function alignTypes(value: SelectorValue, other: SelectorValue): SelectorValue {
  if (typeof value !== 'string') return value;
  switch (typeof other) {
    case 'number':
    case 'bigint':
      return textToNumber(value) ?? value;
    case 'boolean':
      return textToBoolean(value) ?? value;
    default:
      return value;
  }
}
