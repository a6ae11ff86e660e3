/** What exact numbers are computed in: those of Java's `long`. */
const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;

/** The shortest form of an exact number: a bigint only where a number would not be exact. */
export function exactNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

export function fitsLong(value: bigint): boolean {
  return value >= LONG_MIN && value <= LONG_MAX;
}

/** What remains of a result in 64 bits, as in Java. */
export function wrapLong(value: bigint): number | bigint {
  return exactNumber(BigInt.asIntN(64, value));
}

/** Whether a value is exact: integers are, however the sender wrote them. */
export function isExact(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}
