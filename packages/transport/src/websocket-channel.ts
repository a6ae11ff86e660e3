import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Channel, ChannelOwner } from './channel.js';

/** Close codes of RFC 6455, 7.4.1. */
const NORMAL = 1000;
const UNSUPPORTED_DATA = 1003;
const ORDERLY: ReadonlySet<number> = new Set([NORMAL, 1001, 1005]);

/** A chunk of the socket may be counted late; see `#countBeforeLogin`. */
const CHUNK_BYTES_MAX = 64 * 1024;

const CHANNEL: unique symbol = Symbol('channel');

type OwnedWebSocket = WebSocket & { [CHANNEL]: WebSocketChannel };

export interface WebSocketChannelOptions {
  /** What lies below: a TCP or TLS socket. */
  readonly socket: Duplex;
  /** Most bytes of an incomplete message before login. */
  readonly handshakeBytesMax: number;
  /** Silence after which the peer is pinged, and after as much again given up. */
  readonly idleMs: number;
}

/**
 * A WebSocket as a channel: each write leaves as one WebSocket message. Messages carry a stream of
 * bytes; where one ends has no meaning [MQTT-6.0.0-2].
 */
export class WebSocketChannel implements Channel {
  readonly #webSocket: WebSocket;
  readonly #options: WebSocketChannelOptions;
  /** STOMP may come as text; everything else is binary [MQTT-6.0.0-1]. */
  readonly #takesText: boolean;
  #owner!: ChannelOwner;
  #sendsText = false;
  #paused = false;
  #heard = true;
  #lastHeardMs = 0;
  #pinged = false;
  #incompleteBytes = 0;
  #countBeforeLogin: ((chunk: Buffer) => void) | null = null;

  constructor(webSocket: WebSocket, options: WebSocketChannelOptions) {
    this.#webSocket = webSocket;
    this.#options = options;
    this.#takesText = webSocket.protocol.endsWith('.stomp');
  }

  get webSocketProtocol(): string {
    return this.#webSocket.protocol;
  }

  get pendingBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  attach(owner: ChannelOwner): void {
    this.#owner = owner;
    const webSocket = this.#webSocket as OwnedWebSocket;
    webSocket[CHANNEL] = this;
    webSocket.on('message', onMessage).on('ping', onHeard).on('pong', onHeard);
    webSocket.on('error', onError).on('close', onClose);
    // The library joins a message before it hands it over, up to the limit that holds after login.
    // It was attached to the socket before, so it has taken each chunk when it is counted here.
    this.#countBeforeLogin = (chunk) => this.#count(chunk.length);
    this.#options.socket.on('data', this.#countBeforeLogin);
  }

  write(chunks: readonly Buffer[]): void {
    const { socket } = this.#options;
    const binary = !this.#sendsText || !isUtf8(whole(chunks));
    const last = chunks.length - 1;
    // Several chunks are the fragments of one message; corked, they leave in one write.
    socket.cork();
    for (let index = 0; index < last; index++) {
      this.#webSocket.send(chunks[index]!, { binary, fin: false });
    }
    this.#webSocket.send(chunks[last]!, { binary }, (error) =>
      this.#owner.written(error !== undefined && error !== null),
    );
    socket.uncork();
  }

  pause(): void {
    this.#paused = true;
    this.#webSocket.pause();
  }

  resume(): void {
    this.#paused = false;
    // Silence while nobody listened is not the peer's.
    this.#heard = true;
    this.#webSocket.resume();
  }

  authenticated(): void {
    if (this.#countBeforeLogin === null) return;
    this.#options.socket.off('data', this.#countBeforeLogin);
    this.#countBeforeLogin = null;
  }

  sweep(nowMs: number): void {
    if (this.#heard || this.#paused) {
      this.#heard = false;
      this.#pinged = false;
      this.#lastHeardMs = nowMs;
      return;
    }
    const silenceMs = nowMs - this.#lastHeardMs;
    if (silenceMs >= 2 * this.#options.idleMs) {
      this.#webSocket.terminate();
    } else if (silenceMs >= this.#options.idleMs && !this.#pinged) {
      this.#pinged = true;
      this.#webSocket.ping();
    }
  }

  end(): void {
    this.#webSocket.close(NORMAL);
  }

  destroy(): void {
    this.#webSocket.terminate();
  }

  received(message: Buffer, isBinary: boolean): void {
    this.#incompleteBytes = 0;
    this.#heard = true;
    if (!isBinary && !this.#takesText) {
      this.#webSocket.close(UNSUPPORTED_DATA, `${this.webSocketProtocol} needs binary frames`);
      this.#owner.failing();
      return;
    }
    this.#sendsText = !isBinary;
    if (message.length > 0) this.#owner.received(message);
  }

  heard(): void {
    this.#incompleteBytes = 0;
    this.#heard = true;
  }

  /** The library has told the peer what was wrong and closes. */
  failing(): void {
    this.#owner.failing();
  }

  closed(code: number): void {
    this.#owner.gone(ORDERLY.has(code) ? 'ended' : 'reset');
  }

  #count(bytes: number): void {
    this.#incompleteBytes += bytes;
    if (this.#incompleteBytes > this.#options.handshakeBytesMax + CHUNK_BYTES_MAX) {
      this.#webSocket.terminate();
    }
  }
}

function whole(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  // The type of binary data is left at its default: every message is a buffer.
  (this as OwnedWebSocket)[CHANNEL].received(data as Buffer, isBinary);
}

function onHeard(this: WebSocket): void {
  (this as OwnedWebSocket)[CHANNEL].heard();
}

function onError(this: WebSocket): void {
  (this as OwnedWebSocket)[CHANNEL].failing();
}

function onClose(this: WebSocket, code: number): void {
  (this as OwnedWebSocket)[CHANNEL].closed(code);
}
