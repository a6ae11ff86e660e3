import { type Binding, BrokerError } from '@causeway/core';
import type { MqttClient } from './client.js';
import { type ParsedFilter, parseFilter } from './naming.js';
import { joinGroup, leaveGroup } from './shared-groups.js';
import {
  dataOf,
  OWNER_RECORD,
  planOf,
  QueueSubscription,
  recordedFilter,
  type SubscriptionData,
} from './subscription.js';

type QueueFilter = Exclude<ParsedFilter, { readonly kind: 'topic' }>;

/**
 * Starts to compete for a queue, or changes the options of the subscription that does
 * [MQTT-3.8.4-3].
 * @throws BrokerError
 */
export function openSubscription(
  client: MqttClient,
  filter: string,
  parsed: QueueFilter,
  data: SubscriptionData,
): void {
  const { broker, connection, session, subscriptions, deliveries } = client;
  const known = subscriptions.get(filter);
  if (known !== undefined) {
    known.plan = planOf([data]);
    return;
  }
  let queue: QueueSubscription['queue'];
  if (parsed.kind === 'queue') {
    connection.require('read', parsed.address);
    queue = broker.queue(parsed.address, true);
  } else {
    connection.require('read', broker.addresses.topic(parsed.filter));
    queue = joinGroup(broker, session, parsed.group, parsed.filter);
  }
  const subscription = new QueueSubscription(filter, parsed.kind, queue, data);
  subscription.consumer = deliveries.consume(subscription);
  subscriptions.set(filter, subscription);
}

/**
 * Stops competing. What the client has not acknowledged yet stays its own until it is
 * [MQTT-3.10.4-2].
 */
export function closeSubscription(client: MqttClient, filter: string, parsed: QueueFilter): void {
  const { broker, session, subscriptions, deliveries } = client;
  const subscription = subscriptions.get(filter);
  if (subscription === undefined) return;
  subscriptions.delete(filter);
  const { consumer } = subscription;
  if (consumer !== null && consumer.unsettled === 0) {
    deliveries.window.remove(consumer);
    broker.closeConsumer(consumer);
  } else if (consumer !== null) {
    subscription.ending = true;
    deliveries.window.retire(consumer);
  }
  if (parsed.kind === 'shared') leaveGroup(broker, session, parsed.group, parsed.filter);
}

/**
 * Takes up the subscriptions of an earlier connection. Those go for which the permission, or the
 * queue, went away meanwhile.
 */
export function reopenSubscriptions(client: MqttClient): void {
  const { broker, session } = client;
  for (const binding of [...session.queue.bindings.values()]) {
    if (binding.filter === OWNER_RECORD) continue;
    try {
      reopen(client, binding);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      broker.unbind(session.queue, binding.filter);
    }
  }
}

function reopen(client: MqttClient, binding: Binding): void {
  const { addresses, limits } = client.broker;
  const filter = recordedFilter(binding);
  if (filter === null) {
    client.connection.require('read', addresses.topic(binding.filter));
    return;
  }
  const parsed = parseFilter(filter, addresses, limits);
  if (parsed.kind !== 'topic') openSubscription(client, filter, parsed, dataOf(binding));
}
