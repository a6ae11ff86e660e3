import {
  type Address,
  BrokerError,
  checkFilter,
  checkName,
  hasWildcard,
  type Queue,
  type Selector,
} from '@causeway/core';
import type { StompClient } from './client.js';
import { parseDecimalText } from './codec/digits.js';
import type { Frame } from './codec/frame.js';
import { durableName, durableQueue } from './durable-subscription.js';
import { isTemporaryAddress, parseDestination, unknownDestination } from './naming.js';
import { readSelector } from './subscribe-selector.js';
import { type AckMode, Subscription } from './subscription.js';

/** STOMP 1.2, SUBSCRIBE. */
export function handleSubscribe(client: StompClient, frame: Frame): void {
  const destination = frame.text('destination');
  if (destination === undefined) {
    throw new BrokerError('malformed', 'SUBSCRIBE has no destination');
  }
  const id = readId(client, frame, destination);
  if (isTrue(frame.text('activemq.exclusive') ?? '')) {
    // It would change who receives what: it is not ignored.
    throw new BrokerError('not-supported', 'a consumer cannot be exclusive here');
  }
  const browse = isTrue(frame.text('browser') ?? '');
  const subscription = new Subscription({
    id,
    named: frame.find('id') >= 0,
    destination,
    temporary: destination.startsWith('/temp-'),
    // Nothing that is only looked at is acknowledged.
    ackMode: browse ? 'auto' : readAckMode(frame),
    version: client.version,
  });
  const credit = readPrefetch(client, frame);
  const address = resolve(client, destination);
  if (browse && address.kind === 'topic') {
    throw new BrokerError('not-supported', 'only queues can be browsed');
  }
  const selected = readSelector(client, frame);
  const queue = openQueue(client, frame, address, selected);
  client.subscriptions.add(subscription);
  // What a topic does not bring into the subscription's queue need not be selected again.
  const selector = address.kind === 'topic' ? null : selected;
  const options = { sink: client, credit, context: subscription, selector, browse };
  const consumer = client.broker.consume(queue, options);
  client.subscribed(subscription, consumer);
  if (browse) consumer.drain();
  client.confirmReceipt(frame);
}

/** Required from 1.1 on; before, the destination tells subscriptions apart. */
function readId(client: StompClient, frame: Frame, destination: string): string {
  const id = frame.text('id');
  if (id === undefined && client.version > 0) {
    throw new BrokerError('malformed', 'SUBSCRIBE has no id');
  }
  const key = id ?? destination;
  if (client.subscriptions.get(key) !== undefined) {
    throw new BrokerError('protocol-violation', 'the connection has a subscription of that id');
  }
  if (client.subscriptions.size >= client.broker.limits.subscriptionsPerConnectionMax) {
    throw new BrokerError('quota-exceeded', 'the connection has too many subscriptions');
  }
  return key;
}

function readAckMode(frame: Frame): AckMode {
  const mode = frame.text('ack') ?? 'auto';
  if (mode === 'auto' || mode === 'client' || mode === 'client-individual') return mode;
  throw new BrokerError('malformed', 'ack is auto, client or client-individual');
}

function readPrefetch(client: StompClient, frame: Frame): number {
  const { prefetchDefault, prefetchMax } = client.broker.limits;
  const text = frame.text('activemq.prefetchSize') ?? frame.text('prefetch-count');
  const wanted = text === undefined ? prefetchDefault : parseDecimalText(text);
  if (wanted < 0) throw new BrokerError('malformed', 'the prefetch is not a number of messages');
  return Math.max(1, Math.min(wanted, prefetchMax));
}

function resolve(client: StompClient, text: string): Address {
  const { broker, connection, temporary } = client;
  const destination = parseDestination(text);
  if (destination === null) throw unknownDestination();
  if (destination.temporary) return temporary.resolve(destination);
  const { kind } = destination;
  if (destination.name.includes(',')) {
    throw new BrokerError('not-supported', 'SUBSCRIBE takes one destination, not a list');
  }
  if (kind === 'topic') checkFilter(destination.name, broker.limits);
  else if (hasWildcard(destination.name)) {
    throw new BrokerError('not-supported', 'SUBSCRIBE to a queue cannot have a wildcard');
  } else checkName(destination.name, broker.limits);
  const address = broker.addresses.get(kind, destination.name);
  if (temporary.owns(address)) return address;
  if (isTemporaryAddress(address)) {
    throw new BrokerError('not-authorized', 'only its own connection reads it');
  }
  connection.require('read', address);
  return address;
}

function openQueue(
  client: StompClient,
  frame: Frame,
  address: Address,
  selected: Selector | null,
): Queue {
  const noLocal = isTrue(frame.text('no-local') ?? frame.text('activemq.noLocal') ?? '');
  const durable = durableName(client, frame);
  if (address.kind === 'queue') {
    if (noLocal || durable !== null) {
      throw new BrokerError('not-supported', 'no-local and durable subscriptions are for topics');
    }
    return client.broker.queue(address, true);
  }
  const selector = selected?.text ?? null;
  const queue =
    durable !== null
      ? durableQueue(client, durable, address.name, { noLocal, durable: true, selector, data: {} })
      : client.broker.subscriptionQueue({
          name: null,
          filter: address.name,
          binding: { noLocal, durable: false, selector, data: {} },
          durable: false,
          ownerId: client.connection.id,
          expiryMs: 0,
        });
  if (isTrue(frame.text('activemq.retroactive') ?? '')) {
    client.broker.retained(address.name, (message) => {
      client.broker.enqueueDirect(queue, message, address.name);
    });
  }
  return queue;
}

function isTrue(value: string): boolean {
  return value.toLowerCase() === 'true';
}
