import { type ByteReader, ByteWriter, isStrictUtf8 } from '@causeway/wire';
import { malformed, protocolError } from './mqtt-error.js';
import { priorityOf } from './priority-property.js';
import { NO_PROPERTIES, readProperties, writeProperties } from './properties.js';
import { readBinary, readText } from './text.js';
import type { Connect, ConnectWill, DecodeLimits, Properties, Qos, Version } from './types.js';

const FLAG = {
  reserved: 0x01,
  clean: 0x02,
  will: 0x04,
  willQos: 0x18,
  willRetain: 0x20,
  password: 0x40,
  username: 0x80,
} as const;

/** What the client asks for, as far as it can be told from the name and level of its protocol. */
export type RequestedVersion = Version | 'older' | 'newer';

/**
 * Reads the protocol name and level.
 * @throws MqttError for a name that is not MQTT's [MQTT-3.1.2-1]
 */
export function readVersion(reader: ByteReader): RequestedVersion {
  const name = readText(reader);
  const level = reader.uint8();
  if (name === 'MQTT' && (level === 4 || level === 5)) return level;
  if (name === 'MQIsdp' && level === 3) return 3;
  if (name !== 'MQTT' && name !== 'MQIsdp') throw malformed('this is not MQTT');
  return level > 5 ? 'newer' : 'older';
}

/** Reads the rest of a CONNECT after its protocol level [MQTT 5 3.1]. */
export function decodeConnect(reader: ByteReader, version: Version, limits: DecodeLimits): Connect {
  const flags = reader.uint8();
  checkFlags(flags, version);
  const keepAliveSeconds = reader.uint16();
  const properties = version === 5 ? readProperties(reader, 'CONNECT', limits) : NO_PROPERTIES;
  if (
    properties.authenticationData !== undefined &&
    properties.authenticationMethod === undefined
  ) {
    throw protocolError('authentication data without a method');
  }
  const clientId = readText(reader);
  const will = (flags & FLAG.will) === 0 ? null : readWill(reader, version, flags, limits);
  const username = (flags & FLAG.username) === 0 ? null : readText(reader);
  // The input is valid during the call only, and the password outlives it.
  const password = (flags & FLAG.password) === 0 ? null : Buffer.from(readBinary(reader));
  if (reader.remaining > 0) throw malformed('CONNECT goes on after its payload');
  const clean = (flags & FLAG.clean) !== 0;
  return { clean, keepAliveSeconds, clientId, will, username, password, properties };
}

function checkFlags(flags: number, version: Version): void {
  if ((flags & FLAG.reserved) !== 0) throw malformed('the reserved CONNECT flag is set');
  const willQos = (flags & FLAG.willQos) >> 3;
  if (willQos === 3) throw malformed('the will has QoS 3');
  if ((flags & FLAG.will) === 0 && (willQos !== 0 || (flags & FLAG.willRetain) !== 0)) {
    throw malformed('will flags without a will');
  }
  // MQTT 5 allows a password alone [MQTT 5 3.1.2.9], MQTT 3.1.1 does not [MQTT-3.1.2-22].
  if (version < 5 && (flags & FLAG.password) !== 0 && (flags & FLAG.username) === 0) {
    throw malformed('a password without a user name');
  }
}

function readWill(
  reader: ByteReader,
  version: Version,
  flags: number,
  limits: DecodeLimits,
): ConnectWill {
  const properties = version === 5 ? readProperties(reader, 'will', limits) : NO_PROPERTIES;
  const topic = readText(reader);
  const payload = readBinary(reader);
  const block = propertyBlock(properties);
  return {
    topic,
    qos: ((flags & FLAG.willQos) >> 3) as Qos,
    retain: (flags & FLAG.willRetain) !== 0,
    delaySeconds: properties.willDelaySeconds ?? 0,
    expirySeconds: properties.messageExpirySeconds ?? 0,
    priority: priorityOf(properties),
    bytes: Buffer.concat([block, payload]),
    hasProperties: block.length > 0,
    emptyPayload: payload.length === 0,
    invalidText: properties.payloadFormat === 1 && !isStrictUtf8(payload),
  };
}

/** What the message keeps of the will's properties; empty when that is nothing. */
function propertyBlock(properties: Properties): Buffer {
  const { willDelaySeconds: _, messageExpirySeconds: __, ...kept } = properties;
  if (Object.keys(kept).length === 0) return Buffer.alloc(0);
  const writer = new ByteWriter();
  writeProperties(writer, kept);
  return writer.take();
}
