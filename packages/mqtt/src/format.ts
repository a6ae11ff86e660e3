import {
  type Body,
  type Content,
  FORMAT_IDS,
  type Message,
  type MessageFormat,
  plainBody,
  propertyText,
} from '@causeway/core';
import { ByteReader, ByteWriter, isStrictUtf8 } from '@causeway/wire';
import { NO_PROPERTIES, readProperties, writeProperties } from './codec/properties.js';
import { TEXT_BYTES_MAX } from './codec/text.js';
import { isTopicName } from './codec/topic-syntax.js';
import type { DecodeLimits, Properties } from './codec/types.js';
import { QUEUE_PREFIX, swapSeparators } from './naming.js';
import { HAS_PROPERTIES } from './stored-form.js';

/** What is stored was checked when it came in. */
const UNLIMITED: DecodeLimits = {
  headersMax: Number.POSITIVE_INFINITY,
  headerBytesMax: Number.POSITIVE_INFINITY,
  subscriptionsPerConnectionMax: Number.POSITIVE_INFINITY,
};
/** Content types whose bodies are text even without a payload format indicator. */
const TEXTUAL = /^(text\/|application\/(json|xml|javascript)\b)|\+(json|xml)\b/i;

/** MQTT messages: the payload, and in MQTT 5 the properties that travel with it. */
export const mqttFormat: MessageFormat = {
  id: FORMAT_IDS.mqtt,
  name: 'mqtt',

  view(message: Message): Content {
    const reader = new ByteReader(message.bytes, message.start, message.end);
    const hasProperties = (message.formatFlags & HAS_PROPERTIES) !== 0;
    const properties = hasProperties ? readProperties(reader, 'PUBLISH', UNLIMITED) : NO_PROPERTIES;
    const { contentType, responseTopic, correlationData } = properties;
    return {
      ...(contentType === undefined ? {} : { contentType }),
      ...(responseTopic === undefined ? {} : { replyTo: replyToOf(responseTopic) }),
      ...(correlationData === undefined ? {} : { correlationId: correlationOf(correlationData) }),
      properties: properties.userProperties ?? [],
      body: bodyOf(reader.bytes(reader.remaining), properties),
    };
  },

  /** The MQTT 5 form: always with a property block. */
  build(content: Content): Buffer {
    const { body, contentType } = plainBody(content);
    const writer = new ByteWriter();
    writeProperties(writer, propertiesOf(content, body.kind === 'text', contentType));
    if (body.kind === 'text') writer.utf8(body.text);
    else writer.bytes(body.bytes);
    return writer.take();
  },
};

/** Bodies are binary unless the sender says that they are text, and they are. */
function bodyOf(payload: Buffer, properties: Properties): Body {
  const textual = properties.payloadFormat === 1 || TEXTUAL.test(properties.contentType ?? '');
  if (textual && isStrictUtf8(payload)) return { kind: 'text', text: payload.toString('utf8') };
  return { kind: 'binary', bytes: payload };
}

/** `$queue/name` is a queue, as everywhere in MQTT here; anything else is a topic. */
function replyToOf(topic: string): string {
  if (!topic.startsWith(QUEUE_PREFIX)) return `topic://${swapSeparators(topic)}`;
  return `queue://${topic.slice(QUEUE_PREFIX.length)}`;
}

/** Most correlation data is text, which every protocol can carry. */
function correlationOf(bytes: Buffer): string | Uint8Array {
  return isStrictUtf8(bytes) && !bytes.includes(0) ? bytes.toString('utf8') : bytes;
}

function propertiesOf(content: Content, isText: boolean, type: string | undefined): Properties {
  const { correlationId, replyTo } = content;
  const contentType = isText ? inUtf8(type) : type;
  const properties: Properties = {};
  if (isText) properties.payloadFormat = 1;
  if (contentType !== undefined && isWritable(contentType)) properties.contentType = contentType;
  const responseTopic = replyTo === undefined ? '' : responseTopicOf(replyTo);
  if (isTopicName(responseTopic) && isWritable(responseTopic)) {
    properties.responseTopic = responseTopic;
  }
  if (correlationId !== undefined && correlationId.length > 0) {
    const bytes = Buffer.from(correlationId as string);
    if (bytes.length <= TEXT_BYTES_MAX) properties.correlationData = bytes;
  }
  const userProperties = userPropertiesOf(content);
  if (userProperties.length > 0) properties.userProperties = userProperties;
  return properties;
}

/** Text is written as UTF-8 here, whatever the sender wrote it in. */
function inUtf8(contentType: string | undefined): string | undefined {
  return contentType?.replace(/(;\s*charset\s*=\s*)("[^"]*"|[^;]*)/i, '$1utf-8');
}

function responseTopicOf(replyTo: string): string {
  if (replyTo.startsWith('topic://')) return swapSeparators(replyTo.slice('topic://'.length));
  const name = replyTo.startsWith('queue://') ? replyTo.slice('queue://'.length) : replyTo;
  return QUEUE_PREFIX + name;
}

/** User properties are texts: what cannot be written as one is left out. */
function userPropertiesOf(content: Content): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const [name, value] of content.properties) {
    const text = propertyText(value);
    if (isWritable(name) && isWritable(text)) pairs.push([name, text]);
  }
  return pairs;
}

/** Whether a text fits into an MQTT string. */
function isWritable(text: string): boolean {
  return !text.includes('\0') && Buffer.byteLength(text) <= TEXT_BYTES_MAX;
}
