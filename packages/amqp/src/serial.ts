/** Serial numbers of 32 bits (part 2.8.10, RFC 1982): they wrap around, and so do comparisons. */
const HALF = 0x8000_0000;

/** The next number. */
export function increment(serial: number): number {
  return (serial + 1) >>> 0;
}

/** How far `left` is ahead of `right`: from -2^31 to 2^31 - 1. */
export function distance(left: number, right: number): number {
  const difference = (left - right) >>> 0;
  return difference >= HALF ? difference - 2 * HALF : difference;
}
