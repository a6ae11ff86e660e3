import { type ByteReader, ByteWriter } from '@causeway/wire';
import { MqttError, malformed, protocolError } from './mqtt-error.js';
import {
  PROPERTY_DEFINITIONS,
  type PropertyDefinition,
  type PropertyPacket,
} from './property-table.js';
import { REASON } from './reason.js';
import { readBinary, readText, writeBinary, writeText } from './text.js';
import type { DecodeLimits, Properties } from './types.js';

export const NO_PROPERTIES: Properties = Object.freeze({});

type Value = number | string | Buffer | readonly [string, string];

/**
 * Reads the property length and the properties of a packet.
 * @throws MqttError malformed for an identifier that is unknown or wrong in this packet
 *   [MQTT 5 2.2.2.2], protocol error for one that occurs twice or has an impossible value
 */
export function readProperties(
  reader: ByteReader,
  packet: PropertyPacket,
  limits: DecodeLimits,
): Properties {
  const length = reader.variableInteger();
  if (length === 0) return NO_PROPERTIES;
  if (length > limits.headerBytesMax) {
    throw new MqttError(REASON.packetTooLarge, 'the properties are too long');
  }
  const end = reader.position + length;
  if (end > reader.end) throw malformed('the properties are longer than their packet');
  const properties: Properties = {};
  while (reader.position < end) {
    const definition = definitionOf(reader.variableInteger(), packet);
    store(properties, definition, readValue(reader, definition), limits);
  }
  if (reader.position !== end) throw malformed('a property is longer than its block');
  return properties;
}

/** The definition of an identifier, if the packet may carry it. */
export function definitionOf(id: number, packet: PropertyPacket): PropertyDefinition {
  const definition = PROPERTY_DEFINITIONS.get(id);
  if (definition === undefined) throw malformed(`property ${id} does not exist`);
  if (!definition.packets.includes(packet)) throw malformed(`${packet} has no property ${id}`);
  return definition;
}

/** Writes the property length and the properties. */
export function writeProperties(writer: ByteWriter, properties: Properties): void {
  const block = new ByteWriter();
  for (const definition of PROPERTY_DEFINITIONS.values()) {
    const value = properties[definition.key];
    if (value === undefined) continue;
    const values = (definition.repeatable ? value : [value]) as readonly Value[];
    for (const each of values) {
      block.uint8(definition.id);
      writeValue(block, definition, each);
    }
  }
  writer.variableInteger(block.length).bytes(block.view());
}

function readValue(reader: ByteReader, definition: PropertyDefinition): Value {
  switch (definition.type) {
    case 'byte':
      return reader.uint8();
    case 'uint16':
      return reader.uint16();
    case 'uint32':
      return reader.uint32();
    case 'variable':
      return reader.variableInteger();
    case 'text':
      return readText(reader);
    case 'binary':
      return readBinary(reader);
    case 'pair':
      return [readText(reader), readText(reader)];
  }
}

function writeValue(writer: ByteWriter, definition: PropertyDefinition, value: Value): void {
  switch (definition.type) {
    case 'byte':
      writer.uint8(value as number);
      break;
    case 'uint16':
      writer.uint16(value as number);
      break;
    case 'uint32':
      writer.uint32(value as number);
      break;
    case 'variable':
      writer.variableInteger(value as number);
      break;
    case 'text':
      writeText(writer, value as string);
      break;
    case 'binary':
      writeBinary(writer, value as Buffer);
      break;
    case 'pair':
      writeText(writer, (value as readonly [string, string])[0]);
      writeText(writer, (value as readonly [string, string])[1]);
      break;
  }
}

function store(
  properties: Properties,
  definition: PropertyDefinition,
  value: Value,
  limits: DecodeLimits,
): void {
  checkRange(definition, value);
  // The key is one of our own table, never a text of the peer.
  const record = properties as Record<string, unknown>;
  if (!definition.repeatable) {
    if (record[definition.key] !== undefined) throw protocolError(`${definition.key} occurs twice`);
    record[definition.key] = value;
    return;
  }
  const values = (record[definition.key] ?? []) as Value[];
  record[definition.key] = values;
  if (values.length >= limits.headersMax) {
    throw new MqttError(REASON.quotaExceeded, `there are too many ${definition.key}`);
  }
  values.push(value);
}

function checkRange(definition: PropertyDefinition, value: Value): void {
  if (definition.flag && (value as number) > 1) {
    throw protocolError(`${definition.key} is neither 0 nor 1`);
  }
  if (definition.positive && value === 0) throw protocolError(`${definition.key} is 0`);
}
