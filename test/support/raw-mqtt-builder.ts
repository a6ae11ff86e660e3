import { one, packet, prefixed, properties, two } from './raw-mqtt-bytes.js';
import type { Property } from './raw-mqtt-properties.js';

export type MqttLevel = 3 | 4 | 5;

export interface WillOptions {
  topic: string | Buffer;
  payload?: string | Buffer;
  qos?: number;
  retain?: boolean;
  properties?: readonly Property[];
}

export interface ConnectOptions {
  clientId?: string | Buffer;
  cleanStart?: boolean;
  /** Seconds; 0 for none. */
  keepAlive?: number;
  properties?: readonly Property[];
  will?: WillOptions;
  username?: string | Buffer;
  password?: string | Buffer;
  /** Instead of what the other options make. */
  protocolName?: string;
  level?: number;
  flags?: number;
}

export interface PublishOptions {
  topic: string | Buffer;
  payload?: string | Buffer;
  qos?: number;
  id?: number;
  dup?: boolean;
  retain?: boolean;
  properties?: readonly Property[];
}

/** A topic filter, and its options: a QoS, or the whole byte of MQTT 5. */
export type Filter = readonly [filter: string | Buffer, options: number];

export const PINGREQ = packet(0xc0);
export const PINGRESP = packet(0xd0);

/** Packets of one protocol level, as bytes. Nothing is checked: tests send wrong ones too. */
export class MqttBuilder {
  readonly level: MqttLevel;

  constructor(level: MqttLevel) {
    this.level = level;
  }

  connect(options: ConnectOptions = {}): Buffer {
    const { will, username, password } = options;
    const payload = [prefixed(options.clientId ?? 'client')];
    if (will !== undefined) {
      payload.push(this.properties(will.properties));
      payload.push(prefixed(will.topic), prefixed(will.payload ?? ''));
    }
    if (username !== undefined) payload.push(prefixed(username));
    if (password !== undefined) payload.push(prefixed(password));
    return packet(
      0x10,
      prefixed(options.protocolName ?? (this.level === 3 ? 'MQIsdp' : 'MQTT')),
      one(options.level ?? this.level),
      one(options.flags ?? connectFlags(options)),
      two(options.keepAlive ?? 0),
      this.properties(options.properties),
      ...payload,
    );
  }

  publish(options: PublishOptions): Buffer {
    const { qos = 0, id } = options;
    const flags = (options.dup ? 8 : 0) | (qos << 1) | (options.retain ? 1 : 0);
    return packet(
      0x30 | flags,
      prefixed(options.topic),
      qos > 0 ? two(id ?? 1) : Buffer.alloc(0),
      this.properties(options.properties),
      bytesOf(options.payload ?? ''),
    );
  }

  puback(id: number, reason?: number, entries?: readonly Property[]): Buffer {
    return this.#acknowledgement(0x40, id, reason, entries);
  }

  pubrec(id: number, reason?: number, entries?: readonly Property[]): Buffer {
    return this.#acknowledgement(0x50, id, reason, entries);
  }

  pubrel(id: number, reason?: number, entries?: readonly Property[]): Buffer {
    return this.#acknowledgement(0x62, id, reason, entries);
  }

  pubcomp(id: number, reason?: number, entries?: readonly Property[]): Buffer {
    return this.#acknowledgement(0x70, id, reason, entries);
  }

  subscribe(id: number, filters: readonly Filter[], entries?: readonly Property[]): Buffer {
    const payload = filters.flatMap(([filter, options]) => [prefixed(filter), one(options)]);
    return packet(0x82, two(id), this.properties(entries), ...payload);
  }

  unsubscribe(
    id: number,
    filters: readonly (string | Buffer)[],
    entries?: readonly Property[],
  ): Buffer {
    return packet(0xa2, two(id), this.properties(entries), ...filters.map(prefixed));
  }

  disconnect(reason?: number, entries?: readonly Property[]): Buffer {
    return packet(0xe0, ...reasonAndProperties(reason, entries));
  }

  auth(reason: number, entries: readonly Property[]): Buffer {
    return packet(0xf0, one(reason), properties(entries));
  }

  /** A property block in MQTT 5, nothing before it. */
  properties(entries: readonly Property[] = []): Buffer {
    return this.level === 5 ? properties(entries) : Buffer.alloc(0);
  }

  #acknowledgement(
    first: number,
    id: number,
    reason?: number,
    entries?: readonly Property[],
  ): Buffer {
    return packet(first, two(id), ...reasonAndProperties(reason, entries));
  }
}

export const mqtt5 = new MqttBuilder(5);
export const mqtt311 = new MqttBuilder(4);
export const mqtt31 = new MqttBuilder(3);

function connectFlags(options: ConnectOptions): number {
  const { will, username, password, cleanStart = true } = options;
  let flags = cleanStart ? 0x02 : 0;
  if (will !== undefined) flags |= 0x04 | ((will.qos ?? 0) << 3) | (will.retain ? 0x20 : 0);
  if (password !== undefined) flags |= 0x40;
  if (username !== undefined) flags |= 0x80;
  return flags;
}

function reasonAndProperties(reason?: number, entries?: readonly Property[]): Buffer[] {
  if (reason === undefined) return [];
  return entries === undefined ? [one(reason)] : [one(reason), properties(entries)];
}

function bytesOf(value: string | Buffer): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
