import {
  type Address,
  BrokerError,
  checkFilter,
  checkName,
  compileSelector,
  hasWildcard,
  type Queue,
  type Selector,
} from '@causeway/core';
import type { Attach, Source } from './codec/types.js';
import { createNode, creatorOf } from './create-node.js';
import type { DynamicNode } from './dynamic-node.js';
import { writeLifetime } from './lifetime-policy.js';
import { formatAddress, isTemporaryAddress, kindOf, parseAddress } from './naming.js';
import type { Session } from './session.js';
import { readFilters, type SourceFilters } from './source-filters.js';
import { HeldSubscription, openSubscription } from './subscription.js';
import { agreedLife, type TerminusResource } from './terminus.js';

export interface OpenedSource {
  readonly queue: Queue;
  readonly browses: boolean;
  /** What its consumer gets; null for everything. What comes through a topic is selected before. */
  readonly selector: Selector | null;
  /** As agreed: with the filters that are in force. */
  readonly source: Source;
  /** The dynamic node that is the source. */
  readonly node: DynamicNode | null;
  /** What lasts as long as the terminus: a subscription, a node that it has created. */
  readonly resource: TerminusResource | null;
}

/** Outcomes that the broker knows (part 3.4). */
export const OUTCOMES = [
  'amqp:accepted:list',
  'amqp:rejected:list',
  'amqp:released:list',
  'amqp:modified:list',
];

/** Part 3.5.7. */
const DISTRIBUTION_MODES: readonly (string | null)[] = [null, 'move', 'copy'];

/** Finds or makes the queue that a receiver reads (part 3.5.3). */
export function openSource(session: Session, attach: Attach, asked: Source): OpenedSource {
  const { broker, temporary, registry } = session.client;
  if (!DISTRIBUTION_MODES.includes(asked.distributionMode)) {
    throw new BrokerError('not-supported', 'a distribution-mode other than move and copy');
  }
  const filters = readFilters(asked.filter);
  // Before anything is made or ended for it.
  const selector = compile(session, filters.selector);
  const life = agreedLife(asked, broker.limits);
  const source: Source = { ...asked, ...life, filter: filters.agreed, outcomes: OUTCOMES };
  const created = source.dynamic ? createNode(session, attach, source) : null;
  const address = created?.address ?? resolve(session, source);
  const { kind } = address;
  const queue = openNode(session, attach, source, address, filters);
  const browses = created === null && kind === 'queue' && source.distributionMode === 'copy';
  const capabilities = created !== null || kindOf(source.capabilities) !== null ? [] : [kind];
  return {
    queue,
    browses,
    selector: kind === 'queue' ? selector : null,
    source: {
      ...source,
      address: created === null ? source.address : formatAddress(address),
      dynamicNodeProperties: created === null ? null : writeLifetime(created.policy),
      // What goes to a topic goes to all who receive from it.
      distributionMode: browses || kind === 'topic' ? 'copy' : 'move',
      capabilities: [...source.capabilities, ...capabilities],
    },
    node: registry.nodes.get(address) ?? null,
    resource:
      created ??
      temporary.createdBy(creatorOf(attach), address) ??
      (kind === 'topic' ? new HeldSubscription(broker, queue) : null),
  };
}

function compile(session: Session, text: string | null): Selector | null {
  const { formats, limits } = session.client.broker;
  return text === null ? null : compileSelector(text, formats, limits);
}

function openNode(
  session: Session,
  attach: Attach,
  source: Source,
  address: Address,
  filters: SourceFilters,
): Queue {
  if (address.kind === 'topic') return openSubscription(session, attach, source, address, filters);
  if (filters.noLocal) {
    throw new BrokerError('not-supported', 'the no-local filter is for topics');
  }
  return session.client.broker.queue(address, true);
}

function resolve(session: Session, source: Source): Address {
  const { broker, connection, temporary } = session.client;
  if (source.address === null) {
    throw new BrokerError('invalid-address', 'the source has no address');
  }
  const { kind, name } = parseAddress(source.address, source.capabilities);
  if (kind === 'topic') checkFilter(name, broker.limits);
  else if (hasWildcard(name)) {
    throw new BrokerError('not-supported', 'a receiver of a queue cannot have a wildcard');
  } else checkName(name, broker.limits);
  const address = broker.addresses.get(kind, name);
  if (temporary.owns(address)) return address;
  if (isTemporaryAddress(address)) {
    throw new BrokerError('not-authorized', 'only its own connection reads it');
  }
  connection.require('read', address);
  return address;
}
