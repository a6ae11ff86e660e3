import { WireError } from '@causeway/wire';
import { checkValue } from './check-value.js';
import { CODE } from './constructor-codes.js';
import { describedStart } from './descriptor.js';
import { uint32At } from './integers.js';
import type { MessageLayout } from './message-sections.js';
import { skipValue } from './skip-value.js';
import { DESCRIPTOR } from './types.js';

/** What a field or a key may be, as bits. */
const TYPE = {
  string: 1,
  symbol: 2,
  binary: 4,
  ulong: 8,
  uuid: 16,
  uint: 32,
  timestamp: 64,
} as const;
/** The type that a constructor code makes, of those that are asked for. */
const TYPES = new Uint8Array(256);
TYPES[CODE.string8] = TYPES[CODE.string32] = TYPE.string;
TYPES[CODE.symbol8] = TYPES[CODE.symbol32] = TYPE.symbol;
TYPES[CODE.binary8] = TYPES[CODE.binary32] = TYPE.binary;
TYPES[CODE.ulong0] = TYPES[CODE.smallUlong] = TYPES[CODE.ulong] = TYPE.ulong;
TYPES[CODE.uuid] = TYPE.uuid;
TYPES[CODE.uint0] = TYPES[CODE.smallUint] = TYPES[CODE.uint] = TYPE.uint;
TYPES[CODE.timestamp] = TYPE.timestamp;

/** Part 3.2.11 to 3.2.14. */
const MESSAGE_ID = TYPE.string | TYPE.binary | TYPE.ulong | TYPE.uuid;
/** Part 3.2.4: the fields in their order. */
const PROPERTIES: readonly (readonly [name: string, types: number])[] = [
  ['message-id', MESSAGE_ID],
  ['user-id', TYPE.binary],
  ['to', TYPE.string],
  ['subject', TYPE.string],
  ['reply-to', TYPE.string],
  ['correlation-id', MESSAGE_ID],
  ['content-type', TYPE.symbol],
  ['content-encoding', TYPE.symbol],
  ['absolute-expiry-time', TYPE.timestamp],
  ['creation-time', TYPE.timestamp],
  ['group-id', TYPE.string],
  ['group-sequence', TYPE.uint],
  ['reply-to-group-id', TYPE.string],
];
const PROPERTY_TYPES = Uint8Array.from(PROPERTIES, ([, types]) => types);
/** Part 3.2.10; of application properties, part 3.2.5. */
const ANNOTATION_KEY = TYPE.symbol | TYPE.ulong;

/**
 * Checks what is in the sections of a message that goes on to others: whatever its receivers read of
 * it can be read. Bytes of data are not looked at. Values of application properties may be of any
 * type, although part 3.2.5 has simple ones only: there are clients that send others.
 * @throws WireError when a section does not hold what part 3.2 says
 */
export function checkSections(buffer: Buffer, layout: MessageLayout): void {
  const { messageAnnotations, properties, applicationProperties, footer, end } = layout;
  if (messageAnnotations >= 0) checkMap(buffer, messageAnnotations, end, ANNOTATION_KEY);
  if (properties >= 0) checkProperties(buffer, properties, end);
  if (applicationProperties >= 0) checkMap(buffer, applicationProperties, end, TYPE.string);
  const { bodyCode, bodyStart, bodyEnd } = layout;
  if (bodyCode === DESCRIPTOR.amqpValue || bodyCode === DESCRIPTOR.amqpSequence) {
    for (let at = bodyStart; at < bodyEnd; ) {
      at = checkValue(buffer, describedStart(buffer, at, bodyEnd), bodyEnd);
    }
  }
  if (footer >= 0) checkMap(buffer, footer, end, ANNOTATION_KEY);
}

/** @param at where a map begins: `readLayout` has made sure that it is one, and complete */
function checkMap(buffer: Buffer, at: number, limit: number, keys: number): void {
  const short = buffer[at] === CODE.map8;
  const end = skipValue(buffer, at, limit);
  const count = countOf(buffer, at, short, end);
  if (count % 2 !== 0) throw new WireError('a map has a key without a value');
  let next = at + (short ? 3 : 9);
  for (let index = 0; index < count; index += 2) {
    if (next >= end || (TYPES[buffer[next]!]! & keys) === 0) {
      throw new WireError('a key of a section is of the wrong type');
    }
    next = checkValue(buffer, checkValue(buffer, next, end), end);
  }
  requireEnd(next, end);
}

/** @param at where a list begins: `readLayout` has made sure that it is one, and complete */
function checkProperties(buffer: Buffer, at: number, limit: number): void {
  if (buffer[at] === CODE.list0) return;
  const short = buffer[at] === CODE.list8;
  const end = skipValue(buffer, at, limit);
  const count = countOf(buffer, at, short, end);
  if (count > PROPERTIES.length)
    throw new WireError('the properties have more fields than there are');
  let next = at + (short ? 3 : 9);
  for (let index = 0; index < count; index++) {
    if (next < end && buffer[next] === CODE.null) {
      next++;
      continue;
    }
    if (next >= end || (TYPES[buffer[next]!]! & PROPERTY_TYPES[index]!) === 0) {
      throw new WireError(`the ${PROPERTIES[index]![0]} of the properties is of the wrong type`);
    }
    next = checkValue(buffer, next, end);
  }
  requireEnd(next, end);
}

function countOf(buffer: Buffer, at: number, short: boolean, end: number): number {
  if (at + (short ? 3 : 9) > end) {
    throw new WireError('a section does not have the size that it claims');
  }
  return short ? buffer[at + 2]! : uint32At(buffer, at + 5);
}

function requireEnd(at: number, end: number): void {
  if (at !== end) throw new WireError('the size of a section is not that of its items');
}
