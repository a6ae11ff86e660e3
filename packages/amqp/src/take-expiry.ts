import { WireError } from '@causeway/wire';
import { CODE } from './codec/constructor-codes.js';
import { describedStart, descriptorCode } from './codec/descriptor.js';
import {
  MessageLayout,
  PROPERTY,
  propertiesField,
  readAbsoluteExpiryTime,
} from './codec/message-sections.js';
import { skipValue } from './codec/skip-value.js';
import { DESCRIPTOR } from './codec/types.js';

export interface BareProperties {
  /** A properties section without the absolute-expiry-time. */
  readonly properties: Buffer;
  /** What that was. */
  readonly expiry: Date;
  /** Where the section ends that it replaces. */
  readonly end: number;
}

const TIMESTAMP_BYTES = 9;
/** Descriptor, and the list with its size and count in the long form. */
const HEAD_BYTES = 12;

/**
 * Takes the absolute-expiry-time (part 3.2.4) out of the properties that begin at `start`; null when
 * there is none. Nothing else of the section changes.
 */
export function takeExpiry(bytes: Buffer, start: number, end: number): BareProperties | null {
  try {
    return withoutExpiry(bytes, start, end);
  } catch (error) {
    // Properties that their sender encoded wrongly say nothing.
    if (error instanceof WireError) return null;
    throw error;
  }
}

function withoutExpiry(bytes: Buffer, start: number, end: number): BareProperties | null {
  if (start === end || descriptorCode(bytes, start, end) !== DESCRIPTOR.properties) return null;
  const layout = new MessageLayout();
  layout.properties = describedStart(bytes, start, end);
  layout.end = end;
  const expiry = readAbsoluteExpiryTime(bytes, layout);
  if (expiry <= 0) return null;
  const at = propertiesField(bytes, layout, PROPERTY.absoluteExpiryTime);
  const sectionEnd = skipValue(bytes, start, end);
  const short = bytes[layout.properties] === CODE.list8;
  const first = layout.properties + (short ? 3 : 9);
  const count = short ? bytes[first - 1]! : bytes.readUInt32BE(first - 4);
  const properties = Buffer.alloc(HEAD_BYTES + sectionEnd - first + 1 - TIMESTAMP_BYTES);
  properties.set([0, CODE.smallUlong, DESCRIPTOR.properties, CODE.list32]);
  properties.writeUInt32BE(properties.length - 8, 4);
  properties.writeUInt32BE(count, 8);
  const next = HEAD_BYTES + bytes.copy(properties, HEAD_BYTES, first, at);
  properties[next] = CODE.null;
  bytes.copy(properties, next + 1, at + TIMESTAMP_BYTES, sectionEnd);
  return { properties, expiry: new Date(expiry), end: sectionEnd };
}
