import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Endpoint, formatEndpoint, serverName } from '../endpoint.js';
import { CommandError } from '../exit-code.js';

const BLOCK_BYTES = 64 * 1024;

/** Frames cut out of a stream: returns how many bytes were used up. */
export type FrameReader = (bytes: Buffer, end: number) => number;

/** What the user of a link hears of it. */
export interface LinkEvents {
  /** All frames of a chunk were handled. */
  chunkDone(): void;
  /** The socket takes more again. */
  drained(): void;
  /** Called once, when the connection ends before `close`. */
  failed(error: Error): void;
}

interface Reading extends Pick<LinkEvents, 'drained' | 'failed'> {
  readonly read: FrameReader;
}

/**
 * A socket with what a fast client needs: output collected in blocks and written at once, input
 * handed to a reader as one growing buffer.
 */
export class RawLink {
  readonly #socket: Socket;
  #block: Buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  #position = 0;
  #input: Buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  #inputEnd = 0;
  #closing = false;

  /** Resolves when the socket, and TLS if it is wanted, stand. */
  static async open(endpoint: Endpoint, timeoutMs: number): Promise<RawLink> {
    const { host, port, secure, tls } = endpoint;
    const target = { host, port, noDelay: true };
    const socket = secure
      ? connectTls({ ...target, ...serverName(endpoint), ...tls })
      : connect(target);
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string) => {
        socket.destroy();
        reject(new CommandError(`cannot connect to ${formatEndpoint(endpoint)}: ${reason}`));
      };
      socket.setTimeout(timeoutMs, () => fail('no answer in time'));
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        socket.setTimeout(0);
        resolve();
      });
      socket.once('error', (error) => fail(error.message));
    });
    socket.removeAllListeners('error');
    return new RawLink(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  get writable(): boolean {
    return !this.#socket.writableNeedDrain;
  }

  /**
   * Says the first words of a login and begins to read.
   * @param reading makes the reader, which calls `done` when the login has succeeded
   * @returns a promise of that, which an earlier end of the connection rejects
   */
  logIn(
    words: Buffer,
    reading: (done: () => void) => FrameReader,
    events: LinkEvents,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const read = reading(resolve);
      this.#start({
        read: (bytes, end) => {
          const used = read(bytes, end);
          events.chunkDone();
          return used;
        },
        drained: () => events.drained(),
        failed: (error) => {
          reject(error);
          events.failed(error);
        },
      });
      this.append(words);
      this.flush();
    });
  }

  /** Room for `bytes` in the output; what is written there is announced with `written`. */
  reserve(bytes: number): { readonly buffer: Buffer; readonly at: number } {
    if (this.#position + bytes > this.#block.length) {
      this.flush();
      if (bytes > this.#block.length) this.#block = Buffer.allocUnsafe(bytes);
    }
    return { buffer: this.#block, at: this.#position };
  }

  written(bytes: number): void {
    this.#position += bytes;
  }

  append(bytes: Buffer): void {
    const { buffer, at } = this.reserve(bytes.length);
    bytes.copy(buffer, at);
    this.written(bytes.length);
  }

  flush(): void {
    if (this.#position === 0) return;
    this.#socket.write(this.#block.subarray(0, this.#position));
    this.#block = Buffer.allocUnsafe(BLOCK_BYTES);
    this.#position = 0;
  }

  close(lastWords: Buffer): Promise<void> {
    this.#closing = true;
    this.append(lastWords);
    this.flush();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#socket.destroy(), 1000);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      if (this.#socket.destroyed) this.#socket.emit('close');
      this.#socket.end();
    });
  }

  #start({ read, drained, failed }: Reading): void {
    let over = false;
    const fail = (error: Error) => {
      if (over || this.#closing) return;
      over = true;
      failed(error);
    };
    this.#socket.on('error', (error) => fail(new CommandError(error.message)));
    this.#socket.on('close', () => fail(new CommandError('the broker ended the connection')));
    this.#socket.on('drain', drained);
    this.#socket.on('data', (chunk) => {
      try {
        this.#take(chunk, read);
      } catch (error) {
        fail(error as Error);
        this.#socket.destroy();
      }
    });
  }

  #take(chunk: Buffer, read: FrameReader): void {
    let bytes = chunk;
    let end = chunk.length;
    if (this.#inputEnd > 0) {
      this.#keep(chunk);
      bytes = this.#input;
      end = this.#inputEnd;
    }
    const used = read(bytes, end);
    const rest = end - used;
    if (bytes === this.#input) this.#input.copyWithin(0, used, end);
    else if (rest > 0) {
      this.#inputEnd = 0;
      this.#keep(chunk.subarray(used));
    }
    this.#inputEnd = rest;
  }

  #keep(chunk: Buffer): void {
    const needed = this.#inputEnd + chunk.length;
    if (needed > this.#input.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#input.length * 2));
      this.#input.copy(larger, 0, 0, this.#inputEnd);
      this.#input = larger;
    }
    chunk.copy(this.#input, this.#inputEnd);
    this.#inputEnd = needed;
  }
}
