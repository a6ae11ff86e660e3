import {
  type Address,
  BrokerError,
  type Queue,
  type SubscriptionQueueOptions,
} from '@causeway/core';
import { mapEntry } from './codec/map-entry.js';
import type { Attach, Source } from './codec/types.js';
import { TERMINUS_DURABILITY } from './codec/types.js';
import type { Session } from './session.js';
import type { SourceFilters } from './source-filters.js';

/** What Qpid JMS puts between the name of a shared subscription and the number of its consumer. */
const SHARED_DELIMITER = '|';
/** The property of a link whose receiver wants what topics have kept; ActiveMQ's name for it. */
const RETROACTIVE = 'activemq.retroactive';

/**
 * The queue behind a receiver of a topic: one of its own that ends with it, or the durable
 * subscription that container id and link name stand for, as in JMS.
 */
export function openSubscription(
  session: Session,
  attach: Attach,
  source: Source,
  address: Address,
  filters: SourceFilters,
): Queue {
  const { broker, connection } = session.client;
  const durable = isDurable(source);
  const shared = source.capabilities.includes('shared');
  const { noLocal, selector } = filters;
  const binding = { noLocal, durable, selector, data: {} };
  const options = { filter: address.name, binding, ownerId: connection.id };
  if (!durable && !shared) {
    const own = { ...options, name: null, durable: false, expiryMs: 0 };
    return begin(session, attach, own);
  }
  const name = subscriptionName(session, attach.name, source.capabilities, durable);
  const existing = broker.findSubscriptionQueue(name);
  if (existing !== null) {
    if (!shared && existing.consumers.length > 0) {
      throw new BrokerError('address-in-use', 'the subscription has a consumer already');
    }
    const former = existing.bindings.get(address.name)?.options;
    if (former !== undefined && (former.selector ?? null) === selector) {
      broker.bind(existing, address.name, binding);
      existing.ownerId = connection.id;
      return existing;
    }
    if (existing.consumers.length > 0) {
      throw new BrokerError('address-in-use', 'the subscription has another topic or selector');
    }
    // With another topic or selector than before it is a new subscription, as in JMS.
    broker.deleteQueue(existing);
  }
  const expiryMs = durable ? Number.POSITIVE_INFINITY : 0;
  return begin(session, attach, { ...options, name, durable, expiryMs });
}

/** Makes the subscription; what the topics have kept comes first, if the receiver asks for it. */
function begin(session: Session, attach: Attach, options: SubscriptionQueueOptions): Queue {
  const { broker } = session.client;
  const queue = broker.subscriptionQueue(options);
  const asked = mapEntry(attach.properties ?? new Map(), RETROACTIVE);
  if (asked === true || asked === 'true') {
    broker.retained(options.filter, (message) => {
      broker.enqueueDirect(queue, message, options.filter);
    });
  }
  return queue;
}

/** Part 3.5.3 and 3.5.6: it outlives its link. */
export function isDurable(source: Source): boolean {
  return source.durable !== TERMINUS_DURABILITY.none || source.expiryPolicy === 'never';
}

/**
 * The broker's name of a subscription that several links, or several lives of one, refer to. It
 * belongs to a container of a user, so that no other user takes it over; if global, to nobody.
 */
export function subscriptionName(
  session: Session,
  linkName: string,
  capabilities: readonly string[],
  durable: boolean,
): string {
  const shared = capabilities.includes('shared');
  const { containerId, connection } = session.client;
  const global = shared && capabilities.includes('global');
  const owner = global ? [] : [connection.info.principal.name, containerId];
  const name = shared ? (linkName.split(SHARED_DELIMITER)[0] ?? linkName) : linkName;
  const parts = [...owner, name].map(encodeURIComponent).join(':');
  return `amqp:${durable ? 'durable' : 'shared'}:${parts}`;
}
