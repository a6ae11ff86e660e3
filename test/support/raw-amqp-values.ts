/**
 * Part 1 of AMQP 1.0 for tests, written from the tables of section 1.6 and sharing nothing with the
 * broker's codec. An encoded value is a Buffer; what has one may be put anywhere a value is expected.
 */

/** A symbol, where a text alone would be a string. */
export class Sym {
  readonly symbol: string;

  constructor(symbol: string) {
    this.symbol = symbol;
  }
}

/** A value with its descriptor, which is a number or the text of a symbol. */
export class DescribedValue {
  readonly descriptor: number | string;
  readonly value: Value;

  constructor(descriptor: number | string, value: Value) {
    this.descriptor = descriptor;
    this.value = value;
  }
}

/** A decoded value. Integers beyond 2^53 are bigints; types without a form here are their bytes. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Buffer
  | Sym
  | DescribedValue
  | readonly Value[]
  | Map<Value, Value>;

export const NULL = Buffer.of(0x40);
export const EMPTY_LIST = Buffer.of(0x45);

export const boolean = (value: boolean): Buffer => Buffer.of(value ? 0x41 : 0x42);
export const ubyte = (value: number): Buffer => Buffer.of(0x50, value);
export const ushort = (value: number): Buffer => Buffer.of(0x60, value >> 8, value & 0xff);
export const uint = (value: number): Buffer => fixed(0x70, 4, BigInt(value));
export const ulong = (value: number | bigint): Buffer => fixed(0x80, 8, BigInt(value));
export const smallUlong = (value: number): Buffer => Buffer.of(0x53, value);
export const int = (value: number): Buffer => fixed(0x71, 4, BigInt(value));
export const long = (value: number | bigint): Buffer => fixed(0x81, 8, BigInt(value));
export const timestamp = (milliseconds: number): Buffer => fixed(0x83, 8, BigInt(milliseconds));
export const binary = (value: string | Uint8Array): Buffer => variable(0xa0, toBytes(value));
export const string = (value: string): Buffer => variable(0xa1, Buffer.from(value, 'utf8'));
export const symbol = (value: string): Buffer => variable(0xa3, Buffer.from(value, 'latin1'));

export function list(...items: readonly Buffer[]): Buffer {
  return compound(0xd0, items.length, items);
}

/** Keys and values in turn. */
export function map(...items: readonly Buffer[]): Buffer {
  return compound(0xd1, items.length, items);
}

export function symbols(...texts: readonly string[]): Buffer {
  const items = texts.map((text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]));
  return compound(0xf0, texts.length, [Buffer.of(0xa3), ...items]);
}

export function described(descriptor: number | string, value: Buffer): Buffer {
  const name = typeof descriptor === 'string' ? symbol(descriptor) : smallUlongOr(descriptor);
  return Buffer.concat([Buffer.of(0), name, value]);
}

/** Encodes what stands for itself: a Buffer is an encoded value already, a number an int. */
export function encodeValue(value: Value): Buffer {
  if (value === null) return NULL;
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'boolean') return boolean(value);
  if (typeof value === 'number') return int(value);
  if (typeof value === 'bigint') return long(value);
  if (typeof value === 'string') return string(value);
  if (value instanceof Date) return timestamp(value.getTime());
  if (value instanceof Sym) return symbol(value.symbol);
  if (value instanceof DescribedValue) return described(value.descriptor, encodeValue(value.value));
  if (value instanceof Map) return map(...[...value].flat().map(encodeValue));
  return list(...(value as readonly Value[]).map(encodeValue));
}

