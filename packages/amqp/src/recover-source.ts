import { BrokerError } from '@causeway/core';
import type { Attach, Source } from './codec/types.js';
import { TERMINUS_DURABILITY } from './codec/types.js';
import { AmqpError, CONDITION } from './errors.js';
import { TOPIC_PREFIX } from './naming.js';
import { type OpenedSource, OUTCOMES } from './open-source.js';
import type { Session } from './session.js';
import { writeFilters } from './source-filters.js';
import { HeldSubscription, type SubscriptionData, subscriptionName } from './subscription.js';

/**
 * A receiver that names no source asks for the one that its link had (part 2.6.3): the durable
 * subscription of that name. JMS clients end subscriptions so, of which they know the name only.
 * Those that are shared, and global, are hinted at by the capabilities that the client desires.
 * @throws AmqpError `amqp:not-found`
 * @throws BrokerError `address-in-use`, `not-authorized`
 */
export function recoverSource(session: Session, attach: Attach): OpenedSource {
  const { broker, connection } = session.client;
  const hints = attach.desiredCapabilities;
  const queue = broker.findSubscriptionQueue(subscriptionName(session, attach.name, hints, true));
  const binding = queue?.bindings.values().next().value;
  if (queue === null || binding === undefined) {
    throw new AmqpError('link', CONDITION.notFound, 'no subscription of that name is known');
  }
  if (queue.consumers.length > 0) {
    throw new BrokerError('address-in-use', 'the subscription has a consumer');
  }
  const { filter, options } = binding;
  connection.require('read', broker.addresses.topic(filter));
  const data: Partial<SubscriptionData> = options.data;
  const source: Source = {
    address: TOPIC_PREFIX + filter,
    durable: TERMINUS_DURABILITY.unsettledState,
    expiryPolicy: data.expiryPolicy ?? 'never',
    timeout: data.timeout ?? 0,
    dynamic: false,
    dynamicNodeProperties: null,
    distributionMode: 'copy',
    filter: writeFilters(options.selector ?? null, options.noLocal),
    defaultOutcome: null,
    outcomes: OUTCOMES,
    capabilities: ['topic', ...hints.filter((hint) => hint === 'shared' || hint === 'global')],
  };
  const resource = new HeldSubscription(broker, queue);
  return { queue, browses: false, selector: null, source, node: null, resource };
}
