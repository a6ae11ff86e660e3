import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FrameDecoder } from '../../packages/failover/src/region/frame-decoder.js';

export interface RawFrame {
  readonly type: number;
  readonly request: number;
  readonly payload: Buffer;
}

/** A peer of the region, or of a node, that sends what it likes. */
export class RawRegionSocket {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  #wake: (() => void) | null = null;

  constructor(socket: Socket) {
    this.socket = socket;
    const decoder = new FrameDecoder(64 * 1024 * 1024, (type, request, payload) => {
      this.frames.push({ type, request, payload });
    });
    socket.on('data', (chunk: Buffer) => {
      decoder.push(chunk);
      this.#wake?.();
    });
    socket.on('close', () => this.#wake?.());
    socket.on('error', () => {});
  }

  static async open(port: number): Promise<RawRegionSocket> {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return new RawRegionSocket(socket);
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  send(...chunks: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(chunks));
  }

  /** The next frame of a type; null when the connection is closed before. */
  async next(type: number): Promise<RawFrame | null> {
    for (;;) {
      const index = this.frames.findIndex((frame) => frame.type === type);
      if (index >= 0) return this.frames.splice(index, 1)[0]!;
      if (this.isClosed) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async closed(): Promise<void> {
    if (!this.isClosed) await once(this.socket, 'close');
  }

  close(): void {
    this.socket.destroy();
  }
}
