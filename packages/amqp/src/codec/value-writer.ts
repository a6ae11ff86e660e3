import { ByteWriter } from '@causeway/wire';
import { CODE } from './constructor-codes.js';
import { AmqpSymbol, type AmqpValue, Described, Uuid } from './value.js';

const NULL = Buffer.of(CODE.null);
const NOT_ASCII = /[^\0-\x7f]/;
const UINT32 = 0x1_0000_0000;
const INT32_MIN = -0x80000000;
const INT32_MAX = 0x7fffffff;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** A list or map that has begun and not ended. */
interface OpenCompound {
  readonly code: number;
  /** Where its size stands, or -1 while it has no item. */
  start: number;
  count: number;
  /** Nulls that are written only when something follows; in composites what ends with nulls ends earlier. */
  nulls: number;
}

/**
 * Writes values of part 1, the shortest form of each, and the composites of AMQP itself: a
 * descriptor, then the fields between `beginList` and `endList`, of which those at the end that are
 * null are left out. Wherever null makes sense for a field, null may be given.
 */
export class ValueWriter {
  readonly bytes: ByteWriter;
  readonly #open: OpenCompound[] = [];
  #describing = false;
  #scratch = Buffer.allocUnsafe(8);

  constructor(bytes = new ByteWriter()) {
    this.bytes = bytes;
  }

  /** What was written, as a buffer of its own; the writer is empty again. */
  take(): Buffer {
    return this.bytes.take();
  }

  /** Forgets what was written, also in the middle of it. */
  reset(): this {
    this.bytes.reset();
    this.#open.length = 0;
    this.#describing = false;
    return this;
  }

  null(): this {
    const compound = this.#open.at(-1);
    if (compound === undefined || this.#describing) return this.#code(CODE.null);
    compound.nulls++;
    return this;
  }

  boolean(value: boolean | null): this {
    if (value === null) return this.null();
    return this.#code(value ? CODE.true : CODE.false);
  }

  ubyte(value: number | null): this {
    if (value === null) return this.null();
    this.#code(CODE.ubyte).bytes.uint8(value);
    return this;
  }

  /** -128 to 127: what JMS annotations are. */
  byte(value: number): this {
    this.#code(CODE.byte).bytes.uint8(value & 0xff);
    return this;
  }

  ushort(value: number | null): this {
    if (value === null) return this.null();
    this.#code(CODE.ushort).bytes.uint16(value);
    return this;
  }

  uint(value: number | null): this {
    if (value === null) return this.null();
    if (value === 0) return this.#code(CODE.uint0);
    if (value <= 0xff) this.#code(CODE.smallUint).bytes.uint8(value);
    else this.#code(CODE.uint).bytes.uint32(value);
    return this;
  }

  ulong(value: number | bigint | null): this {
    if (value === null) return this.null();
    if (value === 0 || value === 0n) return this.#code(CODE.ulong0);
    if (value <= 0xff) this.#code(CODE.smallUlong).bytes.uint8(Number(value));
    else this.#eight(CODE.ulong, BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  int(value: number): this {
    if (value >= -0x80 && value <= 0x7f) this.#code(CODE.smallInt).bytes.uint8(value & 0xff);
    else this.#code(CODE.int).bytes.uint32(value >>> 0);
    return this;
  }

  long(value: number | bigint): this {
    if (value >= -0x80 && value <= 0x7f) {
      this.#code(CODE.smallLong).bytes.uint8(Number(value) & 0xff);
      return this;
    }
    return this.#eight(CODE.long, BigInt.asUintN(64, BigInt(value)));
  }

  double(value: number): this {
    this.#scratch.writeDoubleBE(value);
    this.#code(CODE.double).bytes.bytes(this.#scratch);
    return this;
  }

  /** @param milliseconds since 1970; what is no number is null */
  timestamp(milliseconds: number | null): this {
    if (milliseconds === null || !Number.isFinite(milliseconds)) return this.null();
    const whole = Math.trunc(milliseconds);
    if (whole < 0 || whole > Number.MAX_SAFE_INTEGER) {
      return this.#eight(CODE.timestamp, BigInt.asUintN(64, BigInt(whole)));
    }
    this.#code(CODE.timestamp)
      .bytes.uint32(Math.floor(whole / UINT32))
      .uint32(whole % UINT32);
    return this;
  }

  /** @param text 32 hexadecimal digits, with or without hyphens */
  uuid(text: string): this {
    this.#code(CODE.uuid).bytes.bytes(Buffer.from(text.replaceAll('-', ''), 'hex'));
    return this;
  }

  binary(value: Uint8Array | null): this {
    if (value === null) return this.null();
    return this.#variable(CODE.binary8, value);
  }

  string(text: string | null): this {
    if (text === null) return this.null();
    return this.#text(CODE.string8, text);
  }

  /** Symbols are ASCII (part 1.6.21): other characters become question marks. */
  symbol(text: string | null): this {
    if (text === null) return this.null();
    return this.#text(CODE.symbol8, symbolText(text));
  }

  /** A field that may have several symbols; none are null. */
  symbolArray(texts: readonly string[]): this {
    if (texts.length === 0) return this.null();
    const items = texts.map(symbolText);
    const long = items.some((item) => item.length > 0xff);
    const lengthBytes = long ? 4 : 1;
    const size = items.reduce((sum, item) => sum + lengthBytes + item.length, 0);
    const { bytes } = this.#code(CODE.array32);
    bytes
      .uint32(4 + 1 + size)
      .uint32(items.length)
      .uint8(long ? CODE.symbol32 : CODE.symbol8);
    for (const item of items) {
      if (long) bytes.uint32(item.length);
      else bytes.uint8(item.length);
      bytes.utf8(item);
    }
    return this;
  }

  /** The next value is described by this code of AMQP itself, or by a symbol's text. */
  described(descriptor: number | bigint | string): this {
    this.#code(CODE.described);
    this.#describing = true;
    if (typeof descriptor === 'string') this.symbol(descriptor);
    else this.ulong(descriptor);
    this.#describing = true;
    return this;
  }

  /** The fields of a composite follow. */
  beginList(): this {
    return this.#begin(CODE.list32);
  }

  endList(): this {
    return this.#end();
  }

  /** Keys and values follow in turn. */
  beginMap(): this {
    return this.#begin(CODE.map32);
  }

  endMap(): this {
    this.#flushNulls();
    return this.#end();
  }

  /** A value that is encoded already. */
  encoded(value: Uint8Array): this {
    this.#item();
    this.bytes.bytes(value);
    return this;
  }

  /** Any value: whole numbers become ints or longs, other numbers doubles. */
  value(value: AmqpValue | Uint8Array): this {
    switch (typeof value) {
      case 'boolean':
        return this.boolean(value);
      case 'string':
        return this.string(value);
      case 'number':
        return this.#number(value);
      case 'bigint':
        return this.#bigint(value);
      default:
        return value === null ? this.null() : this.#object(value);
    }
  }

  #number(value: number): this {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return this.double(value);
    return value >= INT32_MIN && value <= INT32_MAX ? this.int(value) : this.long(value);
  }

