import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Limits, Protocol } from '@causeway/core';
import { type ServerOptions, WebSocketServer } from 'ws';
import { unread } from './head-reader.js';
import { ignoreError, type Peer, peerOf } from './peer.js';
import { WebSocketChannel } from './websocket-channel.js';

export interface WebSocketAcceptorOptions {
  readonly protocols: readonly Protocol[];
  readonly limits: Limits;
  /** Web pages that may connect, such as `https://shop.example`; null for all. */
  readonly allowedOrigins: readonly string[] | null;
  /** A WebSocket is open. */
  opened(peer: Peer, channel: WebSocketChannel, protocol: Protocol): void;
}

/** Missing in the types of the library. */
type WebSocketServerOptions = ServerOptions & { readonly closeTimeout: number };

/** Speaks HTTP on accepted sockets, just enough to make WebSockets of them. */
export class WebSocketAcceptor {
  readonly #options: WebSocketAcceptorOptions;
  readonly #protocols = new Map<string, Protocol>();
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;

  constructor(options: WebSocketAcceptorOptions) {
    this.#options = options;
    for (const protocol of options.protocols) {
      for (const name of protocol.webSocketSubprotocols) this.#protocols.set(name, protocol);
    }
    const { limits } = options;
    const settings: WebSocketServerOptions = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.frameBytesMax,
      closeTimeout: limits.closeTimeoutMs,
      handleProtocols: (offered) => this.#choose(offered) ?? false,
    };
    this.#webSockets = new WebSocketServer(settings);
    // This server never listens: sockets are handed to it, and their peers' deadlines close those
    // that are slow.
    this.#http = createServer({ maxHeaderSize: limits.httpHeadBytesMax });
    this.#http.on('request', (_request, response) => {
      const text = `This port speaks WebSocket. Sub-protocols: ${this.#known}.\n`;
      response.writeHead(426, {
        Connection: 'close, Upgrade',
        Upgrade: 'websocket',
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Length': Buffer.byteLength(text),
      });
      response.end(text);
    });
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Takes a socket whose first bytes, `head`, were read before. */
  accept(socket: Socket, head: Buffer): void {
    unread(socket, head);
    this.#http.emit('connection', socket);
    // Reading the head has paused the socket, which HTTP does not undo.
    socket.resume();
  }

  get #known(): string {
    return [...this.#protocols.keys()].join(', ');
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', ignoreError);
    const peer = peerOf(request.socket);
    if (peer === undefined) {
      socket.destroy();
      return;
    }
    const { allowedOrigins } = this.#options;
    const { origin } = request.headers;
    if (allowedOrigins !== null && origin !== undefined && !allowedOrigins.includes(origin)) {
      refuse(socket, 403, 'This origin may not connect.\n');
      return;
    }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/[ \t]*,[ \t]*/);
    if (this.#choose(offered) === null) {
      refuse(socket, 400, `Ask for one of the sub-protocols ${this.#known}.\n`);
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const protocol = this.#protocols.get(webSocket.protocol)!;
      const channel = new WebSocketChannel(webSocket, {
        socket,
        handshakeBytesMax: this.#options.limits.handshakeBytesMax,
        idleMs: this.#options.limits.webSocketIdleMs,
      });
      this.#options.opened(peer, channel, protocol);
    });
  }

  /** The client names its sub-protocols by preference (RFC 6455, 4.1). */
  #choose(offered: Iterable<string>): string | null {
    for (const name of offered) if (this.#protocols.has(name)) return name;
    return null;
  }
}

function refuse(socket: Duplex, status: 400 | 403, text: string): void {
  socket.resume();
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\n` +
      `\r\n${text}`,
  );
}
