import type { Socket } from 'node:net';
import type { Channel, ChannelOwner } from './channel.js';

const CHANNEL: unique symbol = Symbol('channel');

type OwnedSocket = Socket & { [CHANNEL]: SocketChannel };

/**
 * A TCP or TLS socket as a channel. Ten thousand of these may be idle at once: the listeners are
 * shared functions that find their channel on the socket.
 */
export class SocketChannel implements Channel {
  readonly webSocketProtocol = null;
  readonly #socket: Socket;
  #owner!: ChannelOwner;
  #onWritten: ((error?: Error | null) => void) | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  attach(owner: ChannelOwner): void {
    this.#owner = owner;
    const socket = this.#socket as OwnedSocket;
    socket[CHANNEL] = this;
    socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
    socket.resume();
  }

  write(chunks: readonly Buffer[]): void {
    const socket = this.#socket;
    this.#onWritten ??= (error) => this.#owner.written(error !== undefined && error !== null);
    if (chunks.length === 1) {
      socket.write(chunks[0]!, this.#onWritten);
      return;
    }
    const last = chunks.length - 1;
    socket.cork();
    for (let index = 0; index < last; index++) socket.write(chunks[index]!);
    socket.write(chunks[last]!, this.#onWritten);
    socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  authenticated(): void {}

  sweep(): void {}

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  received(chunk: Buffer): void {
    this.#owner.received(chunk);
  }

  ended(): void {
    this.#owner.peerEnded();
  }

  closed(): void {
    // An orderly end was announced by `peerEnded` before.
    this.#owner.gone('reset');
  }
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[CHANNEL].received(chunk);
}

function onEnd(this: OwnedSocket): void {
  this[CHANNEL].ended();
}

/** The `close` event that follows every error says all there is to say. */
function onError(): void {}

function onClose(this: OwnedSocket): void {
  this[CHANNEL].closed();
}