  /** What fits into no integer of AMQP is written as text. */
  #bigint(value: bigint): this {
    if (value >= INT64_MIN && value <= INT64_MAX) return this.long(value);
    return value > 0n && value < 2n ** 64n ? this.ulong(value) : this.string(String(value));
  }

  #object(value: Exclude<AmqpValue, null | boolean | number | bigint | string> | Uint8Array): this {
    if (value instanceof Date) return this.timestamp(value.getTime());
    if (value instanceof Uint8Array) return this.binary(value);
    if (value instanceof AmqpSymbol) return this.symbol(value.text);
    if (value instanceof Uuid) return this.uuid(value.text);
    if (value instanceof Described) return this.described(value.descriptor).value(value.value);
    if (value instanceof Map) return this.#map(value);
    return this.#list(value as readonly AmqpValue[]);
  }

  #map(map: ReadonlyMap<AmqpValue, AmqpValue>): this {
    this.beginMap();
    for (const [key, value] of map) this.value(key).value(value);
    return this.endMap();
  }

  /** All its items count, nulls at the end as well. */
  #list(items: readonly AmqpValue[]): this {
    this.beginList();
    for (const item of items) this.value(item);
    this.#flushNulls();
    return this.endList();
  }

  #begin(code: number): this {
    this.#item();
    this.#open.push({ code, start: -1, count: 0, nulls: 0 });
    return this;
  }

  #end(): this {
    const { code, start, count } = this.#open.pop()!;
    const { bytes } = this;
    if (start >= 0) {
      bytes.patchUint32(start, bytes.length - start - 4).patchUint32(start + 4, count);
    } else if (code === CODE.list32) {
      bytes.uint8(CODE.list0);
    } else {
      bytes.uint8(CODE.map8).uint8(1).uint8(0);
    }
    return this;
  }

  #text(shortCode: number, text: string): this {
    const length = text.length > 0xff ? text.length : Buffer.byteLength(text);
    if (length > 0xff) return this.#variable(shortCode, Buffer.from(text, 'utf8'));
    this.#code(shortCode).bytes.uint8(length).utf8(text);
    return this;
  }

  #variable(shortCode: number, value: Uint8Array): this {
    const { length } = value;
    if (length <= 0xff) this.#code(shortCode).bytes.uint8(length);
    // The long form of each is 0x10 further (part 1.6.19 to 1.6.21).
    else this.#code(shortCode + 0x10).bytes.uint32(length);
    this.bytes.bytes(value);
    return this;
  }

  #eight(code: number, value: bigint): this {
    this.#scratch.writeBigUInt64BE(value);
    this.#code(code).bytes.bytes(this.#scratch);
    return this;
  }

  #code(code: number): this {
    this.#item();
    this.bytes.uint8(code);
    return this;
  }

  /** Something is written: it counts as an item, unless it is what a descriptor describes. */
  #item(): void {
    if (this.#describing) {
      this.#describing = false;
      return;
    }
    this.#flushNulls();
    const compound = this.#open.at(-1);
    if (compound === undefined) return;
    this.#header(compound);
    compound.count++;
  }

  #flushNulls(): void {
    const compound = this.#open.at(-1);
    if (compound === undefined || compound.nulls === 0) return;
    this.#header(compound);
    compound.count += compound.nulls;
    for (; compound.nulls > 0; compound.nulls--) this.bytes.bytes(NULL);
  }

  /** An empty list has a form of its own, so the header waits for the first item. */
  #header(compound: OpenCompound): void {
    if (compound.start >= 0) return;
    compound.start = this.bytes.uint8(compound.code).length;
    this.bytes.uint32(0).uint32(0);
  }
}

function symbolText(text: string): string {
  return NOT_ASCII.test(text) ? text.replaceAll(/[^\0-\x7f]/gu, '?') : text;
}
