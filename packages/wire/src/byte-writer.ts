const INITIAL_BYTES = 256;

/** A growing buffer for cold frames and stored records; `take()` hands out what was written. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = INITIAL_BYTES) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  uint8(value: number): this {
    this.#room(1);
    this.#buffer[this.#length++] = value;
    return this;
  }

  uint16(value: number): this {
    this.#room(2);
    this.#length = this.#buffer.writeUInt16BE(value, this.#length);
    return this;
  }

  uint32(value: number): this {
    this.#room(4);
    this.#length = this.#buffer.writeUInt32BE(value, this.#length);
    return this;
  }

  uint48(value: number): this {
    this.#room(6);
    this.#length = this.#buffer.writeUIntBE(value, this.#length, 6);
    return this;
  }

  /** The counterpart of `ByteReader.variableInteger`: `value` is below 2^28. */
  variableInteger(value: number): this {
    let rest = value;
    while (rest > 0x7f) {
      this.uint8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.uint8(rest);
  }

  bytes(source: Uint8Array): this {
    this.#room(source.length);
    this.#buffer.set(source, this.#length);
    this.#length += source.length;
    return this;
  }

  utf8(text: string): this {
    this.#room(text.length * 3);
    this.#length += this.#buffer.write(text, this.#length, 'utf8');
    return this;
  }

  /** Overwrites two bytes at `position`: a length that was not known before. */
  patchUint16(position: number, value: number): this {
    this.#buffer.writeUInt16BE(value, position);
    return this;
  }

  patchUint32(position: number, value: number): this {
    this.#buffer.writeUInt32BE(value, position);
    return this;
  }

  /** A view of what was written: valid until the next write. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** What was written, as a copy of its own; the writer is empty again. */
  take(): Buffer {
    const copy = Buffer.from(this.view());
    this.#length = 0;
    return copy;
  }

  reset(): void {
    this.#length = 0;
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
