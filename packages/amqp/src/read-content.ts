import type { Content, Property } from '@causeway/core';
import { ByteReader, isStrictUtf8, WireError } from '@causeway/wire';
import { mapEntry } from './codec/map-entry.js';
import { type MessageLayout, PROPERTY } from './codec/message-sections.js';
import { AmqpSymbol, type AmqpValue } from './codec/value.js';
import { readValue } from './codec/value-reader.js';
import { propertyValue } from './content-value.js';
import { identifierText } from './identifier.js';
import { isOfOneProtocol, isTextMessage, JMS_ANNOTATION, replyToUri } from './jms.js';
import { isTextual, readBody } from './read-body.js';

/**
 * The neutral view of a message whose sections are known. It never fails: a section or field that
 * its sender encoded wrongly is as good as none.
 */
export function readContent(buffer: Buffer, layout: MessageLayout): Content {
  const annotations = readMap(buffer, layout.messageAnnotations, layout.end);
  const fields = readList(buffer, layout.properties, layout.end);
  const field = (index: number): AmqpValue => fields[index] ?? null;
  const correlationId = field(PROPERTY.correlationId);
  const contentType = textOf(field(PROPERTY.contentType));
  const contentEncoding = textOf(field(PROPERTY.contentEncoding));
  const replyTo = textOf(field(PROPERTY.replyTo)) ?? '';
  const others = annotationProperties(annotations);
  const isText =
    isTextual(contentType, contentEncoding) ||
    isTextMessage(mapEntry(annotations, JMS_ANNOTATION.messageType));
  return {
    ...given('messageId', identifierText(field(PROPERTY.messageId))),
    ...given('userId', userIdOf(field(PROPERTY.userId))),
    ...given('subject', textOf(field(PROPERTY.subject))),
    ...given('replyTo', replyToUri(replyTo, mapEntry(annotations, JMS_ANNOTATION.replyTo))),
    ...given(
      'correlationId',
      Buffer.isBuffer(correlationId) ? correlationId : identifierText(correlationId),
    ),
    ...given('contentType', contentType),
    ...given('contentEncoding', contentEncoding),
    ...given('creationTime', timeOf(field(PROPERTY.creationTime))),
    ...given('groupId', textOf(field(PROPERTY.groupId))),
    ...given('groupSequence', numberOf(field(PROPERTY.groupSequence))),
    ...given('replyToGroupId', textOf(field(PROPERTY.replyToGroupId))),
    ...given('annotations', others.length === 0 ? undefined : others),
    properties: propertiesOf(readMap(buffer, layout.applicationProperties, layout.end)),
    body: readBody(buffer, layout, isText),
  };
}

function readMap(buffer: Buffer, at: number, end: number): ReadonlyMap<AmqpValue, AmqpValue> {
  const value = readOrNull(buffer, at, end);
  return value instanceof Map ? value : new Map();
}

function readList(buffer: Buffer, at: number, end: number): readonly AmqpValue[] {
  const value = readOrNull(buffer, at, end);
  return Array.isArray(value) ? value : [];
}

function readOrNull(buffer: Buffer, at: number, end: number): AmqpValue {
  if (at < 0) return null;
  try {
    return readValue(new ByteReader(buffer, at, end));
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

function annotationProperties(annotations: ReadonlyMap<AmqpValue, AmqpValue>): Property[] {
  return propertiesOf(annotations).filter(([name]) => !isOfOneProtocol(name));
}

/** Keys of properties are strings, those of annotations symbols; others are none (part 3.2.5). */
function propertiesOf(map: ReadonlyMap<AmqpValue, AmqpValue>): Property[] {
  const properties: Property[] = [];
  for (const [key, value] of map) {
    const name = textOf(key);
    if (name !== undefined) properties.push([name, propertyValue(value)]);
  }
  return properties;
}

function textOf(value: AmqpValue): string | undefined {
  if (value instanceof AmqpSymbol) return value.text;
  return typeof value === 'string' ? value : undefined;
}

function userIdOf(value: AmqpValue): string | undefined {
  return Buffer.isBuffer(value) && isStrictUtf8(value) ? value.toString('utf8') : undefined;
}

function timeOf(value: AmqpValue): number | undefined {
  return value instanceof Date ? value.getTime() : undefined;
}

function numberOf(value: AmqpValue): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** A field that is left out when there is no value. */
function given<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [key in Name]?: Value };
}
