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

/** What JMS calls the user-id. */
const USER_ID_PROPERTY = 'JMSXUserID';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * The neutral view of a message whose sections are known. It never fails: a section or field that
 * its sender encoded wrongly is as good as none.
 * @param userVerified whether the user-id is that of the sender; any other is no more than a property
 * @param amendments annotations that receivers have added, as an encoded map
 */
export function readContent(
  buffer: Buffer,
  layout: MessageLayout,
  userVerified: boolean,
  amendments: Buffer | null = null,
): Content {
  const own = readMap(buffer, layout.messageAnnotations, layout.end);
  const annotations = amendments === null ? own : amended(own, amendments);
  const fields = readList(buffer, layout.properties, layout.end);
  const properties = propertiesOf(readMap(buffer, layout.applicationProperties, layout.end));
  const contentType = textOf(fields[PROPERTY.contentType]);
  const contentEncoding = textOf(fields[PROPERTY.contentEncoding]);
  const isText =
    isTextual(contentType, contentEncoding) ||
    isTextMessage(mapEntry(annotations, JMS_ANNOTATION.messageType));
  const body = readBody(buffer, layout, isText);
  const content: Mutable<Content> = { properties, body };
  // Not by spreading: this is what converting a message to another protocol takes longest for.
  set(content, 'messageId', identifierText(fields[PROPERTY.messageId]));
  const userId = userIdOf(fields[PROPERTY.userId]);
  if (userVerified) set(content, 'userId', userId);
  else if (userId !== undefined) properties.push([USER_ID_PROPERTY, userId]);
  set(content, 'subject', textOf(fields[PROPERTY.subject]));
  const replyToType = mapEntry(annotations, JMS_ANNOTATION.replyTo);
  set(content, 'replyTo', replyToUri(textOf(fields[PROPERTY.replyTo]) ?? '', replyToType));
  set(content, 'correlationId', correlationIdOf(fields[PROPERTY.correlationId]));
  set(content, 'contentType', contentType);
  set(content, 'contentEncoding', contentEncoding);
  set(content, 'creationTime', timeOf(fields[PROPERTY.creationTime]));
  set(content, 'groupId', textOf(fields[PROPERTY.groupId]));
  set(content, 'groupSequence', numberOf(fields[PROPERTY.groupSequence]));
  set(content, 'replyToGroupId', textOf(fields[PROPERTY.replyToGroupId]));
  const others = propertiesOf(annotations).filter(([name]) => !isOfOneProtocol(name));
  set(content, 'annotations', others.length === 0 ? undefined : others);
  return content;
}

/** Annotations with those that were added: of the same names the latter count. */
function amended(
  own: ReadonlyMap<AmqpValue, AmqpValue>,
  amendments: Buffer,
): ReadonlyMap<AmqpValue, AmqpValue> {
  const added = readMap(amendments, 0, amendments.length);
  const names = new Set([...added.keys()].map(String));
  return new Map([...[...own].filter(([name]) => !names.has(String(name))), ...added]);
}

/** Sets a field, unless there is no value for it. */
function set<Name extends keyof Content>(
  content: Mutable<Content>,
  name: Name,
  value: Content[Name] | undefined,
): void {
  if (value !== undefined) content[name] = value;
}

/** The map at `at`, or an empty one when there is none. */
export function readMap(
  buffer: Buffer,
  at: number,
  end: number,
): ReadonlyMap<AmqpValue, AmqpValue> {
  const value = readOrNull(buffer, at, end);
  return value instanceof Map ? value : new Map();
}

/** The list at `at`, or an empty one when there is none. */
export function readList(buffer: Buffer, at: number, end: number): readonly AmqpValue[] {
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

/** Keys of properties are strings, those of annotations symbols; others are none (part 3.2.5). */
function propertiesOf(map: ReadonlyMap<AmqpValue, AmqpValue>): Property[] {
  const properties: Property[] = [];
  for (const [key, value] of map) {
    const name = textOf(key);
    if (name !== undefined) properties.push([name, propertyValue(value)]);
  }
  return properties;
}

type Field = AmqpValue | undefined;

function textOf(value: Field): string | undefined {
  if (value instanceof AmqpSymbol) return value.text;
  return typeof value === 'string' ? value : undefined;
}

function userIdOf(value: Field): string | undefined {
  return Buffer.isBuffer(value) && isStrictUtf8(value) ? value.toString('utf8') : undefined;
}

/** Bytes stay bytes, so that a reply can repeat them. */
function correlationIdOf(value: Field): string | Uint8Array | undefined {
  return Buffer.isBuffer(value) ? value : identifierText(value);
}

function timeOf(value: Field): number | undefined {
  return value instanceof Date ? value.getTime() : undefined;
}

function numberOf(value: Field): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
