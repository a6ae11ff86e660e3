import { type ByteReader, WireError } from '@causeway/wire';
import { CODE } from './constructor-codes.js';
import { int64At, uint64At } from './integers.js';
import { AmqpSymbol, type AmqpValue, Described, Uuid } from './value.js';

/** How deep lists, maps, arrays and described values may be in one another. */
export const NESTING_MAX = 32;
/** Elements of arrays that take no bytes, such as nulls, in one value and all that is in it. */
export const EMPTY_ELEMENTS_MAX = 1024;
/** Items of all lists, maps and arrays in one value: an empty map takes 100 times its bytes here. */
export const ITEMS_MAX = 1_000_000;
/** What a `Date` can hold, in milliseconds before and after 1970. */
const DATE_RANGE_MS = 8.64e15;

/**
 * Reads one value of any type of part 1. Binaries are views of the reader's buffer.
 * @throws WireError when it is none, is nested too deeply, or claims more than there is
 */
export function readValue(reader: ByteReader): AmqpValue {
  return new ValueReader(reader).read(0);
}

/** One value and all that is in it. */
class ValueReader {
  readonly #reader: ByteReader;
  #emptyElementsLeft = EMPTY_ELEMENTS_MAX;
  #itemsLeft = ITEMS_MAX;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  read(depth: number): AmqpValue {
    return this.#readAs(this.#reader.uint8(), depth);
  }

  #readAs(code: number, depth: number): AmqpValue {
    if (depth > NESTING_MAX) throw new WireError(`values are nested deeper than ${NESTING_MAX}`);
    switch (code) {
      case CODE.described:
        return new Described(this.#descriptor(depth), this.read(depth + 1));
      case CODE.list0:
        return [];
      case CODE.list8:
      case CODE.list32:
        return this.#list(code === CODE.list8, depth);
      case CODE.map8:
      case CODE.map32:
        return this.#map(code === CODE.map8, depth);
      case CODE.array8:
      case CODE.array32:
        return this.#array(code === CODE.array8, depth);
      default:
        return readScalar(this.#reader, code);
    }
  }

  /** Descriptors other than numbers and symbols are reserved (part 1.5). */
  #descriptor(depth: number): number | bigint | string {
    const code = this.#reader.uint8();
    const value = this.#readAs(code, depth + 1);
    if (value instanceof AmqpSymbol) return value.text;
    const isUlong = code === CODE.ulong0 || code === CODE.smallUlong || code === CODE.ulong;
    if (!isUlong) throw new WireError('a descriptor is neither a number nor a symbol');
    return value as number | bigint;
  }

  #list(short: boolean, depth: number): AmqpValue[] {
    const end = this.#size(short);
    const count = this.#count(short, end);
    const items: AmqpValue[] = [];
    for (let index = 0; index < count; index++) items.push(this.read(depth + 1));
    this.#checkEnd(end);
    return items;
  }

  #map(short: boolean, depth: number): Map<AmqpValue, AmqpValue> {
    const end = this.#size(short);
    const count = this.#count(short, end);
    if (count % 2 !== 0) throw new WireError('a map has a key without a value');
    const map = new Map<AmqpValue, AmqpValue>();
    for (let index = 0; index < count; index += 2) {
      const key = this.read(depth + 1);
      map.set(key, this.read(depth + 1));
    }
    this.#checkEnd(end);
    return map;
  }

  /** One constructor for all elements (part 1.6.24), which may have one descriptor. */
  #array(short: boolean, depth: number): AmqpValue[] {
    const end = this.#size(short);
    const count = this.#rawCount(short);
    let code = this.#reader.uint8();
    let descriptor: number | bigint | string | null = null;
    if (code === CODE.described) {
      descriptor = this.#descriptor(depth);
      code = this.#reader.uint8();
      if (code === CODE.described) throw new WireError('the items of an array are described twice');
    }
    this.#checkElements(count, code, end);
    const items: AmqpValue[] = [];
    for (let index = 0; index < count; index++) {
      const item = this.#readAs(code, depth + 1);
      items.push(descriptor === null ? item : new Described(descriptor, item));
    }
    this.#checkEnd(end);
    return items;
  }

  #checkElements(count: number, code: number, end: number): void {
    const empty = code >> 4 === 4;
    if (count > (empty ? this.#emptyElementsLeft : end - this.#reader.position)) {
      throw new WireError(`an array claims ${count} elements`);
    }
    if (empty) this.#emptyElementsLeft -= count;
    this.#takeItems(count);
  }

  /** Reads a size and gives the position at which what has it ends. */
  #size(short: boolean): number {
    const size = short ? this.#reader.uint8() : this.#reader.uint32();
    if (size > this.#reader.remaining) {
      throw new WireError(`${size} bytes expected, ${this.#reader.remaining} left`);
    }
    return this.#reader.position + size;
  }

  /** A count of items of which each takes a byte at least. */
  #count(short: boolean, end: number): number {
    const count = this.#rawCount(short);
    if (count > end - this.#reader.position) {
      throw new WireError(`${count} items expected in ${end - this.#reader.position} bytes`);
    }
    this.#takeItems(count);
    return count;
  }

  #takeItems(count: number): void {
    this.#itemsLeft -= count;
    if (this.#itemsLeft < 0) throw new WireError(`a value has more than ${ITEMS_MAX} items`);
  }

  #rawCount(short: boolean): number {
    return short ? this.#reader.uint8() : this.#reader.uint32();
  }

  #checkEnd(end: number): void {
    if (this.#reader.position !== end) {
      throw new WireError('the size of a list, map or array is not that of its items');
    }
  }
}

