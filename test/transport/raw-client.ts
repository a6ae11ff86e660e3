import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { until } from './harness.js';

/** A client that sends what it is told to and keeps what it gets. */
export class RawClient {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  bytes = 0;
  ended = false;
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.bytes += chunk.length;
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    onTestFinished(() => {
      socket.destroy();
    });
  }

  static connect(port: number, options: Partial<NetConnectOpts> = {}): RawClient {
    const settings = { host: '127.0.0.1', port, noDelay: true, ...options };
    return new RawClient(connect(settings as NetConnectOpts));
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes as string, 'latin1');
    return this;
  }

  /** Sends each byte in a packet of its own, the next when the last one has been taken. */
  async sendByteByByte(bytes: string | Buffer, taken?: (count: number) => boolean): Promise<void> {
    const buffer = Buffer.from(bytes as string, 'latin1');
    for (let at = 0; at < buffer.length; at++) {
      await new Promise<void>((resolve) => {
        this.socket.write(buffer.subarray(at, at + 1), () => resolve());
      });
      if (taken === undefined) await new Promise((resolve) => setImmediate(resolve));
      else await until(() => taken(at + 1), `byte ${at} is taken`);
    }
  }

  async receives(text: string): Promise<void> {
    await until(() => this.text.includes(text), `${JSON.stringify(text)} arrives`);
  }

  async isClosed(): Promise<void> {
    await until(() => this.closed, 'the connection is closed');
  }
}
