import { type Address, matchesFilter } from './address.js';

/** Settings of the destinations that match a pattern; see docs/configuration.md. */
export interface Policy {
  /** `queue://pattern` or `topic://pattern`. */
  readonly destination: string;
  /** Deliveries that may fail before a message becomes a dead letter; 0 for no limit. */
  readonly maxDeliveries?: number;
  /** Name of the queue that takes dead letters; an empty name discards them. */
  readonly deadLetter?: string;
  /** Whether sending or subscribing creates a queue that does not exist. */
  readonly autoCreate?: boolean;
  /** Refuse messages that lose something when other protocols read them. */
  readonly strict?: boolean;
}

export type EffectivePolicy = Required<Omit<Policy, 'destination'>>;

/** ActiveMQ's redelivery limit, counted in deliveries; queues only. */
const DEFAULTS: EffectivePolicy = {
  maxDeliveries: 6,
  deadLetter: 'DLQ',
  autoCreate: true,
  strict: false,
};

/** The policies of a broker: the most specific pattern that sets a value wins. */
export class Policies {
  readonly #policies: readonly Policy[];

  constructor(policies: readonly Policy[] = []) {
    this.#policies = [...policies].sort(
      (left, right) => specificity(left.destination) - specificity(right.destination),
    );
  }

  /** Whether any destination may be strict. */
  get anyStrict(): boolean {
    return this.#policies.some(({ strict }) => strict === true);
  }

  for(address: Address): EffectivePolicy {
    let effective = DEFAULTS;
    for (const policy of this.#policies) {
      const [kind, pattern] = policy.destination.split('://') as [string, string];
      if (kind !== address.kind || !matchesFilter(pattern, address.name)) continue;
      const { destination: _, ...settings } = policy;
      effective = { ...effective, ...settings };
    }
    return effective;
  }
}

/** More literal levels are more specific; `*` beats `>`. */
export function specificity(pattern: string): number {
  return pattern
    .split('.')
    .reduce((sum, level) => sum + (level.endsWith('>') ? 0 : level.endsWith('*') ? 1 : 1000), 0);
}
