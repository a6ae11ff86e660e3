/** One block of output: what a connection fills within a tick without allocating. */
export const OUTPUT_BLOCK_BYTES = 64 * 1024;
const POOLED_BLOCKS_MAX = 256;
/** From this size on, owned bytes are handed to the socket by reference instead of copied. */
const REFERENCE_BYTES_MIN = 16 * 1024;

const pool: Buffer[] = [];
/** The memory of our own blocks: bytes appended by reference may look just like one. */
const blocks = new WeakSet<ArrayBufferLike>();
const EMPTY = Buffer.alloc(0);

/**
 * What a connection will send at the end of the tick. Encoders write straight into `buffer` at
 * `position` after `reserve(n)`; an idle connection holds no block at all.
 */
export class OutputBuffer {
  /** The current block; only bytes from `position` on may be written, after `reserve`. */
  buffer: Buffer = EMPTY;
  position = 0;
  #full: Buffer[] = [];
  #fullBytes = 0;

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#fullBytes + this.position;
  }

  /** Makes sure that `bytes` can be written at `position`. */
  reserve(bytes: number): void {
    if (this.position + bytes <= this.buffer.length) return;
    this.#retire();
    this.buffer =
      bytes <= OUTPUT_BLOCK_BYTES ? (pool.pop() ?? newBlock()) : Buffer.allocUnsafeSlow(bytes);
  }

  /** Appends a copy of `source[start, end)`. */
  copy(source: Buffer, start: number, end: number): void {
    const bytes = end - start;
    this.reserve(bytes);
    const target = this.buffer;
    const at = this.position;
    if (bytes <= 48) {
      for (let index = 0; index < bytes; index++) target[at + index] = source[start + index]!;
    } else {
      source.copy(target, at, start, end);
    }
    this.position = at + bytes;
  }

  /**
   * Appends bytes that nobody will change any more: large ones by reference, small ones copied.
   */
  append(source: Buffer, start: number, end: number): void {
    if (end - start < REFERENCE_BYTES_MIN) {
      this.copy(source, start, end);
      return;
    }
    this.#retire();
    this.#full.push(source.subarray(start, end));
    this.#fullBytes += end - start;
  }

  /** Appends `text` as UTF-8. */
  text(text: string): void {
    this.reserve(text.length * 3);
    this.position += this.buffer.write(text, this.position, 'utf8');
  }

  uint8(value: number): void {
    this.reserve(1);
    this.buffer[this.position++] = value;
  }

  /** Hands out everything written, in order; the buffer is empty afterwards. */
  take(): Buffer[] {
    this.#retire();
    const chunks = this.#full;
    this.#full = [];
    this.#fullBytes = 0;
    return chunks;
  }

  /** Gives a chunk that has left through the socket back to the pool, if it was a whole block. */
  static recycle(chunk: Buffer): void {
    if (chunk.byteOffset !== 0 || !blocks.has(chunk.buffer)) return;
    if (pool.length < POOLED_BLOCKS_MAX) pool.push(Buffer.from(chunk.buffer));
  }

  #retire(): void {
    if (this.position > 0) {
      this.#full.push(this.buffer.subarray(0, this.position));
      this.#fullBytes += this.position;
    }
    this.buffer = EMPTY;
    this.position = 0;
  }
}

function newBlock(): Buffer {
  const block = Buffer.allocUnsafeSlow(OUTPUT_BLOCK_BYTES);
  blocks.add(block.buffer);
  return block;
}
