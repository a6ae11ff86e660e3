import type { MqttLevel } from './raw-mqtt-builder.js';
import { PROPERTIES, PROPERTY_NAMES, type Property } from './raw-mqtt-properties.js';

export const PACKET_TYPES = [
  'reserved',
  'connect',
  'connack',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'suback',
  'unsubscribe',
  'unsuback',
  'pingreq',
  'pingresp',
  'disconnect',
  'auth',
] as const;

export type PacketType = (typeof PACKET_TYPES)[number];

/** A packet as a server sent it. Fields that its type does not have are left out. */
export interface Packet {
  readonly type: PacketType;
  /** The four low bits of the first byte. */
  readonly flags: number;
  /** The whole packet. */
  readonly bytes: Buffer;
  readonly id?: number;
  readonly reason?: number;
  /** Of SUBACK and UNSUBACK. */
  readonly reasons?: readonly number[];
  /** In the order received. */
  readonly properties: readonly Property[];
  /** Of CONNACK: its first byte. */
  readonly acknowledgeFlags?: number;
  readonly topic?: string;
  readonly payload?: string;
  readonly qos?: number;
  readonly dup?: boolean;
  readonly retain?: boolean;
}

/** Reads one packet from the start of `bytes`; null when it is not all there yet. */
export function decodePacket(bytes: Buffer, level: MqttLevel): Packet | null {
  const length = readLength(bytes);
  if (length === null || bytes.length < length.next + length.value) return null;
  const whole = Buffer.from(bytes.subarray(0, length.next + length.value));
  const reader = new Reader(whole, length.next, level);
  const first = whole[0]!;
  const type = PACKET_TYPES[first >> 4]!;
  const body = decodeBody(type, first & 15, reader);
  reader.expectEnd(type);
  return { type, flags: first & 15, bytes: whole, properties: [], ...body };
}

function readLength(bytes: Buffer): { value: number; next: number } | null {
  if (bytes.length < 2) return null;
  try {
    return readVariable(bytes, 1);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function decodeBody(type: PacketType, flags: number, reader: Reader): Partial<Packet> {
  switch (type) {
    case 'connack':
      return {
        acknowledgeFlags: reader.byte(),
        reason: reader.byte(),
        properties: reader.properties(),
      };
    case 'publish':
      return decodePublish(flags, reader);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return { id: reader.two(), ...reader.optionalReason() };
    case 'suback':
      return { id: reader.two(), properties: reader.properties(), reasons: [...reader.rest()] };
    case 'unsuback':
      return { id: reader.two(), properties: reader.properties(), reasons: [...reader.rest()] };
    case 'disconnect':
    case 'auth':
      return reader.optionalReason();
    case 'pingresp':
      return {};
    default:
      throw new Error(`a server must not send ${type}`);
  }
}

function decodePublish(flags: number, reader: Reader): Partial<Packet> {
  const qos = (flags >> 1) & 3;
  const topic = reader.text();
  return {
    qos,
    dup: (flags & 8) !== 0,
    retain: (flags & 1) !== 0,
    topic,
    ...(qos > 0 ? { id: reader.two() } : {}),
    properties: reader.properties(),
    payload: reader.rest().toString('latin1'),
  };
}

/** Checks that the integer has its shortest form [MQTT-1.5.5-1]. */
function readVariable(bytes: Buffer, start: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 4; index++) {
    const byte = bytes.readUInt8(start + index);
    value += (byte & 0x7f) * 128 ** index;
    if ((byte & 0x80) !== 0) continue;
    if (index > 0 && byte === 0) throw new Error('a variable byte integer has a needless byte');
    return { value, next: start + index + 1 };
  }
  throw new Error('a variable byte integer has more than four bytes');
}

class Reader {
  readonly #bytes: Buffer;
  readonly #level: MqttLevel;
  #position: number;

  constructor(bytes: Buffer, position: number, level: MqttLevel) {
    this.#bytes = bytes;
    this.#position = position;
    this.#level = level;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#position++);
  }

  two(): number {
    this.#position += 2;
    return this.#bytes.readUInt16BE(this.#position - 2);
  }

  four(): number {
    this.#position += 4;
    return this.#bytes.readUInt32BE(this.#position - 4);
  }

  variable(): number {
    const { value, next } = readVariable(this.#bytes, this.#position);
    this.#position = next;
    return value;
  }

  binary(): Buffer {
    const length = this.two();
    this.#position += length;
    if (this.#position > this.#bytes.length) throw new RangeError('a field ends after its packet');
    return this.#bytes.subarray(this.#position - length, this.#position);
  }

  text(): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.binary());
  }

  rest(): Buffer {
    const rest = this.#bytes.subarray(this.#position);
    this.#position = this.#bytes.length;
    return rest;
  }

  properties(): Property[] {
    if (this.#level < 5) return [];
    const length = this.variable();
    const end = this.#position + length;
    const found: Property[] = [];
    while (this.#position < end) found.push(this.#property());
    if (this.#position !== end) throw new Error('a property ends after its property length');
    return found;
  }

  /** A reason code and properties, which are left out together when they say nothing. */
  optionalReason(): Partial<Packet> {
    if (this.#level < 5) return {};
    if (this.#atEnd) return { reason: 0 };
    const reason = this.byte();
    return this.#atEnd ? { reason } : { reason, properties: this.properties() };
  }

  expectEnd(type: PacketType): void {
    if (!this.#atEnd) throw new Error(`${type} has bytes after its end`);
  }

  get #atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  #property(): Property {
    const id = this.byte();
    const name = PROPERTY_NAMES.get(id);
    if (name === undefined) throw new Error(`there is no property ${id}`);
    const type = PROPERTIES[name][1];
    switch (type) {
      case 'byte':
        return [name, this.byte()] as Property;
      case 'two':
        return [name, this.two()] as Property;
      case 'four':
        return [name, this.four()] as Property;
      case 'variable':
        return [name, this.variable()] as Property;
      case 'text':
        return [name, this.text()] as Property;
      case 'binary':
        return [name, Buffer.from(this.binary())] as Property;
      case 'pair':
        return [name, [this.text(), this.text()]] as Property;
    }
  }
}
