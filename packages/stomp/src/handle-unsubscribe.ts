import { BrokerError } from '@causeway/core';
import type { StompClient } from './client.js';
import type { Frame } from './codec/frame.js';
import { durableName } from './durable-subscription.js';

/** STOMP 1.2, UNSUBSCRIBE. A durable subscription ends only when the frame names it. */
export function handleUnsubscribe(client: StompClient, frame: Frame): void {
  const { broker, subscriptions } = client;
  const id = frame.text('id') ?? (client.version === 0 ? frame.text('destination') : undefined);
  const durable = durableName(client, frame);
  if (id === undefined && durable === null) {
    throw new BrokerError('malformed', 'UNSUBSCRIBE has no id');
  }
  const subscription = id === undefined ? undefined : subscriptions.get(id);
  const queue = durable === null ? null : broker.findSubscriptionQueue(durable);
  if (subscription === undefined && queue === null) {
    throw new BrokerError('protocol-violation', 'the connection has no subscription of that id');
  }
  if (subscription !== undefined) {
    subscriptions.remove(subscription);
    if (subscription.consumer !== null) broker.closeConsumer(subscription.consumer);
    subscription.consumer = null;
  }
  if (queue !== null) broker.deleteQueue(queue);
  client.confirmReceipt(frame);
}
