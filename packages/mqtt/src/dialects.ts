import {
  type Address,
  BrokerError,
  type Change,
  type Content,
  type Dialect,
  FORMAT_IDS,
  Message,
  type SentParts,
} from '@causeway/core';
import { ByteWriter, isStrictUtf8 } from '@causeway/wire';
import { PRIORITY_PROPERTY, priorityOf } from './codec/priority-property.js';
import { writeProperties } from './codec/properties.js';
import type { Properties } from './codec/types.js';
import { topicBytes } from './naming.js';
import { responseTopicOf } from './response-topic.js';
import { HAS_PROPERTIES, QOS_MASK, readStored } from './stored-form.js';

type Header = readonly [name: string, value: string];

/** MQTT 5 as `causeway explain` shows it: the properties of PUBLISH packets. */
export const mqtt5: Dialect = {
  key: 'mqtt5',
  name: 'MQTT 5',
  envelope: ['durable', 'priority', 'expiresAt'],

  receive(content: Content): Content {
    return content;
  },

  destination: topicOf,

  describe(message: Message): Header[] {
    const { expiresAt } = message;
    const headers: Header[] = [qosOf(message)];
    if (expiresAt > 0) headers.push(['message expiry', new Date(expiresAt).toISOString()]);
    for (const [name, value] of message.annotations ?? [])
      headers.push([`user property ${name}`, value]);
    return [...headers, ...describeProperties(message)];
  },

  reason(field: string, change: Change): string {
    if (field === 'contentType' && change === 'retyped') return 'the text is written in UTF-8';
    if (field === 'body' && change === 'retyped') return 'nothing says which type the body had';
    if (change === 'retyped') return 'user properties are text';
    if (field === 'destination')
      return 'it holds wildcards of MQTT, or is too long for a topic name';
    if (field === 'body') return 'the body is written as text, which does not hold all of it';
    return 'MQTT strings hold at most 65,535 bytes, and no U+0000';
  },

  compose(parts: SentParts): Message {
    const properties = sentProperties(parts);
    const writer = new ByteWriter();
    writeProperties(writer, properties);
    const message = createMessage(parts, writer.bytes(parts.body).take());
    message.formatFlags |= HAS_PROPERTIES;
    message.expiresAt = parts.expiresAt ?? 0;
    const priority = priorityOf(properties);
    if (priority >= 0) message.priority = priority;
    return message;
  },
};

/** MQTT 3.1 and 3.1.1: a payload, and the quality of service. */
export const mqtt3: Dialect = {
  key: 'mqtt3',
  name: 'MQTT 3.1.1',
  envelope: ['durable'],

  receive({ body }: Content): Content {
    if (body.kind !== 'text') return { properties: [], body };
    return { properties: [], body: { kind: 'binary', bytes: Buffer.from(body.text) } };
  },

  destination: topicOf,

  describe(message: Message): Header[] {
    return [qosOf(message)];
  },

  reason(field: string, change: Change): string {
    if (field === 'body' || field === 'destination') return mqtt5.reason(field, change);
    return 'MQTT 3 has a payload and nothing else';
  },

  compose(parts: SentParts): Message {
    const { headers, contentType, replyTo, correlationId, priority, expiresAt } = parts;
    const others = [contentType, replyTo, correlationId, priority, expiresAt, parts.bodyType];
    if (headers.length > 0 || others.some((part) => part !== undefined)) {
      throw new BrokerError('not-supported', 'MQTT 3 has a payload and nothing else');
    }
    return createMessage(parts, parts.body);
  },
};

/** Null for an address whose name would be a wildcard here. */
function topicOf(address: Address): string | null {
  const topic = topicBytes(address);
  return topic.length === 0 ? null : topic.toString();
}

function qosOf({ format, formatFlags, durable }: Message): Header {
  const own = format === FORMAT_IDS.mqtt ? formatFlags & QOS_MASK : 0;
  return ['QoS', String(own > 0 || !durable ? own : 1)];
}

function describeProperties(message: Message): Header[] {
  const { properties } = readStored(message);
  const { payloadFormat, contentType, responseTopic, correlationData } = properties;
  const headers: Header[] = [];
  if (payloadFormat === 1) headers.push(['payload format indicator', '1']);
  if (contentType !== undefined) headers.push(['content type', contentType]);
  if (responseTopic !== undefined) headers.push(['response topic', responseTopic]);
  if (correlationData !== undefined) {
    headers.push(['correlation data', correlationText(correlationData)]);
  }
  for (const [name, value] of properties.userProperties ?? []) {
    headers.push([`user property ${name}`, value]);
  }
  return headers;
}

function correlationText(bytes: Buffer): string {
  return isStrictUtf8(bytes) ? bytes.toString('utf8') : `0x${bytes.toString('hex')}`;
}

function sentProperties(parts: SentParts): Properties {
  const { bodyType, contentType, replyTo, correlationId, priority } = parts;
  const properties: Properties = {};
  if (bodyType === 'text') properties.payloadFormat = 1;
  if (contentType !== undefined) properties.contentType = contentType;
  if (replyTo !== undefined) {
    const topic = responseTopicOf(replyTo);
    if (topic === null) {
      throw new BrokerError('not-supported', 'the reply-to address is no topic name in MQTT');
    }
    properties.responseTopic = topic;
  }
  if (correlationId !== undefined) properties.correlationData = Buffer.from(correlationId);
  const userProperties = [...parts.headers];
  if (priority !== undefined) userProperties.push([PRIORITY_PROPERTY, String(priority)]);
  if (userProperties.length > 0) properties.userProperties = userProperties;
  return properties;
}

function createMessage({ address, durable, value, timestamp }: SentParts, bytes: Buffer): Message {
  if (value !== undefined) throw new BrokerError('not-supported', 'an MQTT payload is bytes');
  const { mqtt } = FORMAT_IDS;
  const message = new Message(address, mqtt, durable, bytes, 0, bytes.length, false);
  message.formatFlags = durable ? 1 : 0;
  message.timestamp = timestamp;
  return message;
}
