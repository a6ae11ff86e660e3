import { BrokerError } from '@causeway/core';
import { HEADER_BYTES, MAGIC, PROTOCOL_VERSION } from './frame.js';

/** Gets the frames; `payload` belongs to it, and may be a view of what was received. */
export type FrameHandler = (type: number, request: number, payload: Buffer) => void;

/**
 * Finds the frames in what a socket gives. A frame within one chunk is not copied; one that is not
 * is put together in one piece, of the size that its header says, within the limit.
 */
export class FrameDecoder {
  readonly #onFrame: FrameHandler;
  /** Bytes of a frame at most, header included; to be raised once it is known who sends them. */
  bytesMax: number;
  #partial: Buffer | null = null;
  #filled = 0;
  readonly #header = Buffer.allocUnsafe(HEADER_BYTES);
  #stopped = false;

  constructor(bytesMax: number, onFrame: FrameHandler) {
    this.bytesMax = bytesMax;
    this.#onFrame = onFrame;
  }

  /** Whether a frame has begun and not ended. */
  get isWithinFrame(): boolean {
    return this.#filled > 0;
  }

  /** Nothing more is handed over. */
  stop(): void {
    this.#stopped = true;
    this.#partial = null;
  }

  /**
   * Takes a chunk, which belongs to the decoder.
   * @throws BrokerError `malformed`, `too-large`, `unsupported-version`, and what the handler throws
   */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      at = this.#filled === 0 ? this.#start(chunk, at) : this.#continue(chunk, at);
    }
  }

  /** A frame begins at `at`. @returns where the next one does, or the chunk ends */
  #start(chunk: Buffer, at: number): number {
    const left = chunk.length - at;
    if (left < HEADER_BYTES) return this.#continue(chunk, at);
    const bytes = this.#frameBytes(chunk, at);
    if (left >= bytes) {
      this.#emit(chunk.subarray(at, at + bytes));
      return at + bytes;
    }
    this.#partial = Buffer.allocUnsafe(bytes);
    this.#filled = chunk.copy(this.#partial, 0, at);
    return chunk.length;
  }

  /** Bytes go on that belong to a header, or to a frame whose header is known. */
  #continue(chunk: Buffer, at: number): number {
    const target = this.#partial ?? this.#header;
    const copied = chunk.copy(target, this.#filled, at);
    this.#filled += copied;
    if (this.#filled < target.length) return at + copied;
    if (this.#partial === null) {
      const frame = Buffer.allocUnsafe(this.#frameBytes(this.#header, 0));
      this.#header.copy(frame);
      this.#partial = frame;
      if (frame.length > HEADER_BYTES) return at + copied;
    }
    const frame = this.#partial;
    this.#partial = null;
    this.#filled = 0;
    this.#emit(frame);
    return at + copied;
  }

  #emit(frame: Buffer): void {
    this.#onFrame(frame[3]!, frame.readUInt32BE(8), frame.subarray(HEADER_BYTES));
  }

  #frameBytes(buffer: Buffer, at: number): number {
    if (buffer.readUInt16BE(at) !== MAGIC) {
      throw new BrokerError('malformed', 'it does not begin as a frame does');
    }
    const version = buffer[at + 2]!;
    if (version !== PROTOCOL_VERSION) {
      throw new BrokerError('unsupported-version', `a frame has version ${version}`);
    }
    const bytes = HEADER_BYTES + buffer.readUInt32BE(at + 4);
    if (bytes <= this.bytesMax) return bytes;
    throw new BrokerError('too-large', `a frame has ${bytes} bytes, ${this.bytesMax} are allowed`);
  }
}
