import { type BindingOptions, BrokerError } from '@causeway/core';
import { ByteReader } from '@causeway/wire';
import type { MqttClient } from './client.js';
import { decodeSubscribe } from './codec/decoder.js';
import { encodeCodes } from './codec/encoder.js';
import { protocolError } from './codec/mqtt-error.js';
import { NO_PROPERTIES } from './codec/properties.js';
import type { SubscriptionRequest } from './codec/types.js';
import { ERROR_REASONS, LEGACY_SUBACK_FAILURE } from './errors.js';
import { type ParsedFilter, parseFilter } from './naming.js';
import { openSubscription } from './queue-subscriptions.js';
import { OWNER_RECORD, recordName, type SubscriptionData } from './subscription.js';

/** MQTT 5 3.8. The answer waits until the subscriptions are durable. */
export function handleSubscribe(
  client: MqttClient,
  view: Buffer,
  start: number,
  end: number,
): void {
  const { version, broker } = client;
  const reader = new ByteReader(view, start, end);
  const { packetId, requests, properties } = decodeSubscribe(reader, version, broker.limits);
  const identifier = properties.subscriptionIdentifiers?.[0] ?? 0;
  // What the subscriptions bring comes after the answer: clients expect it so.
  client.deliveries.window.held = true;
  // One answer for each filter, in their order [MQTT-3.8.4-6].
  const codes = requests.map((request) => answer(client, request, identifier));
  client.reply(encodeCodes('suback', version, packetId, codes, NO_PROPERTIES));
}

/** The granted QoS, or why there is none. */
function answer(client: MqttClient, request: SubscriptionRequest, identifier: number): number {
  try {
    return subscribe(client, request, identifier);
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    return client.version < 5 ? LEGACY_SUBACK_FAILURE : ERROR_REASONS[error.code].subscribe;
  }
}

function subscribe(client: MqttClient, request: SubscriptionRequest, identifier: number): number {
  const { addresses, limits } = client.broker;
  const parsed = parseFilter(request.filter, addresses, limits);
  // A queue hands each message to one consumer and may have to do so again: at least once.
  const qos = parsed.kind === 'queue' && request.qos === 2 ? 1 : request.qos;
  const { retainAsPublished } = request;
  const data: SubscriptionData = { qos, retainAsPublished, identifier };
  if (parsed.kind !== 'topic' && request.noLocal) {
    // [MQTT-3.8.3-4]; a queue has no use for it either.
    throw protocolError('No Local is for subscriptions of one client');
  }
  checkRoom(client, parsed.kind === 'topic' ? parsed.filter : recordName(request.filter));
  if (parsed.kind === 'topic') subscribeSession(client, parsed, request, data);
  else {
    openSubscription(client, request.filter, parsed, data);
    client.broker.bind(client.session.queue, recordName(request.filter), {
      noLocal: false,
      durable: true,
      data: { ...data },
    });
  }
  return qos;
}

function checkRoom(client: MqttClient, filter: string): void {
  const { bindings } = client.session.queue;
  const count = bindings.size - (bindings.has(OWNER_RECORD) ? 1 : 0);
  if (count < client.broker.limits.subscriptionsPerConnectionMax) return;
  if (bindings.has(filter)) return;
  throw new BrokerError('quota-exceeded', 'the session has too many subscriptions');
}

/** Feeds the session's queue, and sends what topics keep for new subscribers [MQTT-3.3.1-9..11]. */
function subscribeSession(
  client: MqttClient,
  { filter }: ParsedFilter & { readonly kind: 'topic' },
  request: SubscriptionRequest,
  data: SubscriptionData,
): void {
  const { broker, session, connection } = client;
  connection.require('read', broker.addresses.topic(filter));
  const { noLocal, retainHandling } = request;
  const options: BindingOptions = { noLocal, durable: data.qos > 0, data: { ...data } };
  const existed = broker.bind(session.queue, filter, options);
  if (retainHandling === 2 || (retainHandling === 1 && existed)) return;
  broker.retained(filter, (message) => {
    if (noLocal && message.publisherId === session.id) return;
    broker.enqueueDirect(session.queue, message, filter);
  });
}