/** Reads one value after another. */
export class ValueReader {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.at === this.bytes.length;
  }

  /** The constructor code of the next value, which stays unread. */
  get code(): number {
    return this.bytes[this.at] ?? -1;
  }

  read(): Value {
    return this.readAs(this.#number(1));
  }

  /** Reads a value behind its constructor. */
  readAs(code: number): Value {
    switch (code) {
      case 0x00:
        return new DescribedValue(descriptor(this.read()), this.read());
      case 0x40:
        return null;
      case 0x41:
        return true;
      case 0x42:
        return false;
      case 0x56:
        return this.#number(1) === 1;
      case 0x43:
      case 0x44:
        return 0;
      case 0x45:
        return [];
      case 0x50:
      case 0x52:
      case 0x53:
        return this.#number(1);
      case 0x51:
      case 0x54:
      case 0x55:
        return this.#take(1).readInt8();
      case 0x60:
        return this.#number(2);
      case 0x61:
        return this.#take(2).readInt16BE();
      case 0x70:
        return this.#number(4);
      case 0x71:
        return this.#take(4).readInt32BE();
      case 0x72:
        return this.#take(4).readFloatBE();
      case 0x82:
        return this.#take(8).readDoubleBE();
      case 0x80:
        return safe(this.#take(8).readBigUInt64BE());
      case 0x81:
        return safe(this.#take(8).readBigInt64BE());
      case 0x83:
        return new Date(Number(this.#take(8).readBigInt64BE()));
      case 0x73:
        return String.fromCodePoint(this.#number(4));
      case 0x74:
        return this.#take(4);
      case 0x84:
        return this.#take(8);
      case 0x94:
      case 0x98:
        return this.#take(16);
      case 0xa0:
      case 0xb0:
        return this.#take(this.#number(width(code)));
      case 0xa1:
      case 0xb1:
        return this.#take(this.#number(width(code))).toString('utf8');
      case 0xa3:
      case 0xb3:
        return new Sym(this.#take(this.#number(width(code))).toString('latin1'));
      case 0xc0:
      case 0xd0:
        return this.#compound(width(code));
      case 0xc1:
      case 0xd1:
        return toMap(this.#compound(width(code)));
      case 0xe0:
      case 0xf0:
        return this.#array(width(code));
      default:
        throw new Error(`0x${code.toString(16)} constructs nothing`);
    }
  }

  #compound(bytes: number): Value[] {
    const inner = new ValueReader(this.#take(this.#number(bytes)));
    const items = Array.from({ length: inner.#number(bytes) });
    const values = items.map(() => inner.read());
    if (!inner.done) throw new Error('a compound has more bytes than items');
    return values;
  }

  #array(bytes: number): Value[] {
    const inner = new ValueReader(this.#take(this.#number(bytes)));
    const items = Array.from({ length: inner.#number(bytes) });
    const code = inner.#number(1);
    const values = items.map(() => inner.readAs(code));
    if (!inner.done) throw new Error('an array has more bytes than items');
    return values;
  }

  #number(bytes: number): number {
    return this.#take(bytes).readUIntBE(0, bytes);
  }

  #take(bytes: number): Buffer {
    const end = this.at + bytes;
    if (end > this.bytes.length) throw new Error('a value ends before its last byte');
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }
}

/** All the values that follow one another in `bytes`, such as the sections of a message. */
export function decodeValues(bytes: Buffer): Value[] {
  const reader = new ValueReader(bytes);
  const values: Value[] = [];
  while (!reader.done) values.push(reader.read());
  return values;
}

function width(code: number): number {
  return code & 0x10 ? 4 : 1;
}

function descriptor(value: Value): number | string {
  if (typeof value === 'number') return value;
  if (value instanceof Sym) return value.symbol;
  throw new Error('a descriptor is neither a ulong nor a symbol');
}

function toMap(items: readonly Value[]): Map<Value, Value> {
  if (items.length % 2 !== 0) throw new Error('a map has a key without a value');
  const entries = new Map<Value, Value>();
  for (let index = 0; index < items.length; index += 2) {
    entries.set(items[index] ?? null, items[index + 1] ?? null);
  }
  return entries;
}

function safe(value: bigint): number | bigint {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER
    ? Number(value)
    : value;
}

function smallUlongOr(value: number): Buffer {
  return value <= 0xff ? smallUlong(value) : ulong(value);
}

function fixed(code: number, bytes: number, value: bigint): Buffer {
  const digits = BigInt.asUintN(bytes * 8, value).toString(16);
  return Buffer.concat([Buffer.of(code), Buffer.from(digits.padStart(bytes * 2, '0'), 'hex')]);
}

function variable(code: number, bytes: Buffer): Buffer {
  if (bytes.length <= 0xff) return Buffer.concat([Buffer.of(code, bytes.length), bytes]);
  return Buffer.concat([fixed(code + 0x10, 4, BigInt(bytes.length)), bytes]);
}

/** Always in the long form. */
function compound(code: number, count: number, items: readonly Buffer[]): Buffer {
  const content = Buffer.concat(items);
  const size = fixed(code, 4, BigInt(content.length + 4));
  return Buffer.concat([size, fixed(0, 4, BigInt(count)).subarray(1), content]);
}

function toBytes(value: string | Uint8Array): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'latin1') : Buffer.from(value);
}
