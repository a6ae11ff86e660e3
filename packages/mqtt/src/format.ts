import {
  type Body,
  type Content,
  FORMAT_IDS,
  type Message,
  type MessageFormat,
  PRIORITY_DEFAULT,
  plainBody,
  TextFields,
} from '@causeway/core';
import { ByteWriter, isStrictUtf8 } from '@causeway/wire';
import { PRIORITY_PROPERTY } from './codec/priority-property.js';
import { writeProperties } from './codec/properties.js';
import { isWritable, TEXT_BYTES_MAX } from './codec/text.js';
import type { Properties } from './codec/types.js';
import { mqtt3, mqtt5 } from './dialects.js';
import { responseTopicOf, uriOfResponseTopic } from './response-topic.js';
import { BUILT, HAS_PROPERTIES, readStored } from './stored-form.js';

/** Carries a reply-to that is no topic name of MQTT. */
const REPLY_TO_PROPERTY = 'JMSReplyTo';
const URI = /^(queue|topic):\/\//;
const CHARSET = /;\s*charset\s*=\s*"?([\w-]+)/i;
const UTF8 = /^(utf-?8|(us-)?ascii)$/i;
/** Content types whose bodies are text even without a payload format indicator. */
const TEXTUAL = /^(text\/|application\/(json|xml|javascript)\b)|\+(json|xml)\b/i;

/** What MQTT has no property for travels as user properties, under the names that JMS gives it. */
const FIELDS = new TextFields(
  {
    messageId: 'JMSMessageID',
    userId: 'JMSXUserID',
    subject: 'JMSType',
    contentEncoding: 'content-encoding',
    creationTime: 'JMSTimestamp',
    groupId: 'JMSXGroupID',
    groupSequence: 'JMSXGroupSeq',
    replyToGroupId: 'JMS_AMQP_ReplyToGroupID',
  },
  [PRIORITY_PROPERTY, REPLY_TO_PROPERTY],
);

/** MQTT messages: the payload, and in MQTT 5 the properties that travel with it. */
export const mqttFormat: MessageFormat = {
  id: FORMAT_IDS.mqtt,
  name: 'mqtt',
  builtFlags: HAS_PROPERTIES | BUILT,
  dialects: [mqtt5, mqtt3],

  view(message: Message): Content {
    const { properties, payload } = readStored(message);
    const { contentType, correlationData } = properties;
    const pairs = [...(properties.userProperties ?? [])];
    takePair(pairs, PRIORITY_PROPERTY, (text) => text === String(message.priority));
    const replyTo = takeReplyTo(properties.responseTopic, pairs);
    let body: Body | undefined;
    return {
      ...(contentType === undefined ? {} : { contentType }),
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(correlationData === undefined ? {} : { correlationId: correlationOf(correlationData) }),
      ...FIELDS.read(pairs, (message.formatFlags & BUILT) !== 0),
      get body(): Body {
        body ??= bodyOf(payload, properties);
        return body;
      },
    };
  },

  /** The MQTT 5 form: always with a property block. */
  build(content: Content, message: Message): Buffer {
    const { body, contentType } = plainBody(content);
    const properties: Properties = {
      ...(body.kind === 'text' ? { payloadFormat: 1 } : {}),
      ...contentTypeProperty(body.kind === 'text' ? inUtf8(contentType) : contentType),
      ...replyProperties(content),
      ...userProperties(content, message.priority),
    };
    const writer = new ByteWriter();
    writeProperties(writer, properties);
    if (body.kind === 'text') writer.utf8(body.text);
    else writer.bytes(body.bytes);
    return writer.take();
  },
};

/** Bodies are binary unless the sender says that they are text in UTF-8, and they are. */
function bodyOf(payload: Buffer, { payloadFormat, contentType = '' }: Properties): Body {
  const charset = CHARSET.exec(contentType)?.[1] ?? 'utf-8';
  const textual = payloadFormat === 1 || (TEXTUAL.test(contentType) && UTF8.test(charset));
  if (textual && isStrictUtf8(payload)) return { kind: 'text', text: payload.toString('utf8') };
  return { kind: 'binary', bytes: payload };
}

/** Takes the first pair of the name out of the list, if its text serves. */
function takePair(
  pairs: (readonly [string, string])[],
  name: string,
  serves: (text: string) => boolean,
): string | undefined {
  const index = pairs.findIndex((pair) => pair[0] === name && serves(pair[1]));
  return index < 0 ? undefined : pairs.splice(index, 1)[0]![1];
}

function takeReplyTo(
  topic: string | undefined,
  pairs: (readonly [string, string])[],
): string | undefined {
  if (topic === undefined) return takePair(pairs, REPLY_TO_PROPERTY, (text) => URI.test(text));
  return uriOfResponseTopic(topic);
}

/** Most correlation data is text, which every protocol can carry; what has control codes is not. */
function correlationOf(bytes: Buffer): string | Uint8Array {
  return isStrictUtf8(bytes) && !bytes.some(isControlCode) ? bytes.toString('utf8') : bytes;
}

function isControlCode(byte: number): boolean {
  return byte < 0x20 || byte === 0x7f;
}

function contentTypeProperty(contentType: string | undefined): Properties {
  return contentType !== undefined && isWritable(contentType) ? { contentType } : {};
}

/** Text is written as UTF-8 here, whatever the sender wrote it in. */
function inUtf8(contentType: string | undefined): string | undefined {
  return contentType?.replace(/(;\s*charset\s*=\s*)("[^"]*"|[^;]*)/i, '$1utf-8');
}

function replyProperties({ replyTo, correlationId }: Content): Properties {
  const properties: Properties = {};
  if (replyTo !== undefined) {
    const topic = responseTopicOf(replyTo);
    if (topic !== null) properties.responseTopic = topic;
  }
  if (correlationId !== undefined) {
    const bytes = Buffer.from(correlationId as string);
    if (bytes.length <= TEXT_BYTES_MAX) properties.correlationData = bytes;
  }
  return properties;
}

/** User properties are texts of a limited length: what is none is left out. */
function userProperties(content: Content, priority: number): Properties {
  const { replyTo } = content;
  const pairs = FIELDS.write(content);
  if (priority !== PRIORITY_DEFAULT) pairs.push([PRIORITY_PROPERTY, String(priority)]);
  if (replyTo !== undefined && responseTopicOf(replyTo) === null) {
    pairs.push([REPLY_TO_PROPERTY, replyTo]);
  }
  const writable = pairs.filter(([name, text]) => isWritable(name) && isWritable(text));
  return writable.length === 0 ? {} : { userProperties: writable };
}
