import { type BindingOptions, BrokerError, type Queue } from '@causeway/core';
import type { StompClient } from './client.js';
import type { Frame } from './codec/frame.js';

/**
 * The broker's name of the durable subscription that a SUBSCRIBE or UNSUBSCRIBE frame speaks of, or
 * null. As in JMS it belongs to the `client-id` of the CONNECT frame.
 */
export function durableName(client: StompClient, frame: Frame): string | null {
  const name = frame.text('durable-subscription-name') ?? frame.text('activemq.subscriptionName');
  if (name === undefined) return null;
  const { clientId } = client.connection.info;
  if (clientId === '' || name === '') {
    throw new BrokerError(
      'malformed',
      'a durable subscription needs a name, and a client-id in the CONNECT frame',
    );
  }
  return `stomp:${clientId}:${name}`;
}

/**
 * The queue of a durable subscription. With another filter or selector than before it is a new
 * subscription, and what the old one kept is gone, as in JMS.
 */
export function durableQueue(
  client: StompClient,
  name: string,
  filter: string,
  binding: BindingOptions,
): Queue {
  const { broker } = client;
  const existing = broker.findSubscriptionQueue(name);
  const former = existing?.bindings.get(filter);
  if (existing !== null) {
    if (former !== undefined && (former.options.selector ?? null) === binding.selector) {
      broker.bind(existing, filter, binding);
      existing.ownerId = client.connection.id;
      return existing;
    }
    broker.deleteQueue(existing);
  }
  return broker.subscriptionQueue({
    name,
    filter,
    binding,
    durable: true,
    ownerId: client.connection.id,
    expiryMs: Number.POSITIVE_INFINITY,
  });
}
