const EMPTY = Buffer.alloc(0);
const GROWTH_BYTES = 64 * 1024;

/**
 * Joins a frame that arrives in several chunks. A decoder calls `push` with each chunk, reads the
 * frames of the buffer it gets back, and gives what is left over to `keep`. While a frame is
 * complete in one chunk nothing is copied. Memory grows with the bytes that arrived, never with
 * the length that a header claims.
 */
export class ChunkBuffer {
  #pending = EMPTY;
  #length = 0;
  #needed = 0;

  /** Bytes that wait for the rest of their frame. */
  get length(): number {
    return this.#length;
  }

  /**
   * The bytes that can be decoded now: the chunk itself, or the kept bytes and the chunk in one
   * piece. Empty while the frame that `keep` announced is still incomplete. The view is valid until
   * the next call.
   */
  push(chunk: Buffer): Buffer {
    if (this.#length === 0) return chunk;
    this.#reserve(this.#length + chunk.length);
    chunk.copy(this.#pending, this.#length);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return EMPTY;
    const whole = this.#pending.subarray(0, this.#length);
    this.#pending = EMPTY;
    this.#length = 0;
    return whole;
  }

  /**
   * Keeps `view` from `start` on for the next chunk.
   * @param needed bytes that the incomplete frame has in all, counted from `start`; 0 if its header
   *   is not complete either. The caller has checked it against its limit.
   */
  keep(view: Buffer, start: number, needed = 0): void {
    const rest = view.length - start;
    // Nothing was handed out since the frame is incomplete: it still needs what it needed.
    if (rest === 0 && this.#length > 0) return;
    this.#needed = needed;
    if (rest === 0) return;
    this.#pending = Buffer.allocUnsafe(Math.max(rest, Math.min(needed, GROWTH_BYTES)));
    view.copy(this.#pending, 0, start);
    this.#length = rest;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#pending.length) return;
    const doubled = Math.max(bytes, this.#pending.length * 2);
    const capacity = this.#needed >= bytes ? Math.min(doubled, this.#needed) : doubled;
    const grown = Buffer.allocUnsafe(capacity);
    this.#pending.copy(grown, 0, 0, this.#length);
    this.#pending = grown;
  }
}
