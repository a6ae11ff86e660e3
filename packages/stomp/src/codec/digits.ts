const ZERO = 48;
const BILLION = 1_000_000_000;
/** Of the numbers of this many digits some are not exact in a double; of longer ones most. */
const DIGITS_MAX = 16;

/**
 * Writes a non-negative safe integer in decimal.
 * @returns where the next byte goes
 */
export function writeDecimal(target: Buffer, at: number, value: number): number {
  if (value < BILLION) return writeSmall(target, at, value, digitsOf(value));
  const high = Math.floor(value / BILLION);
  const afterHigh = writeSmall(target, at, high, digitsOf(high));
  return writeSmall(target, afterHigh, value - high * BILLION, 9);
}

function writeSmall(target: Buffer, at: number, value: number, digits: number): number {
  let rest = value | 0;
  for (let index = at + digits - 1; index >= at; index--) {
    const next = (rest / 10) | 0;
    target[index] = ZERO + rest - next * 10;
    rest = next;
  }
  return at + digits;
}

function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 10_000) return 4;
  if (value < 100_000) return 5;
  if (value < 1_000_000) return 6;
  if (value < 10_000_000) return 7;
  return value < 100_000_000 ? 8 : 9;
}

/** The safe integer that is all of `source[start, end)`, in decimal; -1 if it is anything else. */
export function parseDecimal(source: Buffer, start: number, end: number): number {
  const digits = end - start;
  if (digits < 1 || digits > DIGITS_MAX) return -1;
  let value = 0;
  for (let index = start; index < end; index++) {
    const digit = source[index]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

/** Like `parseDecimal`, of text that was already read. */
export function parseDecimalText(text: string): number {
  return parseDecimal(Buffer.from(text, 'latin1'), 0, text.length);
}
