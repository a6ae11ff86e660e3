import { BrokerError } from '@causeway/core';
import { AmqpSymbol, type AmqpValue, Described } from './codec/value.js';

/** Registered descriptors of the filters that JMS clients use, as numbers and as symbols. */
const SELECTOR = [0x0000468c00000004, 'apache.org:selector-filter:string'];
const NO_LOCAL = [0x0000468c00000003, 'apache.org:no-local-filter:list'];

export interface SourceFilters {
  /** The text of a selector, or null. */
  readonly selector: string | null;
  readonly noLocal: boolean;
  /** The filters that are in force, for the answer (part 3.5.3). */
  readonly agreed: ReadonlyMap<AmqpValue, AmqpValue> | null;
}

/**
 * Reads a filter set (part 3.5.8). A filter that is not known is left out of the answer: that is how
 * a client learns that it is not in force.
 * @throws BrokerError `invalid-selector`
 */
export function readFilters(filter: ReadonlyMap<AmqpValue, AmqpValue> | null): SourceFilters {
  let selector: string | null = null;
  let noLocal = false;
  const agreed = new Map<AmqpValue, AmqpValue>();
  for (const [name, value] of filter ?? []) {
    if (!(value instanceof Described)) continue;
    const descriptor =
      typeof value.descriptor === 'bigint' ? Number(value.descriptor) : value.descriptor;
    if (SELECTOR.includes(descriptor)) {
      if (typeof value.value !== 'string') {
        throw new BrokerError('invalid-selector', 'the selector is not a string');
      }
      // One is in force; the answer says which.
      if (selector !== null) continue;
      selector = value.value;
    } else if (NO_LOCAL.includes(descriptor)) noLocal = true;
    else continue;
    agreed.set(new AmqpSymbol(String(name)), value);
  }
  return { selector, noLocal, agreed: agreed.size === 0 ? null : agreed };
}

/** The filter set that `readFilters` reads so; null for none. */
export function writeFilters(
  selector: string | null,
  noLocal: boolean,
): ReadonlyMap<AmqpValue, AmqpValue> | null {
  const filter = new Map<AmqpValue, AmqpValue>();
  if (selector !== null) {
    filter.set(new AmqpSymbol('jms-selector'), new Described(SELECTOR[0]!, selector));
  }
  if (noLocal) filter.set(new AmqpSymbol('no-local'), new Described(NO_LOCAL[0]!, []));
  return filter.size === 0 ? null : filter;
}
