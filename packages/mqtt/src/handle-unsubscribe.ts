import { BrokerError } from '@causeway/core';
import { ByteReader } from '@causeway/wire';
import type { MqttClient } from './client.js';
import { decodeUnsubscribe } from './codec/decoder.js';
import { encodeCodes } from './codec/encoder.js';
import { NO_PROPERTIES } from './codec/properties.js';
import { REASON, type Reason } from './codec/reason.js';
import { ERROR_REASONS } from './errors.js';
import { parseFilter } from './naming.js';
import { closeSubscription } from './queue-subscriptions.js';
import { recordName } from './subscription.js';

/** MQTT 5 3.10. The answer waits until the change is durable. */
export function handleUnsubscribe(
  client: MqttClient,
  view: Buffer,
  start: number,
  end: number,
): void {
  const { version, broker } = client;
  const reader = new ByteReader(view, start, end);
  const { packetId, filters } = decodeUnsubscribe(reader, version, broker.limits);
  const codes = filters.map((filter) => answer(client, filter));
  // MQTT 3 answers without codes.
  client.reply(encodeCodes('unsuback', version, packetId, version < 5 ? [] : codes, NO_PROPERTIES));
}

function answer(client: MqttClient, filter: string): Reason {
  try {
    return unsubscribe(client, filter) ? REASON.success : REASON.noSubscriptionExisted;
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    return ERROR_REASONS[error.code].subscribe;
  }
}

/** @returns whether there was such a subscription */
function unsubscribe(client: MqttClient, filter: string): boolean {
  const { broker, session } = client;
  const parsed = parseFilter(filter, broker.addresses, broker.limits);
  if (parsed.kind === 'topic') return broker.unbind(session.queue, parsed.filter);
  closeSubscription(client, filter, parsed);
  return broker.unbind(session.queue, recordName(filter));
}
