import { AmqpSymbol, type AmqpValue } from './value.js';

/** The value of a map whose key is that symbol, or a string of that text; undefined if none is. */
export function mapEntry(
  map: ReadonlyMap<AmqpValue, AmqpValue>,
  name: string,
): AmqpValue | undefined {
  for (const [key, value] of map) {
    if (key === name || (key instanceof AmqpSymbol && key.text === name)) return value;
  }
  return undefined;
}
