import { ByteReader, WireError } from '@causeway/wire';
import { CODE } from './constructor-codes.js';
import { describedStart, descriptorCode } from './descriptor.js';
import { uint32At, uint64At } from './integers.js';
import { skipValue } from './skip-value.js';
import { ABSENT } from './types.js';
import { AmqpSymbol, type AmqpValue } from './value.js';
import { readValue } from './value-reader.js';

/**
 * Reads the fields of a composite (part 1.4) in their order; those at the end may be missing, and
 * a field that is null is the same as one that is missing. One object can read one composite
 * after another. What it gives is never a view of the buffer. Every method throws `WireError`,
 * naming the field, when the field is of another type.
 */
export class FieldReader {
  #what = '';
  #buffer!: Buffer;
  #at = 0;
  #end = 0;
  #left = 0;

  /**
   * Begins with the described list at `start`, whatever its descriptor is.
   * @param what the name of the composite, for errors
   * @returns where the list ends
   */
  open(what: string, buffer: Buffer, start: number, end: number): number {
    return this.openList(what, buffer, describedStart(buffer, start, end), end);
  }

  /** Begins with the list at `at`, which is behind its descriptor. */
  openList(what: string, buffer: Buffer, at: number, end: number): number {
    this.#what = what;
    this.#buffer = buffer;
    if (at + 2 < end && buffer[at] === CODE.list8) {
      const next = at + 2 + buffer[at + 1]!;
      return this.#begin(at + 3, next, end, buffer[at + 2]!);
    }
    if (at + 8 < end && buffer[at] === CODE.list32) {
      const next = at + 5 + uint32At(buffer, at + 1);
      return this.#begin(at + 9, next, end, uint32At(buffer, at + 5));
    }
    if (at < end && buffer[at] === CODE.list0) return this.#begin(at + 1, at + 1, end, 0);
    throw new WireError(`${what} is not a list`);
  }

  /** @throws WireError when the field is missing; so do all that begin with `require` */
  requireUint(name: string): number {
    return this.#required(name, this.uint(name));
  }