function readScalar(reader: ByteReader, code: number): AmqpValue {
  const { buffer } = reader;
  switch (code) {
    case CODE.null:
      return null;
    case CODE.true:
      return true;
    case CODE.false:
      return false;
    case CODE.boolean:
      return readBoolean(reader.uint8());
    case CODE.uint0:
    case CODE.ulong0:
      return 0;
    case CODE.ubyte:
    case CODE.smallUint:
    case CODE.smallUlong:
      return reader.uint8();
    case CODE.byte:
    case CODE.smallInt:
    case CODE.smallLong:
      return buffer.readInt8(reader.advance(1));
    case CODE.ushort:
      return reader.uint16();
    case CODE.short:
      return buffer.readInt16BE(reader.advance(2));
    case CODE.uint:
      return reader.uint32();
    case CODE.int:
      return buffer.readInt32BE(reader.advance(4));
    case CODE.ulong:
      return uint64At(buffer, reader.advance(8));
    case CODE.long:
      return int64At(buffer, reader.advance(8));
    case CODE.float:
      return buffer.readFloatBE(reader.advance(4));
    case CODE.double:
      return buffer.readDoubleBE(reader.advance(8));
    default:
      return readOther(reader, code);
  }
}

function readOther(reader: ByteReader, code: number): AmqpValue {
  switch (code) {
    case CODE.timestamp:
      return readTimestamp(int64At(reader.buffer, reader.advance(8)));
    case CODE.char:
      return readChar(reader.uint32());
    case CODE.decimal32:
      return reader.bytes(4);
    case CODE.decimal64:
      return reader.bytes(8);
    case CODE.decimal128:
      return reader.bytes(16);
    case CODE.uuid:
      return readUuid(reader.bytes(16));
    case CODE.binary8:
      return reader.bytes(reader.uint8());
    case CODE.binary32:
      return reader.bytes(reader.uint32());
    case CODE.string8:
      return reader.text(reader.uint8());
    case CODE.string32:
      return reader.text(reader.uint32());
    case CODE.symbol8:
      return new AmqpSymbol(readSymbol(reader, reader.uint8()));
    case CODE.symbol32:
      return new AmqpSymbol(readSymbol(reader, reader.uint32()));
    default:
      throw new WireError(`0x${code.toString(16).padStart(2, '0')} is no format code`);
  }
}

function readBoolean(byte: number): boolean {
  if (byte > 1) throw new WireError('a boolean is neither 0 nor 1');
  return byte === 1;
}

/** Some write the largest number there is for "never": it becomes the last date there is. */
function readTimestamp(milliseconds: number | bigint): Date {
  const number = Number(milliseconds);
  return new Date(Math.max(-DATE_RANGE_MS, Math.min(DATE_RANGE_MS, number)));
}

function readChar(codePoint: number): string {
  if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) {
    throw new WireError('a char is not a character of Unicode');
  }
  return String.fromCodePoint(codePoint);
}

function readUuid(bytes: Buffer): Uuid {
  const digits = bytes.toString('hex');
  const parts = [[0, 8] as const, [8, 12] as const, [12, 16] as const, [16, 20] as const];
  return new Uuid(
    [...parts.map(([from, to]) => digits.slice(from, to)), digits.slice(20)].join('-'),
  );
}

/** Symbols are ASCII (part 1.6.21). */
function readSymbol(reader: ByteReader, length: number): string {
  const start = reader.advance(length);
  for (let at = start; at < start + length; at++) {
    if (reader.buffer[at]! > 0x7f) throw new WireError('a symbol is not ASCII');
  }
  return reader.buffer.toString('latin1', start, start + length);
}
