import type { Message } from '@causeway/core';
import { ByteReader } from '@causeway/wire';
import { NO_PROPERTIES, readProperties } from './codec/properties.js';
import type { DecodeLimits, Properties } from './codec/types.js';

/**
 * What `Message.formatFlags` means for messages of the MQTT format. Their bytes are the payload,
 * after a block of MQTT 5 properties when `HAS_PROPERTIES` is set: its length, then the properties
 * as the publisher sent them, without topic alias and message expiry.
 */
export const QOS_MASK = 0x03;
export const HAS_PROPERTIES = 0x04;
/** The broker made the bytes out of another format: what they say of the sender is true. Never stored. */
export const BUILT = 0x08;

/** What is stored was checked when it came in. */
const UNLIMITED: DecodeLimits = {
  headersMax: Number.POSITIVE_INFINITY,
  headerBytesMax: Number.POSITIVE_INFINITY,
  subscriptionsPerConnectionMax: Number.POSITIVE_INFINITY,
};

/** The properties and the payload of a stored message, as views of its bytes. */
export function readStored({ bytes, start, end, formatFlags }: Message): {
  readonly properties: Properties;
  readonly payload: Buffer;
} {
  const reader = new ByteReader(bytes, start, end);
  const hasProperties = (formatFlags & HAS_PROPERTIES) !== 0;
  const properties = hasProperties ? readProperties(reader, 'PUBLISH', UNLIMITED) : NO_PROPERTIES;
  return { properties, payload: reader.bytes(reader.remaining) };
}
