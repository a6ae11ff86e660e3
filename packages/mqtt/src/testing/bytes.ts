/** Bytes of packets, written down by hand: what the specification draws, not what we encode. */

/** `hex('10 02 00')`. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

export function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A length in one to four bytes [MQTT 5 1.5.5]. */
export function length(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? byte + 128 : byte);
  } while (rest > 0);
  return Buffer.from(bytes);
}

/** A text or binary value after its length. */
export function prefixed(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([u16(bytes.length), bytes]);
}

/** Properties after their length. */
export function block(...properties: Buffer[]): Buffer {
  const bytes = Buffer.concat(properties);
  return Buffer.concat([length(bytes.length), bytes]);
}

/** A packet: its first byte, the remaining length, the rest. */
export function packet(first: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(first), length(body.length), body]);
}

export interface ConnectBytes {
  readonly version?: 3 | 4 | 5;
  readonly flags?: number;
  readonly keepAlive?: number;
  readonly properties?: Buffer[];
  readonly clientId?: string;
  /** What follows the client identifier. */
  readonly payload?: Buffer[];
}

export function connect(options: ConnectBytes = {}): Buffer {
  const { version = 5, flags = 2, keepAlive = 0, properties = [] } = options;
  return packet(
    0x10,
    prefixed(version === 3 ? 'MQIsdp' : 'MQTT'),
    Buffer.of(version, flags),
    u16(keepAlive),
    version === 5 ? block(...properties) : Buffer.alloc(0),
    prefixed(options.clientId ?? 'client'),
    ...(options.payload ?? []),
  );
}

export interface PublishBytes {
  readonly version?: 3 | 4 | 5;
  readonly topic?: string;
  readonly payload?: string | Buffer;
  readonly qos?: number;
  readonly id?: number;
  readonly duplicate?: boolean;
  readonly retain?: boolean;
  readonly properties?: Buffer[];
}

export function publish(options: PublishBytes = {}): Buffer {
  const { version = 5, topic = 't', payload = '', qos = 0, id = 1, properties = [] } = options;
  return packet(
    0x30 | (options.duplicate ? 8 : 0) | (qos << 1) | (options.retain ? 1 : 0),
    prefixed(topic),
    qos > 0 ? u16(id) : Buffer.alloc(0),
    version === 5 ? block(...properties) : Buffer.alloc(0),
    Buffer.from(payload as string),
  );
}

/** One property: its identifier and its value. */
export function property(id: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(id), value]);
}

export function userProperty(name: string, value: string): Buffer {
  return property(0x26, Buffer.concat([prefixed(name), prefixed(value)]));
}

/** SUBSCRIBE: filters with their option bytes. */
export function subscribe(
  id: number,
  filters: readonly (readonly [filter: string, options: number])[],
  version: 3 | 4 | 5 = 5,
  properties: Buffer[] = [],
): Buffer {
  return packet(
    0x82,
    u16(id),
    version === 5 ? block(...properties) : Buffer.alloc(0),
    ...filters.flatMap(([filter, options]) => [prefixed(filter), Buffer.of(options)]),
  );
}

export function unsubscribe(
  id: number,
  filters: readonly string[],
  version: 3 | 4 | 5 = 5,
): Buffer {
  return packet(
    0xa2,
    u16(id),
    version === 5 ? block() : Buffer.alloc(0),
    ...filters.map((filter) => prefixed(filter)),
  );
}

/** PUBACK, PUBREC, PUBREL, PUBCOMP. */
export const puback = (id: number, reason?: number) => acknowledgement(0x40, id, reason);
export const pubrec = (id: number, reason?: number) => acknowledgement(0x50, id, reason);
export const pubrel = (id: number, reason?: number) => acknowledgement(0x62, id, reason);
export const pubcomp = (id: number, reason?: number) => acknowledgement(0x70, id, reason);

function acknowledgement(first: number, id: number, reason?: number): Buffer {
  return packet(first, u16(id), reason === undefined ? Buffer.alloc(0) : Buffer.of(reason));
}
