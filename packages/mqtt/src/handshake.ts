import type { ByteSink, ConnectionSink, EngineContext, ScramExchange } from '@causeway/core';
import type { MqttClient } from './client.js';
import { encodeConnack } from './codec/encoder.js';
import { NO_PROPERTIES } from './codec/properties.js';
import type { Connect, Version } from './codec/types.js';
import type { Failure } from './errors.js';

/**
 * - `connect`: CONNECT is awaited.
 * - `checking`: a password is being checked; input waits.
 * - `exchange`: AUTH packets go back and forth.
 * - `over`: the client has logged in, or was refused, or is gone.
 */
type HandshakePhase = 'connect' | 'checking' | 'exchange' | 'over';

interface HandshakeParts {
  readonly context: EngineContext;
  readonly sink: ByteSink;
  readonly connectionSink: ConnectionSink;
  readonly loggedIn: (client: MqttClient) => void;
}

/** A connection from its first byte to its CONNACK. */
export class Handshake {
  readonly parts: HandshakeParts;
  phase: HandshakePhase = 'connect';
  /** Null until CONNECT says it. */
  version: Version | null = null;
  connect: Connect | null = null;
  exchange: ScramExchange | null = null;

  constructor(parts: HandshakeParts) {
    this.parts = parts;
  }

  /** Refuses the client in the words of its version, if it has any, and closes. */
  refuse(failure: Failure): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    this.#answer(failure);
    this.parts.sink.flush();
    this.parts.sink.end();
  }

  /** The client is in: from here on it is the engine's. */
  succeed(client: MqttClient): void {
    this.phase = 'over';
    this.connect = null;
    this.exchange = null;
    this.parts.loggedIn(client);
  }

  #answer(failure: Failure): void {
    if (this.version === null) return;
    if (this.version === 5) {
      const { serverReference, message } = failure;
      const reference = serverReference === undefined ? {} : { serverReference };
      const explained = this.#fits(`${message}${serverReference ?? ''}`);
      const properties = explained ? { reasonString: message, ...reference } : NO_PROPERTIES;
      this.#send(5, failure.connack, properties);
    } else if (failure.legacyConnack !== null) {
      this.#send(this.version, failure.legacyConnack, NO_PROPERTIES);
    }
  }

  /** Largest packet that the client takes. */
  get packetBytesMax(): number {
    return this.connect?.properties.maximumPacketBytes ?? Number.POSITIVE_INFINITY;
  }

  /** A reason string may not make the packet larger than the client takes [MQTT-3.2.2-19]. */
  #fits(text: string): boolean {
    return Buffer.byteLength(text) + 16 <= this.packetBytesMax;
  }

  #send(version: Version, code: number, properties: typeof NO_PROPERTIES): void {
    const packet = encodeConnack(version, { sessionPresent: false, code, properties });
    if (packet.length > this.packetBytesMax) return; // [MQTT-3.1.2-24]
    this.parts.sink.out.append(packet, 0, packet.length);
  }
}
