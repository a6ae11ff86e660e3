import type { Attach, Source, Target } from './codec/types.js';
import type { DynamicNode } from './dynamic-node.js';
import { readLifetime } from './lifetime-policy.js';
import { kindOf } from './naming.js';
import type { Session } from './session.js';

/**
 * The node of a dynamic terminus (part 3.5.3): a queue, unless the capabilities say otherwise.
 * @throws BrokerError `quota-exceeded`
 */
export function createNode(
  session: Session,
  attach: Attach,
  { capabilities, dynamicNodeProperties }: Source | Target,
): DynamicNode {
  const kind = kindOf(capabilities) ?? 'queue';
  const policy = readLifetime(dynamicNodeProperties);
  return session.client.temporary.create(kind, policy, creatorOf(attach));
}

/** What a link is known by within its connection (part 2.6.1). */
export function creatorOf({ role, name }: Attach): string {
  return `${role} ${name}`;
}
