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
import { createNode } from './attach-receiving-link.js';
import type { Attach, Source } from './codec/types.js';
import { formatAddress, isTemporaryAddress, kindOf, parseAddress } from './naming.js';
import type { Session } from './session.js';
import { readFilters, type SourceFilters } from './source-filters.js';
import { openSubscription } from './subscription.js';

export interface OpenedSource {
  readonly queue: Queue;
  readonly browses: boolean;
  /** What its consumer gets; null for everything. What comes through a topic is selected before. */
  readonly selector: Selector | null;
  /** As agreed: with the filters that are in force. */
  readonly source: Source;
  readonly onClose: (() => void) | null;
}

/** Outcomes that the broker knows (part 3.4). */
export const OUTCOMES = [
  'amqp:accepted:list',
  'amqp:rejected:list',
  'amqp:released:list',
  'amqp:modified:list',
];

/** Finds or makes the queue that a receiver reads (part 3.5.3). */
export function openSource(session: Session, attach: Attach, source: Source): OpenedSource {
  const filters = readFilters(source.filter);
  // Before anything is made or ended for it.
  const selector = compile(session, filters.selector);
  const agreed: Source = { ...source, filter: filters.agreed, outcomes: OUTCOMES };
  if (source.dynamic) {
    const { address, onClose } = createNode(session, kindOf(source.capabilities) ?? 'queue');
    const named: Source = { ...agreed, address: formatAddress(address) };
    const queue = openNode(session, attach, named, address, filters);
    return {
      ...{ queue, browses: false, source: named, onClose },
      selector: address.kind === 'queue' ? selector : null,
    };
  }
  if (source.address === null)
    throw new BrokerError('invalid-address', 'the source has no address');
  const address = resolve(session, source.address, source.capabilities);
  const queue = openNode(session, attach, agreed, address, filters);
  const browses = address.kind === 'queue' && source.distributionMode === 'copy';
  const capabilities = kindOf(source.capabilities) === null ? [address.kind] : [];
  const named: Source = { ...agreed, capabilities: [...source.capabilities, ...capabilities] };
  return {
    ...{ queue, browses, source: named, onClose: null },
    selector: address.kind === 'queue' ? selector : null,
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

function resolve(session: Session, text: string, capabilities: readonly string[]): Address {
  const { broker, connection, temporary } = session.client;
  const { kind, name } = parseAddress(text, capabilities);
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
