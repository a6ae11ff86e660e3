/** Up to this many bytes a loop is faster than a call into native code. */
const LOOP_BYTES_MAX = 48;

/**
 * Copies `source[start, end)` to `target` at `at`.
 * @returns where the next byte goes
 */
export function copyBytes(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  at: number,
): number {
  const bytes = end - start;
  if (bytes > LOOP_BYTES_MAX) source.copy(target, at, start, end);
  else for (let index = 0; index < bytes; index++) target[at + index] = source[start + index]!;
  return at + bytes;
}
