import {
  type Body,
  type Content,
  isBrokersOwnName,
  type Message,
  type Property,
} from '@causeway/core';
import { DESCRIPTOR } from './codec/types.js';
import type { AmqpValue } from './codec/value.js';
import { ValueWriter } from './codec/value-writer.js';
import { writeIdentifier } from './identifier.js';
import { isOfOneProtocol, JMS_ANNOTATION, jmsDestinationType, jmsMessageType } from './jms.js';

const ASCII = /^[\0-\x7f]*$/;
const UINT_MAX = 0xffffffff;

/** For messages that are not large: it keeps the memory that one of them needed. */
const shared = new ValueWriter();
const SHARED_BYTES_MAX = 16 * 1024;
/** The annotations that most messages have: nothing but what they are for JMS. */
const plainAnnotations = new Map<number, Buffer>();

/** A message of another protocol as its sender would have written it in AMQP, for JMS as well. */
export function writeContent(content: Content, message: Message): Buffer {
  const writer = message.size > SHARED_BYTES_MAX ? new ValueWriter() : shared.reset();
  writeAnnotations(writer, content, message);
  writeProperties(writer, content, message);
  writeApplicationProperties(writer, content.properties);
  writeBody(writer, content.body);
  return writer.take();
}

function writeAnnotations(writer: ValueWriter, content: Content, message: Message): void {
  const { replyTo, annotations = [] } = content;
  const messageType = jmsMessageType(content.body);
  const destinationType = jmsDestinationType(message.address.uri);
  const key = messageType * 16 + destinationType;
  const isPlain = replyTo === undefined && annotations.length === 0;
  const known = isPlain ? plainAnnotations.get(key) : undefined;
  if (known !== undefined) {
    writer.bytes.bytes(known);
    return;
  }
  const start = writer.bytes.length;
  writer.described(DESCRIPTOR.messageAnnotations).beginMap();
  writer.symbol(JMS_ANNOTATION.messageType).byte(messageType);
  writer.symbol(JMS_ANNOTATION.destination).byte(destinationType);
  if (replyTo !== undefined) {
    writer.symbol(JMS_ANNOTATION.replyTo).byte(jmsDestinationType(replyTo));
  }
  const names = new Set<string>();
  for (const [name, value] of annotations) {
    const isOurs = isOfOneProtocol(name) || isBrokersOwnName(name);
    if (isOurs || names.has(name) || !ASCII.test(name)) continue;
    names.add(name);
    writer.symbol(name).value(value as AmqpValue);
  }
  writer.endMap();
  if (isPlain) plainAnnotations.set(key, Buffer.from(writer.bytes.view().subarray(start)));
}

/** Part 3.2.4. */
function writeProperties(writer: ValueWriter, content: Content, message: Message): void {
  const { userId, correlationId, groupSequence } = content;
  writer.described(DESCRIPTOR.properties).beginList();
  writeIdentifier(writer, content.messageId ?? `causeway:${message.id}`);
  writer.binary(userId === undefined ? null : Buffer.from(userId, 'utf8'));
  writer.string(message.address.uri).string(content.subject ?? null);
  writer.string(content.replyTo ?? null);
  if (correlationId === undefined) writer.null();
  else if (typeof correlationId === 'string') writeIdentifier(writer, correlationId);
  else writer.binary(correlationId);
  writer.symbol(symbolText(content.contentType)).symbol(symbolText(content.contentEncoding));
  writer.timestamp(message.expiresAt === 0 ? null : message.expiresAt);
  writer.timestamp(content.creationTime ?? message.timestamp);
  writer.string(content.groupId ?? null).uint(isUint(groupSequence) ? groupSequence : null);
  writer.string(content.replyToGroupId ?? null).endList();
}

/** Part 3.2.5: a name cannot occur twice, so that of repeated ones the first counts. */
export function writeApplicationProperties(
  writer: ValueWriter,
  properties: readonly Property[],
): void {
  if (properties.length === 0) return;
  const names = new Set<string>();
  writer.described(DESCRIPTOR.applicationProperties).beginMap();
  for (const [name, value] of properties) {
    if (names.has(name)) continue;
    names.add(name);
    writer.string(name).value(value as AmqpValue);
  }
  writer.endMap();
}

/** Part 3.2.6 to 3.2.8. */
export function writeBody(writer: ValueWriter, body: Body): void {
  switch (body.kind) {
    case 'text':
      writer.described(DESCRIPTOR.amqpValue).string(body.text);
      return;
    case 'binary':
      writer.described(DESCRIPTOR.data).binary(body.bytes);
      return;
    case 'value':
      writer.described(DESCRIPTOR.amqpValue).value(body.value as AmqpValue);
      return;
    case 'sequence':
      writer.described(DESCRIPTOR.amqpSequence).value(body.items as readonly AmqpValue[]);
  }
}

/** What is not ASCII cannot be a symbol, and no content type either. */
function symbolText(text: string | undefined): string | null {
  return text !== undefined && ASCII.test(text) ? text : null;
}

function isUint(value: number | undefined): value is number {
  return Number.isInteger(value) && value! >= 0 && value! <= UINT_MAX;
}
