import type { ByteReader } from '@causeway/wire';
import { MqttError, malformed, protocolError } from './mqtt-error.js';
import { NO_PROPERTIES, readProperties } from './properties.js';
import type { PropertyPacket } from './property-table.js';
import { REASON } from './reason.js';
import { readText } from './text.js';
import type {
  Acknowledgement,
  DecodeLimits,
  Qos,
  ReasonPacket,
  RetainHandling,
  Subscribe,
  SubscriptionRequest,
  Unsubscribe,
  Version,
} from './types.js';

/**
 * Decoders of the packets that are rare. Each reads the variable header and the payload of its
 * packet, all of it, and throws MqttError or WireError for what the specification forbids.
 */

export function decodeSubscribe(
  reader: ByteReader,
  version: Version,
  limits: DecodeLimits,
): Subscribe {
  const packetId = readPacketId(reader);
  const properties = version === 5 ? readProperties(reader, 'SUBSCRIBE', limits) : NO_PROPERTIES;
  if ((properties.subscriptionIdentifiers?.length ?? 0) > 1) {
    throw protocolError('SUBSCRIBE names two subscription identifiers');
  }
  const requests: SubscriptionRequest[] = [];
  while (reader.remaining > 0) {
    checkCount(requests.length, limits);
    requests.push(readRequest(reader, version));
  }
  if (requests.length === 0) throw protocolError('SUBSCRIBE without a filter'); // [MQTT-3.8.3-2]
  return { packetId, requests, properties };
}

export function decodeUnsubscribe(
  reader: ByteReader,
  version: Version,
  limits: DecodeLimits,
): Unsubscribe {
  const packetId = readPacketId(reader);
  if (version === 5) readProperties(reader, 'UNSUBSCRIBE', limits);
  const filters: string[] = [];
  while (reader.remaining > 0) {
    checkCount(filters.length, limits);
    filters.push(readText(reader));
  }
  if (filters.length === 0) throw protocolError('UNSUBSCRIBE without a filter'); // [MQTT-3.10.3-2]
  return { packetId, filters };
}

export function decodeAcknowledgement(
  reader: ByteReader,
  packet: PropertyPacket,
  version: Version,
  limits: DecodeLimits,
): Acknowledgement {
  const packetId = readPacketId(reader);
  const reason = version === 5 && reader.remaining > 0 ? reader.uint8() : 0;
  if (version === 5 && reader.remaining > 0) readProperties(reader, packet, limits);
  checkEnd(reader, packet);
  return { packetId, reason };
}

/** DISCONNECT and AUTH: a reason and properties, both of which may be left out. */
export function decodeReasonPacket(
  reader: ByteReader,
  packet: PropertyPacket,
  limits: DecodeLimits,
): ReasonPacket {
  const reason = reader.remaining > 0 ? reader.uint8() : 0;
  const properties = reader.remaining > 0 ? readProperties(reader, packet, limits) : NO_PROPERTIES;
  checkEnd(reader, packet);
  return { reason, properties };
}

/** A packet of the largest size would hold millions of filters. */
function checkCount(count: number, limits: DecodeLimits): void {
  if (count < limits.subscriptionsPerConnectionMax) return;
  throw new MqttError(REASON.quotaExceeded, 'there are too many filters in one packet');
}

/** A packet identifier is never 0 [MQTT-2.2.1-3]. */
function readPacketId(reader: ByteReader): number {
  const packetId = reader.uint16();
  if (packetId === 0) throw protocolError('the packet identifier is 0');
  return packetId;
}

function readRequest(reader: ByteReader, version: Version): SubscriptionRequest {
  const filter = readText(reader);
  const options = reader.uint8();
  const qos = options & 0x03;
  const retainHandling = (options >> 4) & 0x03;
  const reserved = version === 5 ? 0xc0 : 0xfc;
  if ((options & reserved) !== 0) throw malformed('reserved subscription options are set');
  if (qos === 3) throw malformed('a subscription asks for QoS 3');
  if (retainHandling === 3) throw protocolError('retain handling is 3');
  return {
    filter,
    qos: qos as Qos,
    noLocal: (options & 0x04) !== 0,
    retainAsPublished: (options & 0x08) !== 0,
    retainHandling: retainHandling as RetainHandling,
  };
}

function checkEnd(reader: ByteReader, packet: PropertyPacket): void {
  if (reader.remaining > 0) throw malformed(`${packet} goes on after its end`);
}
