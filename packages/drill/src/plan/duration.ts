const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
]);
const FORM = /^(-?\d+(?:\.\d+)?)\s*([a-z]+)$/;

/**
 * Reads `1500ms`, `1.5s`, `-1h` or a number of milliseconds.
 * @returns whole milliseconds, or undefined when it is no duration
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const match = FORM.exec(value.trim());
  const unit = MILLISECONDS.get(match?.[2] ?? '');
  return match === null || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
}
