import {
  type Address,
  type BrokerApi,
  BrokerError,
  type Queue,
  type SubscriptionQueueOptions,
} from '@causeway/core';
import { mapEntry } from './codec/map-entry.js';
import type { Attach, Source } from './codec/types.js';
import { TERMINUS_DURABILITY } from './codec/types.js';
import type { Session } from './session.js';
import type { SourceFilters } from './source-filters.js';
import type { TerminusResource } from './terminus.js';

/** What Qpid JMS puts between the name of a shared subscription and the number of its consumer. */
const SHARED_DELIMITER = '|';
/** The property of a link whose receiver wants what topics have kept; ActiveMQ's name for it. */
const RETROACTIVE = 'activemq.retroactive';
const MS_PER_SECOND = 1000;

/** What is stored of a durable subscription for a receiver that names no source. */
export type SubscriptionData = Pick<Source, 'expiryPolicy' | 'timeout'>;

/**
 * The queue behind a receiver of a topic: the subscription that container id and link name stand
 * for, as in JMS. It lasts as long as the terminus (part 3.5.6), over restarts if that is durable.
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
  const { expiryPolicy, timeout } = source;
  const data: SubscriptionData = { expiryPolicy, timeout };
  const name = subscriptionName(session, attach.name, source.capabilities, durable);
  const options: SubscriptionQueueOptions = {
    name,
    filter: address.name,
    binding: { noLocal, durable, selector, data: { ...data } },
    durable,
    ownerId: connection.id,
    expiryMs: expiryPolicy === 'never' ? Number.POSITIVE_INFINITY : timeout * MS_PER_SECOND,
  };
  const existing = broker.findSubscriptionQueue(name);
  if (existing !== null) {
    if (!shared && existing.consumers.length > 0) {
      throw new BrokerError('address-in-use', 'the subscription has a consumer already');
    }
    const former = existing.bindings.get(address.name)?.options;
    if (former !== undefined && (former.selector ?? null) === selector) {
      existing.ownerId = connection.id;
      return broker.subscriptionQueue(options);
    }
    if (existing.consumers.length > 0) {
      throw new BrokerError('address-in-use', 'the subscription has another topic or selector');
    }
    // With another topic or selector than before it is a new subscription, as in JMS.
    broker.deleteQueue(existing);
  }
  return begin(session, attach, options);
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

/** A subscription as what a terminus needs: the broker counts the time that it may last longer. */
export class HeldSubscription implements TerminusResource {
  readonly #broker: BrokerApi;
  readonly #queue: Queue;

  constructor(broker: BrokerApi, queue: Queue) {
    this.#broker = broker;
    this.#queue = queue;
  }

  hold(): void {
    this.#broker.holdSubscription(this.#queue);
  }

  release(): void {
    this.#broker.releaseSubscription(this.#queue);
  }
}

/** Part 3.5.3 and 3.5.5: it outlives the broker's process. */
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
  if (durable) return `amqp:durable:${parts}`;
  return `amqp:${shared ? 'shared' : 'link'}:${parts}`;
}
