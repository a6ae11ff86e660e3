import { mapEntry } from './codec/map-entry.js';
import { DESCRIPTOR } from './codec/types.js';
import { AmqpSymbol, type AmqpValue, Described } from './codec/value.js';

/** When a dynamic node ends (part 3.5.10 to 3.5.13). */
export type LifetimePolicy =
  | 'delete-on-close'
  | 'delete-on-no-links'
  | 'delete-on-no-messages'
  | 'delete-on-no-links-or-messages';

type NodeProperties = ReadonlyMap<AmqpValue, AmqpValue>;

/** Part 3.5.9. */
const PROPERTY = 'lifetime-policy';
const CODES: Readonly<Record<LifetimePolicy, number>> = {
  'delete-on-close': DESCRIPTOR.deleteOnClose,
  'delete-on-no-links': DESCRIPTOR.deleteOnNoLinks,
  'delete-on-no-messages': DESCRIPTOR.deleteOnNoMessages,
  'delete-on-no-links-or-messages': DESCRIPTOR.deleteOnNoLinksOrMessages,
};

/** The policy that a client asks for; one that is not known, or none, is `delete-on-close`. */
export function readLifetime(properties: NodeProperties | null): LifetimePolicy {
  const asked = mapEntry(properties ?? new Map(), PROPERTY);
  if (!(asked instanceof Described)) return 'delete-on-close';
  for (const [policy, code] of Object.entries(CODES)) {
    if (asked.descriptor === code || asked.descriptor === `amqp:${policy}:list`) {
      return policy as LifetimePolicy;
    }
  }
  return 'delete-on-close';
}

/** The properties that a node was created with, for the answer. */
export function writeLifetime(policy: LifetimePolicy): NodeProperties {
  return new Map([[new AmqpSymbol(PROPERTY), new Described(CODES[policy], [])]]);
}
