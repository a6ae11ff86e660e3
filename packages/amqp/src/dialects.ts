import {
  type Address,
  type Change,
  type Content,
  type Dialect,
  FORMAT_IDS,
  jsonText,
  Message,
  PRIORITY_DEFAULT,
  type SentParts,
  TextFields,
} from '@causeway/core';
import { isStrictUtf8 } from '@causeway/wire';
import { MessageLayout, PROPERTY, readLayout } from './codec/message-sections.js';
import { DESCRIPTOR } from './codec/types.js';
import { AmqpSymbol, type AmqpValue } from './codec/value.js';
import { ValueWriter } from './codec/value-writer.js';
import { propertyValue } from './content-value.js';
import { writeIdentifier } from './identifier.js';
import { formatAddress } from './naming.js';
import { readList, readMap } from './read-content.js';
import { HAS_MESSAGE_ANNOTATIONS } from './stored-form.js';
import { writeApplicationProperties, writeBody } from './write-content.js';

type Header = readonly [name: string, value: string];

/** The fields of the properties section, by their names in part 3.2.4. */
const PROPERTY_NAMES = Object.entries(PROPERTY).map(
  ([name, index]) =>
    [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), index] as const,
);
/** How somebody who describes a message gives the fields that have no option of their own. */
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
  [],
);

/** AMQP 1.0 as `causeway explain` shows it: the sections of messages. */
export const amqp1: Dialect = {
  key: 'amqp',
  name: 'AMQP 1.0',
  envelope: ['durable', 'priority', 'expiresAt'],

  receive(content: Content): Content {
    return content;
  },

  destination(address: Address): string {
    return formatAddress(address);
  },

  describe(message: Message): Header[] {
    const { bytes, start, end, durable, priority, expiresAt } = message;
    const layout = new MessageLayout();
    readLayout(bytes, start, end, layout);
    const headers: Header[] = [];
    if (durable) headers.push(['durable', 'true']);
    if (priority !== PRIORITY_DEFAULT) headers.push(['priority', String(priority)]);
    if (expiresAt > 0) headers.push(['expires', new Date(expiresAt).toISOString()]);
    headers.push(...entries('annotation', readMap(bytes, layout.messageAnnotations, end)));
    const fields = readList(bytes, layout.properties, end);
    for (const [name, index] of PROPERTY_NAMES) {
      const value = fields[index] ?? null;
      if (value !== null) headers.push([name, textOf(value)]);
    }
    headers.push(...entries('property', readMap(bytes, layout.applicationProperties, end)));
    return headers;
  },

  reason(field: string, change: Change): string {
    if (field === 'contentType' || field === 'contentEncoding') return 'symbols are ASCII';
    if (field.startsWith('annotations.')) {
      return 'names of annotations are ASCII, and some are for the broker or for JMS to write';
    }
    if (field.startsWith('properties.') && change === 'lost') {
      return 'of properties that repeat, the first counts';
    }
    return 'AMQP writes this in another form';
  },

  compose(parts: SentParts): Message {
    const bytes = writeSections(parts);
    const { amqp } = FORMAT_IDS;
    const message = new Message(parts.address, amqp, parts.durable, bytes, 0, bytes.length, false);
    message.formatFlags = bytes[2] === DESCRIPTOR.messageAnnotations ? HAS_MESSAGE_ANNOTATIONS : 0;
    message.priority = parts.priority ?? PRIORITY_DEFAULT;
    message.expiresAt = parts.expiresAt ?? 0;
    message.timestamp = parts.timestamp;
    return message;
  },
};

function entries(kind: string, map: ReadonlyMap<AmqpValue, AmqpValue>): Header[] {
  return [...map].map(([name, value]) => [`${kind} ${textOf(name)}`, textOf(value)]);
}

/** A value as JSON shows it, since types count here; but a symbol as the word that it is. */
function textOf(value: AmqpValue): string {
  if (value instanceof AmqpSymbol) return value.text;
  if (Buffer.isBuffer(value)) {
    return isStrictUtf8(value) ? value.toString('utf8') : `0x${value.toString('hex')}`;
  }
  const property = propertyValue(value);
  return typeof property === 'string' ? property : jsonText(property);
}

function writeSections(parts: SentParts): Buffer {
  const { contentType, replyTo, correlationId, address } = parts;
  const { annotations = [], properties, ...fields } = FIELDS.read(parts.headers, true);
  const writer = new ValueWriter();
  if (annotations.length > 0) {
    writer.described(DESCRIPTOR.messageAnnotations).beginMap();
    for (const [name, value] of annotations) writer.symbol(name).value(value as AmqpValue);
    writer.endMap();
  }
  writer.described(DESCRIPTOR.properties).beginList();
  writeId(writer, fields.messageId);
  writer.binary(fields.userId === undefined ? null : Buffer.from(fields.userId));
  writer
    .string(address.uri)
    .string(fields.subject ?? null)
    .string(replyTo ?? null);
  writeId(writer, correlationId);
  writer
    .symbol(contentType ?? null)
    .symbol(fields.contentEncoding ?? null)
    .timestamp(null);
  writer.timestamp(fields.creationTime ?? null).string(fields.groupId ?? null);
  writer
    .uint(fields.groupSequence ?? null)
    .string(fields.replyToGroupId ?? null)
    .endList();
  writeApplicationProperties(writer, properties);
  writeBody(writer, bodyOf(parts));
  return writer.take();
}

function writeId(writer: ValueWriter, id: string | undefined): void {
  if (id === undefined) writer.null();
  else writeIdentifier(writer, id);
}

/** Text is an amqp-value, and so is what somebody gives without saying what it is. */
function bodyOf({ value, body, bodyType }: SentParts): Content['body'] {
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (value !== undefined) return { kind: 'value', value };
  if (bodyType !== 'binary' && isStrictUtf8(body)) return { kind: 'text', text: body.toString() };
  return { kind: 'binary', bytes: body };
}
