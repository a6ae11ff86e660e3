const EMPTY = Buffer.alloc(0);

/**
 * Joins a frame that arrives in several chunks. While frames are complete in their chunk nothing
 * is copied; a frame without a content-length may end in any chunk, so the joined bytes stay where
 * they are and each byte is copied a constant number of times, however small the chunks are.
 * Memory grows with the bytes that arrived, never with the length that a header claims.
 */
export class FrameBuffer {
  #pending = EMPTY;
  #length = 0;

  /** Bytes that wait for the rest of their frame. */
  get length(): number {
    return this.#length;
  }

  /** What can be decoded now, in one piece; valid until the next call. */
  push(chunk: Buffer): Buffer {
    if (this.#length === 0) return chunk;
    this.append(chunk);
    return this.#pending.subarray(0, this.#length);
  }

  /** Keeps a chunk that is not to be decoded yet. */
  append(chunk: Buffer): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#pending.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#pending.length * 2));
      this.#pending.copy(grown, 0, 0, this.#length);
      this.#pending = grown;
    }
    chunk.copy(this.#pending, this.#length);
    this.#length = needed;
  }

  /** Keeps what `push` returned from `start` on; the rest was decoded. */
  keep(view: Buffer, start: number): void {
    const rest = view.length - start;
    if (this.#length > 0 && start === 0) return;
    const pending = rest === 0 ? EMPTY : Buffer.allocUnsafeSlow(rest);
    view.copy(pending, 0, start);
    this.#pending = pending;
    this.#length = rest;
  }

  clear(): void {
    this.#pending = EMPTY;
    this.#length = 0;
  }
}
