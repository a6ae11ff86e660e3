import type { OutputBuffer } from '@causeway/wire';
import type { BrokerApi } from './broker-api.js';
import type { BrokerError } from './errors.js';
import type { Authenticator, Principal } from './ports.js';

/** What an engine knows of the connection it serves; implemented by the transport. */
export interface ByteSink {
  /** What is written here during a turn leaves in one write at its end. */
  readonly out: OutputBuffer;
  /** Announces that `out` holds bytes. Cheap; may be called per message. */
  flush(): void;
  /** More than `outputBytesMax` waits in the socket: pause consumers until `writable`. */
  readonly congested: boolean;
  /** Stops and restarts reading from the client. Calls nest by reason. */
  pauseReading(): void;
  resumeReading(): void;
  /**
   * The broker does not read from the client for now, for a reason of its own: the client's
   * silence says nothing.
   */
  readonly held: boolean;
  /** Sends what is in `out`, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
  /** The client has logged in: handshake limits no longer apply. */
  authenticated(): void;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  readonly secure: boolean;
  /** Over WebSocket, the agreed sub-protocol. */
  readonly webSocketProtocol: string | null;
  /** Who the verified client certificate says the peer is; null without one. */
  readonly certificatePrincipal: Principal | null;
}

/** Why a connection ended. */
export type CloseReason = 'ended' | 'reset' | 'local';

/** The protocol state of one connection. It never sees a socket. */
export interface ProtocolEngine {
  /** Takes a chunk of input. The chunk is valid during the call only. */
  receive(chunk: Buffer): void;
  /** The socket takes bytes again after `congested`. */
  writable(): void;
  /** Called about once a second: heart-beats and silence. */
  tick(nowMs: number): void;
  /** The connection is gone; called exactly once. */
  closed(reason: CloseReason): void;
  /** The broker ends the connection: say so in the protocol's words, then `sink.end()`. */
  closeWith(error: BrokerError): void;
}

export interface EngineContext {
  readonly broker: BrokerApi;
  readonly authenticator: Authenticator;
}

/** A wire protocol: how to recognise it and how to serve a connection. */
export interface Protocol {
  readonly name: string;
  readonly webSocketSubprotocols: readonly string[];
  /** Looks at the first bytes of a connection on a listener that takes every protocol. */
  sniff(head: Buffer): 'yes' | 'no' | 'more';
  /** Serves a connection from its first byte on. */
  open(sink: ByteSink, context: EngineContext): ProtocolEngine;
}