  uint(name: string, fallback: number = ABSENT): number {
    const at = this.#take();
    if (at < 0) return fallback;
    switch (this.#buffer[at]) {
      case CODE.smallUint:
        return this.#buffer[this.#move(at, 2) + 1]!;
      case CODE.uint0:
        this.#move(at, 1);
        return 0;
      case CODE.uint:
        return uint32At(this.#buffer, this.#move(at, 5) + 1);
      default:
        throw this.#wrongType(name, 'a uint');
    }
  }

  ushort(name: string, fallback: number = ABSENT): number {
    const at = this.#take();
    if (at < 0) return fallback;
    if (this.#buffer[at] !== CODE.ushort) throw this.#wrongType(name, 'a ushort');
    this.#move(at, 3);
    return (this.#buffer[at + 1]! << 8) | this.#buffer[at + 2]!;
  }

  ubyte(name: string, fallback: number = ABSENT): number {
    const at = this.#take();
    if (at < 0) return fallback;
    if (this.#buffer[at] !== CODE.ubyte) throw this.#wrongType(name, 'a ubyte');
    return this.#buffer[this.#move(at, 2) + 1]!;
  }

  requireUlong(name: string): number {
    return this.#required(name, this.ulong(name));
  }

  /** What is beyond the safe range becomes the largest number in it. */
  ulong(name: string, fallback: number = ABSENT): number {
    const at = this.#take();
    if (at < 0) return fallback;
    switch (this.#buffer[at]) {
      case CODE.smallUlong:
        return this.#buffer[this.#move(at, 2) + 1]!;
      case CODE.ulong0:
        this.#move(at, 1);
        return 0;
      case CODE.ulong:
        return safe(uint64At(this.#buffer, this.#move(at, 9) + 1));
      default:
        throw this.#wrongType(name, 'a ulong');
    }
  }

  requireBoolean(name: string): boolean {
    const value = this.boolean(name);
    if (value === null) throw this.#missing(name);
    return value;
  }

  boolean(name: string): boolean | null {
    const at = this.#take();
    if (at < 0) return null;
    switch (this.#buffer[at]) {
      case CODE.true:
        this.#move(at, 1);
        return true;
      case CODE.false:
        this.#move(at, 1);
        return false;
      case CODE.boolean: {
        const value = this.#buffer[this.#move(at, 2) + 1]!;
        if (value < 2) return value === 1;
        throw this.#wrongType(name, 'a boolean');
      }
      default:
        throw this.#wrongType(name, 'a boolean');
    }
  }

  /** The field as it is: where it begins, or ABSENT; `position` is where it ends. */
  skip(): number {
    const at = this.#take();
    if (at >= 0) this.#at = skipValue(this.#buffer, at, this.#end);
    return at;
  }

  /** Where the next field begins. */
  get position(): number {
    return this.#at;
  }

  /** Moves past a binary and gives where its bytes begin, or ABSENT; they end at `position`. */
  binaryStart(name: string): number {
    const at = this.skip();
    if (at < 0) return ABSENT;
    const code = this.#buffer[at];
    if (code === CODE.binary8) return at + 2;
    if (code === CODE.binary32) return at + 5;
    throw this.#wrongType(name, 'a binary');
  }

  requireBinary(name: string): Buffer {
    const value = this.binary(name);
    if (value === null) throw this.#missing(name);
    return value;
  }

  binary(name: string): Buffer | null {
    const start = this.binaryStart(name);
    return start < 0 ? null : Buffer.from(this.#buffer.subarray(start, this.#at));
  }

  requireString(name: string): string {
    const value = this.string(name);
    if (value === null) throw this.#missing(name);
    return value;
  }

  string(name: string): string | null {
    const value = this.value();
    if (value !== null && typeof value !== 'string') throw this.#wrongType(name, 'a string');
    return value;
  }

  requireSymbol(name: string): string {
    const value = this.symbol(name);
    if (value === null) throw this.#missing(name);
    return value;
  }

  symbol(name: string): string | null {
    const value = this.value();
    if (value === null) return null;
    if (value instanceof AmqpSymbol) return value.text;
    throw this.#wrongType(name, 'a symbol');
  }

  /** A field that may have several symbols: none, one, or an array (part 1.4). */
  symbols(name: string): string[] {
    const value = this.value();
    if (value === null) return [];
    const items = Array.isArray(value) ? value : [value];
    return items.map((item) => {
      if (item instanceof AmqpSymbol) return item.text;
      throw this.#wrongType(name, 'a list of symbols');
    });
  }

  map(name: string): ReadonlyMap<AmqpValue, AmqpValue> | null {
    const value = this.value();
    if (value !== null && !(value instanceof Map)) throw this.#wrongType(name, 'a map');
    return value;
  }

  /** The bytes of a map, all of whose values can be read. */
  encodedMap(name: string): Buffer | null {
    const at = this.skip();
    if (at < 0) return null;
    const bytes = Buffer.from(this.#buffer.subarray(at, this.#at));
    if (!(readValue(new ByteReader(bytes)) instanceof Map)) throw this.#wrongType(name, 'a map');
    return bytes;
  }

  /** Any value; its binaries are copies. */
  value(): AmqpValue {
    const at = this.skip();
    if (at < 0) return null;
    return readValue(new ByteReader(Buffer.from(this.#buffer.subarray(at, this.#at))));
  }

  #begin(first: number, next: number, end: number, count: number): number {
    if (next > end || first > next || count > next - first) {
      throw new WireError(`${this.#what} does not have the size that it claims`);
    }
    this.#at = first;
    this.#end = next;
    this.#left = count;
    return next;
  }

  /** Where the next field begins; ABSENT when it is missing or null. */
  #take(): number {
    if (this.#left === 0) return ABSENT;
    this.#left--;
    const at = this.#at;
    if (at >= this.#end) throw new WireError(`${this.#what} ends before its last field`);
    if (this.#buffer[at] !== CODE.null) return at;
    this.#at = at + 1;
    return ABSENT;
  }

  /** Moves past a field that has `length` bytes. */
  #move(at: number, length: number): number {
    this.#at = at + length;
    if (this.#at > this.#end) throw new WireError(`${this.#what} ends within a field`);
    return at;
  }

  #required(name: string, value: number): number {
    if (value < 0) throw this.#missing(name);
    return value;
  }

  #missing(name: string): WireError {
    return new WireError(`${this.#what} has no ${name}`);
  }

  #wrongType(name: string, type: string): WireError {
    return new WireError(`the ${name} of ${this.#what} is not ${type}`);
  }
}

/** Whether a composite of that code begins at `start`. */
export function expectDescriptor(
  what: string,
  code: number,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  if (descriptorCode(buffer, start, end) !== code) throw new WireError(`${what} expected`);
}

function safe(value: number | bigint): number {
  return typeof value === 'number' ? value : Number.MAX_SAFE_INTEGER;
}
