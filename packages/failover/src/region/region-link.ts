import { connect, type Socket } from 'node:net';
import { BrokerError, type Log } from '@causeway/core';
import { RECORD_BYTES_MAX } from '../log-store.js';
import { Backoff } from './backoff.js';
import type { ConnectOptions, ConnectTimeouts } from './connect-options.js';
import { encodeDocument, PING } from './frame.js';
import { FrameDecoder } from './frame-decoder.js';
import { FrameOutput } from './frame-output.js';
import { FRAME } from './frame-type.js';
import { helloDocument } from './hello.js';
import { readDocument, textOf } from './payload.js';
import { errorOf } from './wire-error.js';

const FRAME_BYTES_MAX = RECORD_BYTES_MAX + 64;

/** Who uses a link. */
export interface LinkOwner {
  /** The region has let the node in: requests may be sent. */
  up(): void;
  /** What was sent and not answered never will be. */
  down(cause: Error): void;
  frame(type: number, request: number, payload: Buffer): void;
}

/** One connection to the region after another: connects by itself, and notices when it is silent. */
export class RegionLink {
  readonly #options: ConnectOptions;
  readonly #timeouts: ConnectTimeouts;
  readonly #owner: LinkOwner;
  readonly #log: Log;
  readonly #backoff: Backoff;
  #socket: Socket | null = null;
  #output: FrameOutput | null = null;
  #isUp = false;
  #retry: NodeJS.Timeout | null = null;
  #openedMs = 0;
  #heardMs = 0;
  #spokeMs = 0;
  /** The id of the cluster once it is known: it never changes. */
  #clusterId: string | null;
  /** Why the last attempt failed, as it was logged. */
  #lastReason: string | null = null;

  constructor(options: ConnectOptions, timeouts: ConnectTimeouts, owner: LinkOwner) {
    this.#options = options;
    this.#timeouts = timeouts;
    this.#owner = owner;
    this.#log = options.log;
    this.#clusterId = options.clusterId ?? null;
    this.#backoff = new Backoff(timeouts.retryMs, timeouts.retryMsMax);
    this.#connect();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get clusterId(): string | null {
    return this.#clusterId;
  }

  /** Sends a frame at the end of the turn; only while it is up. */
  send(frame: Buffer, body: Buffer | null = null): void {
    this.#spokeMs = performance.now();
    this.#output!.write(frame);
    if (body !== null) this.#output!.write(body);
  }

  /** Called a few times a second. */
  sweep(nowMs: number): void {
    const { connectMs, heartbeatMs, silenceMs } = this.#timeouts;
    if (this.#socket === null) return;
    if (!this.#isUp) {
      if (nowMs - this.#openedMs > connectMs) this.#drop('it did not answer in time');
    } else if (nowMs - this.#heardMs > silenceMs) this.#drop('it is silent');
    else if (nowMs - this.#spokeMs >= heartbeatMs) this.send(PING);
  }

  close(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#output?.flush();
    this.#socket?.destroy();
    this.#socket = null;
    this.#isUp = false;
  }

  #connect(): void {
    const { host, port } = this.#options;
    const socket = connect({ host, port, noDelay: true });
    const decoder = new FrameDecoder(FRAME_BYTES_MAX, (type, request, payload) => {
      if (this.#socket === socket) this.#handle(type, request, payload);
    });
    this.#socket = socket;
    this.#openedMs = performance.now();
    this.#output = new FrameOutput(socket);
    let reason = 'the region closed the connection';
    socket.on('connect', () => this.#greet());
    socket.on('data', (chunk: Buffer) => this.#received(decoder, chunk));
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.on('close', () => this.#lost(socket, reason));
    socket.on('end', () => socket.destroy());
  }

  #greet(): void {
    const { cluster, node } = this.#options;
    const hello = helloDocument({ cluster, clusterId: this.#clusterId, node });
    this.send(encodeDocument(FRAME.hello, 0, hello));
  }

  #received(decoder: FrameDecoder, chunk: Buffer): void {
    this.#heardMs = performance.now();
    try {
      decoder.push(chunk);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      decoder.stop();
      this.#drop(error.message);
    }
  }

  #handle(type: number, request: number, payload: Buffer): void {
    if (type === FRAME.ping) return;
    if (this.#isUp) this.#owner.frame(type, request, payload);
    else if (type === FRAME.welcome) this.#welcome(payload);
    else if (type === FRAME.refused) this.#refused(payload);
    else throw new BrokerError('protocol-violation', 'a welcome was expected');
  }

  #welcome(payload: Buffer): void {
    this.#clusterId = textOf(readDocument(payload), 'clusterId');
    this.#isUp = true;
    this.#backoff.succeeded();
    this.#lastReason = null;
    const { host, port } = this.#options;
    this.#log.info('region connected', { host, port, clusterId: this.#clusterId });
    this.#owner.up();
    this.#options.onConnected?.();
  }

  #refused(payload: Buffer): void {
    const error = errorOf(readDocument(payload));
    this.#drop(error.message);
    if (error instanceof BrokerError) this.#options.onRefused?.(error);
  }

  #drop(reason: string): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket.destroy();
    this.#lost(socket, reason);
  }

  #lost(socket: Socket, reason: string): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    const wasUp = this.#isUp;
    this.#isUp = false;
    const { host, port } = this.#options;
    if (reason !== this.#lastReason) this.#log.warn('region away', { host, port, reason });
    this.#lastReason = reason;
    this.#retry = setTimeout(() => this.#connect(), this.#backoff.failed());
    if (wasUp) this.#owner.down(new Error(`the region is away: ${reason}`));
  }
}
