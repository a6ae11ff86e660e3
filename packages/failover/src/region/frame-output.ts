import type { Socket } from 'node:net';

/** Up to this size one copy costs less than handing over each piece. */
const COPIED_BYTES_MAX = 16 * 1024;

/** Collects what one turn has to say to a peer, and writes it at once. What is large is not copied. */
export class FrameOutput {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #scheduled = false;
  /** Bytes that wait for the end of the turn. */
  #bytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Bytes that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** The buffer must not change any more. */
  write(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Writes now what was to be written at the end of the turn. */
  flush(): void {
    this.#scheduled = false;
    const chunks = this.#chunks;
    const bytes = this.#bytes;
    this.#chunks = [];
    this.#bytes = 0;
    if (this.#socket.destroyed || chunks.length === 0) return;
    if (bytes <= COPIED_BYTES_MAX) {
      this.#socket.write(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes));
      return;
    }
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
  }
}
