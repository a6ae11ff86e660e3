import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import {
  amqp,
  decodeRawFrame,
  type FrameFields,
  header,
  type RawFrame,
} from './raw-amqp-frames.js';

/** Bound of every wait: how long a broken server can hold a test up. Nothing sleeps for it. */
const WAIT_MS = 8000;
/** Where `expectSilence` begins a session; channel-max is above it unless a test lowers it. */
const FENCE_CHANNEL = 250;

/** Section 2.2, protocol ids. */
export const AMQP = 0;
export const SASL = 3;

/**
 * An AMQP 1.0 connection that sends exactly the bytes it is given and takes every frame apart. It
 * keeps no rules of the protocol: whatever a client must not do, it does when told to.
 */
export class RawAmqp {
  readonly #stream: Duplex;
  readonly #frames: RawFrame[] = [];
  #input: Buffer = Buffer.alloc(0);
  #broken: Error | null = null;
  #closed = false;
  #changed: () => void = () => {};

  /** @param stream an open socket, or a WebSocket as a stream */
  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => this.#received(chunk));
    // A server that closes while we still send makes the kernel reset the connection: also closed.
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#closed = true;
      this.#changed();
    });
    stream.on('end', () => stream.end());
  }

  /** Opens a TCP connection; nothing is sent. */
  static async open(port: number): Promise<RawAmqp> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawAmqp(socket);
  }

  send(...frames: readonly Buffer[]): this {
    this.#stream.write(Buffer.concat(frames));
    return this;
  }

  /** Exchanges protocol headers and opens, without SASL; returns the server's open. */
  async login(fields: FrameFields<'open'> = {}): Promise<RawFrame> {
    this.send(header(AMQP), amqp.open(fields));
    await this.expectHeader(AMQP);
    return this.expect('open');
  }

  /** Logs in with SASL PLAIN, then as `login` does. */
  async loginPlain(
    user: string,
    password: string,
    fields: FrameFields<'open'> = {},
  ): Promise<RawFrame> {
    this.send(header(SASL));
    await this.expectHeader(SASL);
    await this.expect('saslMechanisms');
    this.send(amqp.saslInit({ mechanism: 'PLAIN', initialResponse: `\0${user}\0${password}` }));
    await this.expect('saslOutcome', { code: 0 });
    return this.login(fields);
  }

  /** Begins a session; returns the server's begin. */
  async begin(fields: FrameFields<'begin'> = {}): Promise<RawFrame> {
    this.send(amqp.begin(fields));
    const channel = fields.channel ?? 0;
    return this.expect('begin', { remoteChannel: channel });
  }

  /** Attaches a link on which messages are sent to an address; returns the flow with the credit. */
  async attachSender(address: string, fields: FrameFields<'attach'> = {}): Promise<RawFrame> {
    this.send(
      amqp.attach({
        name: `to ${address}`,
        role: false,
        source: {},
        target: { address },
        initialDeliveryCount: 0,
        ...fields,
      }),
    );
    const { handle = 0, channel = 0 } = fields;
    const attached = await this.expect('attach', { handle, channel, role: true });
    expect(attached.target).toBeDefined();
    return this.expect('flow', { handle, channel });
  }

  /** Attaches a link on which messages come; gives no credit; returns the server's attach. */
  async attachReceiver(address: string, fields: FrameFields<'attach'> = {}): Promise<RawFrame> {
    this.send(
      amqp.attach({
        name: `from ${address}`,
        role: true,
        source: { address },
        target: {},
        ...fields,
      }),
    );
    const { handle = 0, channel = 0 } = fields;
    const attached = await this.expect('attach', { handle, channel, role: false });
    expect(attached.source).toBeDefined();
    return attached;
  }

  /** The next frame, whatever it is. */
  async next(): Promise<RawFrame> {
    await this.#until(() => this.#frames.length > 0 || this.#closed || this.#broken !== null);
    const frame = this.#frames.shift();
    if (frame !== undefined) return frame;
    throw this.#broken ?? new Error('the server closed the connection');
  }

  /** The next frame must be of this kind, with these fields. */
  async expect(
    kind: RawFrame['kind'],
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<RawFrame> {
    const frame = await this.next();
    expect(frame).toMatchObject({ kind, ...fields });
    return frame;
  }

  async expectHeader(protocolId: number): Promise<void> {
    await this.expect('header', { protocolId });
  }

  /** The next frame must be exactly these bytes. */
  async expectBytes(bytes: Buffer): Promise<void> {
    const frame = await this.next();
    expect(frame.bytes.toString('hex')).toBe(bytes.toString('hex'));
  }

  /** Takes as many frames as `count`, whatever they are. */
  async take(count: number): Promise<RawFrame[]> {
    const frames: RawFrame[] = [];
    while (frames.length < count) frames.push(await this.next());
    return frames;
  }

  /**
   * The server has sent nothing up to now: a session that is begun and ended is the next thing it
   * answers. It also waits until the server has worked off what was sent before: an end is answered
   * after what was confirmed before it, and a second one after what that set free.
   */
  async expectSilence(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      this.send(amqp.begin({ channel: FENCE_CHANNEL }), amqp.end({ channel: FENCE_CHANNEL }));
      await this.expect('begin', { channel: FENCE_CHANNEL });
      await this.expect('end', { channel: FENCE_CHANNEL });
    }
  }

  /** The next frame, or null when the server closes instead. */
  async nextOrClosed(): Promise<RawFrame | null> {
    await this.#until(() => this.#frames.length > 0 || this.#closed || this.#broken !== null);
    return this.#frames.length === 0 && this.#broken === null ? null : this.next();
  }

  /** The server closes the connection without another frame. */
  async expectClosed(): Promise<void> {
    const frame = await this.nextOrClosed();
    expect(frame, 'no frame before the end').toBeNull();
    expect(this.#input.length, 'no part of a frame before the end').toBe(0);
  }

  /** The server ends the connection with this error condition (section 2.4.3). */
  async expectClose(condition: string): Promise<RawFrame> {
    const frame = await this.expect('close', { error: { condition } });
    await this.expectClosed();
    return frame;
  }

  /** The server ends a session with this error condition (section 2.5.4). */
  async expectEnd(condition: string, channel = 0): Promise<RawFrame> {
    return this.expect('end', { channel, error: { condition } });
  }

  /** The server ends a link with this error condition (section 2.6.4). */
  async expectDetach(condition: string, handle = 0, channel = 0): Promise<RawFrame> {
    return this.expect('detach', { handle, channel, closed: true, error: { condition } });
  }

  /** Says close and expects it back. */
  async close(): Promise<void> {
    this.send(amqp.close());
    const frame = await this.expect('close');
    expect(frame.error).toBeUndefined();
    await this.expectClosed();
  }

  /** Closes without a word, and waits until the server has closed its side too. */
  async drop(): Promise<void> {
    this.#stream.destroy();
    await this.#until(() => this.#closed);
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #received(chunk: Buffer): void {
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    try {
      let frame = decodeRawFrame(this.#input);
      while (frame !== null) {
        this.#frames.push(frame);
        this.#input = this.#input.subarray(frame.bytes.length);
        frame = decodeRawFrame(this.#input);
      }
    } catch (error) {
      this.#broken = new Error(`undecodable: ${this.#input.toString('hex', 0, 64)}`, {
        cause: error,
      });
    }
    this.#changed();
  }

  async #until(done: () => boolean): Promise<void> {
    if (done()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#changed = () => {};
        reject(new Error(`nothing came within ${WAIT_MS} ms`));
      }, WAIT_MS);
      this.#changed = () => {
        if (!done()) return;
        clearTimeout(timer);
        this.#changed = () => {};
        resolve();
      };
    });
  }
}
