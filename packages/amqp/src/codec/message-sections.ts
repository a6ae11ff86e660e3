import { ByteReader, WireError } from '@causeway/wire';
import { CODE } from './constructor-codes.js';
import { describedStart, descriptorCode } from './descriptor.js';
import { FieldReader } from './field-reader.js';
import { int64At, uint32At } from './integers.js';
import { skipValue } from './skip-value.js';
import { ABSENT, DESCRIPTOR } from './types.js';
import { readValue } from './value-reader.js';

/** The fields of the properties section (part 3.2.4), by their place in it. */
export const PROPERTY = {
  messageId: 0,
  userId: 1,
  to: 2,
  subject: 3,
  replyTo: 4,
  correlationId: 5,
  contentType: 6,
  contentEncoding: 7,
  absoluteExpiryTime: 8,
  creationTime: 9,
  groupId: 10,
  groupSequence: 11,
  replyToGroupId: 12,
} as const;

/**
 * Where the sections of a message are (part 3.2). One object, filled again by each message; an
 * offset is that of the section's value, behind its descriptor, or {@link ABSENT} without one.
 */
export class MessageLayout {
  /** Where the message ends. */
  end = 0;
  /** Where its first section after the header and the delivery annotations begins. */
  bareStart = 0;
  messageAnnotations = ABSENT;
  /** Where the section after the message annotations begins. */
  messageAnnotationsEnd = ABSENT;
  properties = ABSENT;
  applicationProperties = ABSENT;
  /** One of `DESCRIPTOR.data`, `amqpSequence`, `amqpValue`; ABSENT for a message without a body. */
  bodyCode = ABSENT;
  /** All sections of the body with their descriptors are `buffer[bodyStart, bodyEnd)`. */
  bodyStart = 0;
  bodyEnd = 0;
  footer = ABSENT;

  // The header's fields (part 3.2.1) with their defaults.
  durable = false;
  /** 0 to 255, as the sender wrote it. */
  priority = 4;
  /** Milliseconds. */
  ttl = ABSENT;
  firstAcquirer = false;
  deliveryCount = 0;
}

const headerFields = new FieldReader();

/**
 * Finds the sections of the message `buffer[start, end)` in one pass; only the header is read.
 * A message may have no body: JMS has such, although part 3.2 does not.
 * @throws WireError when something is not a section, or is not where it may be
 */
export function readLayout(
  buffer: Buffer,
  start: number,
  end: number,
  layout: MessageLayout,
): void {
  reset(layout, start, end);
  let previous = 0;
  let at = start;
  while (at < end) {
    let code: number;
    let value: number;
    if (at + 2 < end && buffer[at] === 0 && buffer[at + 1] === CODE.smallUlong) {
      code = buffer[at + 2]!;
      value = at + 3;
    } else {
      code = descriptorCode(buffer, at, end);
      value = describedStart(buffer, at, end);
    }
    checkOrder(code, previous, layout);
    const next = skipValue(buffer, value, end);
    enter(buffer, code, at, value, next, layout);
    previous = code;
    at = next;
  }
}

function reset(layout: MessageLayout, start: number, end: number): void {
  layout.end = end;
  layout.bareStart = start;
  layout.messageAnnotations = ABSENT;
  layout.messageAnnotationsEnd = ABSENT;
  layout.properties = ABSENT;
  layout.applicationProperties = ABSENT;
  layout.bodyCode = ABSENT;
  layout.bodyStart = end;
  layout.bodyEnd = end;
  layout.footer = ABSENT;
  layout.durable = false;
  layout.priority = 4;
  layout.ttl = ABSENT;
  layout.firstAcquirer = false;
  layout.deliveryCount = 0;
}

/** The codes are in the order of the sections; of the body there is one kind only. */
function checkOrder(code: number, previous: number, layout: MessageLayout): void {
  if (code < DESCRIPTOR.header || code > DESCRIPTOR.footer) {
    throw new WireError(`0x${code.toString(16)} is no section of a message`);
  }
  if (code > previous) {
    if (layout.bodyCode === ABSENT || code === DESCRIPTOR.footer) return;
  } else if (code === previous && (code === DESCRIPTOR.data || code === DESCRIPTOR.amqpSequence)) {
    return;
  }
  throw new WireError(`a section 0x${code.toString(16)} cannot follow 0x${previous.toString(16)}`);
}

