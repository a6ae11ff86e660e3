const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
};
const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const FORM = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/;

/**
 * Reads `16MiB` or `10s`; a number, or the text of one, is taken as it is.
 * @returns undefined when it is neither
 */
export function parseQuantity(value: unknown, unit: 'bytes' | 'ms'): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const match = FORM.exec(value);
  const factors = unit === 'bytes' ? BYTES : MILLISECONDS;
  const suffix = match?.[2]?.toLowerCase() ?? '';
  if (match === null || !Object.hasOwn(factors, suffix)) return undefined;
  return Math.round(Number(match[1]) * factors[suffix]!);
}
