/** One block of output: what a connection fills within a tick without allocating. */
export const OUTPUT_BLOCK_BYTES = 64 * 1024;
/** The first block of a connection that wrote little last time: fan-out reaches thousands. */
const SMALL_BLOCK_BYTES = 4 * 1024;
const POOLED_BYTES_MAX = 16 * 1024 * 1024;
/** From this size on, owned bytes are handed to the socket by reference instead of copied. */
const REFERENCE_BYTES_MIN = 16 * 1024;

const smallPool: Buffer[] = [];
const largePool: Buffer[] = [];
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
  #wroteMuch = false;

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#fullBytes + this.position;
  }

  /** Makes sure that `bytes` can be written at `position`. */
  reserve(bytes: number): void {
    if (this.position + bytes <= this.buffer.length) return;
    this.#retire();
    if (bytes > OUTPUT_BLOCK_BYTES) this.buffer = Buffer.allocUnsafeSlow(bytes);
    else {
      const small = bytes <= SMALL_BLOCK_BYTES && !this.#wroteMuch && this.#fullBytes === 0;
      this.buffer = small
        ? (smallPool.pop() ?? newBlock(SMALL_BLOCK_BYTES))
        : (largePool.pop() ?? newBlock(OUTPUT_BLOCK_BYTES));
    }
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
    this.#wroteMuch = this.#fullBytes > SMALL_BLOCK_BYTES;
    this.#full = [];
    this.#fullBytes = 0;
    return chunks;
  }

  /** Gives a chunk that has left through the socket back to the pool, if it was a whole block. */
  static recycle(chunk: Buffer): void {
    if (chunk.byteOffset !== 0 || !blocks.has(chunk.buffer)) return;
    const block = Buffer.from(chunk.buffer);
    const pool = block.length === SMALL_BLOCK_BYTES ? smallPool : largePool;
    if (pool.length * block.length < POOLED_BYTES_MAX) pool.push(block);
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

function newBlock(bytes: number): Buffer {
  const block = Buffer.allocUnsafeSlow(bytes);
  blocks.add(block.buffer);
  return block;
}
