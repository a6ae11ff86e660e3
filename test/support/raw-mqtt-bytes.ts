import { PROPERTIES, type Property } from './raw-mqtt-properties.js';

/** Bytes from hexadecimal digits; blanks are for the reader. */
export function hex(digits: string): Buffer {
  const compact = digits.replaceAll(/\s/g, '');
  if (compact.length % 2 !== 0 || /[^0-9a-f]/i.test(compact)) throw new Error(`not hex: ${digits}`);
  return Buffer.from(compact, 'hex');
}

export function one(value: number): Buffer {
  return Buffer.of(value);
}

export function two(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

export function four(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A variable byte integer in its shortest form. */
export function variable(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return Buffer.from(bytes);
}

/** Bytes with their length in front; a Buffer may hold what is no valid UTF-8. */
export function prefixed(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([two(bytes.length), bytes]);
}

/** A whole packet: the first byte, then the remaining length, then the parts. */
export function packet(first: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([one(first), variable(body.length), body]);
}

export function property(entry: Property): Buffer {
  const [name, value] = entry;
  const [id, type] = PROPERTIES[name];
  return Buffer.concat([one(id), propertyValue(type, value)]);
}

/** A property length and the properties. */
export function properties(entries: readonly Property[]): Buffer {
  const body = Buffer.concat(entries.map(property));
  return Buffer.concat([variable(body.length), body]);
}

function propertyValue(type: string, value: Property[1]): Buffer {
  if (Array.isArray(value)) return Buffer.concat(value.map((part) => prefixed(part)));
  if (typeof value !== 'number') return prefixed(value as string | Buffer);
  if (type === 'byte') return one(value);
  if (type === 'two') return two(value);
  return type === 'four' ? four(value) : variable(value);
}