function enter(
  buffer: Buffer,
  code: number,
  at: number,
  value: number,
  next: number,
  layout: MessageLayout,
): void {
  switch (code) {
    case DESCRIPTOR.header:
      readHeader(buffer, value, next, layout);
      layout.bareStart = next;
      return;
    case DESCRIPTOR.deliveryAnnotations:
      checkType(isMap(buffer[value]!), 'delivery annotations are not a map');
      layout.bareStart = next;
      return;
    case DESCRIPTOR.messageAnnotations:
      checkType(isMap(buffer[value]!), 'message annotations are not a map');
      layout.messageAnnotations = value;
      layout.messageAnnotationsEnd = next;
      return;
    case DESCRIPTOR.properties:
      checkType(isList(buffer[value]!), 'properties are not a list');
      layout.properties = value;
      return;
    case DESCRIPTOR.applicationProperties:
      checkType(isMap(buffer[value]!), 'application properties are not a map');
      layout.applicationProperties = value;
      return;
    case DESCRIPTOR.footer:
      checkType(isMap(buffer[value]!), 'a footer is not a map');
      layout.footer = value;
      return;
    case DESCRIPTOR.data:
      checkType(isBinary(buffer[value]!), 'a data section is not binary');
      break;
    case DESCRIPTOR.amqpSequence:
      checkType(isList(buffer[value]!), 'an amqp-sequence is not a list');
  }
  if (layout.bodyCode === ABSENT) layout.bodyStart = at;
  layout.bodyCode = code;
  layout.bodyEnd = next;
}

function readHeader(buffer: Buffer, at: number, end: number, layout: MessageLayout): void {
  headerFields.openList('header', buffer, at, end);
  layout.durable = headerFields.boolean('durable') ?? false;
  layout.priority = headerFields.ubyte('priority', 4);
  layout.ttl = headerFields.uint('ttl');
  layout.firstAcquirer = headerFields.boolean('first-acquirer') ?? false;
  layout.deliveryCount = headerFields.uint('delivery-count', 0);
}

/**
 * Where a field of the properties begins, or ABSENT when it is missing or null.
 * @param index one of `PROPERTY`
 * @throws WireError when the properties do not have the size that they claim
 */
export function propertiesField(buffer: Buffer, layout: MessageLayout, index: number): number {
  const start = layout.properties;
  if (start < 0 || buffer[start] === CODE.list0) return ABSENT;
  const end = skipValue(buffer, start, layout.end);
  const short = buffer[start] === CODE.list8;
  let at = start + (short ? 3 : 9);
  if (at > end) throw new WireError('properties do not have the size that they claim');
  const count = short ? buffer[start + 2]! : uint32At(buffer, start + 5);
  if (index >= count) return ABSENT;
  for (let skipped = 0; skipped < index; skipped++) at = skipValue(buffer, at, end);
  skipValue(buffer, at, end);
  return buffer[at] === CODE.null ? ABSENT : at;
}

/**
 * When the message expires, in milliseconds since 1970; ABSENT when its properties do not say.
 * @throws WireError when they say something else
 */
export function readAbsoluteExpiryTime(buffer: Buffer, layout: MessageLayout): number {
  const at = propertiesField(buffer, layout, PROPERTY.absoluteExpiryTime);
  if (at < 0) return ABSENT;
  checkType(buffer[at] === CODE.timestamp, 'the absolute-expiry-time is not a timestamp');
  const milliseconds = Number(int64At(buffer, at + 1));
  return Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, milliseconds));
}

/**
 * Where the message goes; null when its properties do not say.
 * @throws WireError when they say something else
 */
export function readTo(buffer: Buffer, layout: MessageLayout): string | null {
  const at = propertiesField(buffer, layout, PROPERTY.to);
  if (at < 0) return null;
  const to = readValue(new ByteReader(buffer, at, layout.end));
  if (typeof to !== 'string') throw new WireError('the to field of the properties is not a string');
  return to;
}

/** Whether the properties give this name for the sender's (part 3.2.4, user-id). */
export function namesUser(buffer: Buffer, layout: MessageLayout, name: string): boolean {
  const at = propertiesField(buffer, layout, PROPERTY.userId);
  if (at < 0 || !isBinary(buffer[at]!)) return false;
  return (readValue(new ByteReader(buffer, at, layout.end)) as Buffer).equals(Buffer.from(name));
}

function isList(code: number): boolean {
  return code === CODE.list8 || code === CODE.list32 || code === CODE.list0;
}

function isMap(code: number): boolean {
  return code === CODE.map8 || code === CODE.map32;
}

function isBinary(code: number): boolean {
  return code === CODE.binary8 || code === CODE.binary32;
}

function checkType(holds: boolean, complaint: string): void {
  if (!holds) throw new WireError(complaint);
}
