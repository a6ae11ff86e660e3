import { type Address, FORMAT_IDS, Message } from '@causeway/core';
import { isStrictUtf8 } from '@causeway/wire';
import type { MqttClient } from './client.js';
import { HAS_PROPERTIES } from './stored-form.js';

/**
 * The message of a PUBLISH whose property block was scanned: it borrows `view[block, end)`, or the
 * payload alone when no property stays with it.
 * @returns null when the payload is not the text it claims to be [MQTT 5 3.3.2.3.2]
 */
export function createMessage(
  client: MqttClient,
  address: Address,
  view: Buffer,
  first: number,
  block: number,
  payload: number,
  end: number,
): Message | null {
  const qos = (first >> 1) & 3;
  const retain = (first & 1) !== 0 && address.kind === 'topic';
  if (client.version < 5 || payload === block + 1) {
    const message = new Message(address, FORMAT_IDS.mqtt, qos > 0, view, payload, end, true);
    message.formatFlags = qos;
    message.publisherId = client.session.id;
    if (retain) keepForTopic(message, payload === end);
    return message;
  }
  const { publishProperties } = client;
  if (publishProperties.text && !isStrictUtf8(view, payload, end)) return null;
  const message = withProperties(client, address, view, qos, block, payload, end);
  message.publisherId = client.session.id;
  const { expirySeconds, priority } = publishProperties;
  if (priority >= 0) message.priority = priority;
  if (expirySeconds >= 0) message.expiresAt = client.broker.clock.wallMs() + expirySeconds * 1000;
  if (retain) keepForTopic(message, payload === end);
  return message;
}

function withProperties(
  client: MqttClient,
  address: Address,
  view: Buffer,
  qos: number,
  block: number,
  payload: number,
  end: number,
): Message {
  const { keptBytes, removedBytes } = client.publishProperties;
  const { mqtt } = FORMAT_IDS;
  const durable = qos > 0;
  if (keptBytes === 0) {
    const message = new Message(address, mqtt, durable, view, payload, end, true);
    message.formatFlags = qos;
    return message;
  }
  const flags = qos | HAS_PROPERTIES;
  let message: Message;
  if (removedBytes === 0) message = new Message(address, mqtt, durable, view, block, end, true);
  else {
    const copy = client.publishProperties.copyKept(end);
    message = new Message(address, mqtt, durable, copy, 0, copy.length, false);
  }
  message.formatFlags = flags;
  return message;
}

function keepForTopic(message: Message, empty: boolean): void {
  message.retain = true;
  message.emptyBody = empty;
}
