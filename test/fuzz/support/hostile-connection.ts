import type {
  BrokerApi,
  ByteSink,
  CloseReason,
  Principal,
  Protocol,
  ProtocolEngine,
} from '@causeway/core';
import { OutputBuffer } from '@causeway/wire';
import { AUTHENTICATOR } from './authenticator.js';

/** The transport as an engine sees it; the test decides everything. */
class FuzzSink implements ByteSink {
  readonly out = new OutputBuffer();
  congested = false;
  readonly held = false;
  /** How often reading was paused and not resumed. */
  pauses = 0;
  ended = false;
  loggedIn = false;
  readonly remoteAddress = '192.0.2.1';
  readonly remotePort = 40_000;
  readonly localPort = 1883;
  readonly secure = false;
  readonly webSocketProtocol = null;
  readonly certificatePrincipal: Principal | null = null;

  flush(): void {}
  pauseReading(): void {
    this.pauses++;
  }
  resumeReading(): void {
    this.pauses--;
    if (this.pauses < 0) throw new Error('reading was resumed more often than paused');
  }
  end(): void {
    this.ended = true;
  }
  destroy(): void {
    this.ended = true;
  }
  authenticated(): void {
    this.loggedIn = true;
  }
}

/** A client that may send anything, over an engine without a socket. */
export class HostileConnection {
  readonly sink = new FuzzSink();
  readonly protocol: Protocol;
  readonly engine: ProtocolEngine;
  readonly #output: Buffer[] = [];
  #closed = false;

  constructor(broker: BrokerApi, protocol: Protocol) {
    this.protocol = protocol;
    this.engine = protocol.open(this.sink, { broker, authenticator: AUTHENTICATOR });
  }

  /** Hands the engine a chunk; what the engine keeps of it must be a copy. */
  send(chunk: Buffer): void {
    const lent = Buffer.from(chunk);
    this.engine.receive(lent);
    lent.fill(0xee);
    this.collect();
  }

  /** Takes what was written since; nothing may be once the engine has ended the connection. */
  collect(): void {
    this.#output.push(...this.sink.out.take());
  }

  /** Everything that the client was sent. */
  get output(): Buffer {
    this.collect();
    return Buffer.concat(this.#output);
  }

  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.collect();
    this.engine.closed(reason);
  }
}
