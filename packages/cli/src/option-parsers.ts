import { InvalidArgumentError } from 'commander';

/** For commander: a whole number in a range. */
export function integerBetween(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(
        max === Number.MAX_SAFE_INTEGER
          ? `Give a whole number from ${min} on.`
          : `Give a whole number from ${min} to ${max}.`,
      );
    }
    return value;
  };
}

export const count = integerBetween(1, Number.MAX_SAFE_INTEGER);
export const countOrNone = integerBetween(0, Number.MAX_SAFE_INTEGER);

/** For commander: seconds, with a fraction if need be. */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('Give a number of seconds.');
  }
  return value;
}

/** For commander: collects what is given several times. */
export function collect(text: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, text];
}

/** For commander: collects `key=value` pairs, in order. */
export function collectPairs(
  text: string,
  earlier: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write it as name=value.');
  return [...earlier, [text.slice(0, equals), text.slice(equals + 1)]];
}
