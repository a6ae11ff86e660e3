import type { Socket } from 'node:net';
import type { Principal } from '@causeway/core';
import { hostAndPort, plainAddress } from './address-text.js';
import type { Connection } from './connection.js';
import type { Swept } from './sweep.js';

const PEER: unique symbol = Symbol('peer');

type TaggedSocket = Socket & { [PEER]?: Peer };

/** Who is told when a peer has not logged in in time, and when its socket is gone. */
export interface PeerOwner {
  timedOut(peer: Peer): void;
  gone(peer: Peer): void;
}

/**
 * One accepted socket, from accept to close: where it comes from, until when it has to log in, and
 * the connection it became once its protocol was known.
 */
export class Peer implements Swept {
  sweepSlot = -1;
  sweepPlace = -1;
  /** The accepted TCP socket, which TLS and WebSocket may lie over. */
  readonly socket: Socket;
  readonly localPort: number;
  /** Monotonic time at which it must have logged in. */
  readonly deadlineMs: number;
  /** The client's address: what a trusted proxy says, where there is one. */
  remoteAddress: string;
  remotePort: number;
  /** The address it is counted under; null while that is not known. */
  countedAddress: string | null = null;
  /** Whether it sent anything for a protocol. */
  heard = false;
  secure = false;
  certificatePrincipal: Principal | null = null;
  connection: Connection | null = null;
  readonly #owner: PeerOwner;

  constructor(owner: PeerOwner, socket: Socket, deadlineMs: number) {
    this.#owner = owner;
    this.socket = socket;
    this.deadlineMs = deadlineMs;
    this.localPort = socket.localPort ?? 0;
    this.remoteAddress = plainAddress(socket.remoteAddress ?? '');
    this.remotePort = socket.remotePort ?? 0;
    tagSocket(socket, this);
    socket.on('error', ignoreError);
    socket.on('close', onClose);
  }

  /** `address:port`, for logs. */
  get remote(): string {
    return hostAndPort(this.remoteAddress, this.remotePort);
  }

  sweep(nowMs: number): void {
    const { connection } = this;
    if (nowMs >= this.deadlineMs && (connection === null || connection.inHandshake)) {
      this.#owner.timedOut(this);
    } else {
      connection?.sweep(nowMs);
    }
  }

  /** Closes at once, whatever it became. */
  destroy(): void {
    if (this.connection === null) this.socket.destroy();
    else this.connection.destroy();
  }

  closed(): void {
    this.#owner.gone(this);
  }
}

/** Notes whom a socket belongs to: also a TLS socket over the accepted one. */
export function tagSocket(socket: Socket, peer: Peer): void {
  (socket as TaggedSocket)[PEER] = peer;
}

export function peerOf(socket: Socket): Peer | undefined {
  return (socket as TaggedSocket)[PEER];
}

/** Every error is followed by `close`, which is acted upon. */
export function ignoreError(): void {}

function onClose(this: TaggedSocket): void {
  this[PEER]?.closed();
}
