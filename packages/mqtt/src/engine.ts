import type {
  BrokerError,
  ByteSink,
  CloseReason,
  ConnectionSink,
  EngineContext,
  ProtocolEngine,
} from '@causeway/core';
import { ChunkBuffer } from '@causeway/wire';
import type { MqttClient } from './client.js';
import { MqttError, malformed, protocolError } from './codec/mqtt-error.js';
import { REASON } from './codec/reason.js';
import { PACKET, type Version } from './codec/types.js';
import { type Failure, failureOf } from './errors.js';
import { continueExchange, handleAuth } from './handle-auth.js';
import { handleConnect } from './handle-connect.js';
import { handleDisconnect } from './handle-disconnect.js';
import { handlePingreq } from './handle-pingreq.js';
import { handlePuback } from './handle-puback.js';
import { handlePubcomp } from './handle-pubcomp.js';
import { handlePublish } from './handle-publish.js';
import { handlePubrec } from './handle-pubrec.js';
import { handlePubrel } from './handle-pubrel.js';
import { handleSubscribe } from './handle-subscribe.js';
import { handleUnsubscribe } from './handle-unsubscribe.js';
import { Handshake } from './handshake.js';

const EMPTY = Buffer.alloc(0);
/** A client may be silent for one and a half times its keep-alive [MQTT-3.1.2-22]. */
const KEEP_ALIVE_GRACE = 1.5;
const DUP = 0x08;
/**
 * The keep-alive counts whole packets [MQTT-3.1.2-22]; of one that is long on its way, as much as
 * this at once shows that the client lives.
 */
const PROGRESS_BYTES = 1000;

/** The MQTT state of one connection: cuts the input into packets and hands each to its verb. */
export class MqttEngine implements ProtocolEngine, ConnectionSink {
  readonly #context: EngineContext;
  readonly #sink: ByteSink;
  readonly #handshake: Handshake;
  readonly #chunks = new ChunkBuffer();
  #client: MqttClient | null = null;
  #receiving = false;

  constructor(sink: ByteSink, context: EngineContext) {
    this.#sink = sink;
    this.#context = context;
    this.#handshake = new Handshake({
      context,
      sink,
      connectionSink: this,
      loggedIn: (client) => this.#loggedIn(client),
    });
  }

  receive(chunk: Buffer): void {
    if (this.#ended) return;
    if (chunk.length >= PROGRESS_BYTES) this.#heard();
    const view = this.#chunks.push(chunk);
    this.#receiving = true;
    try {
      this.#packets(view);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === null) throw error;
      this.#context.broker.metrics.protocolErrors++;
      this.#fail(failure);
    } finally {
      this.#receiving = false;
    }
  }

  writable(): void {
    if (this.#client?.ended === false) this.#client.deliveries.writable();
  }

  tick(): void {
    const client = this.#client;
    if (client === null || client.ended || client.parts.keepAliveSeconds === 0) return;
    const nowMs = client.broker.clock.monotonicMs();
    if (this.#sink.held) client.lastReceivedMs = nowMs;
    const silentMs = nowMs - client.lastReceivedMs;
    if (silentMs <= client.parts.keepAliveSeconds * 1000 * KEEP_ALIVE_GRACE) return;
    client.fail({
      disconnect: REASON.keepAliveTimeout,
      connack: REASON.unspecified,
      legacyConnack: null,
      message: 'nothing came for one and a half times the keep-alive',
    });
  }

  closed(_reason: CloseReason): void {
    this.#handshake.phase = 'over';
    this.#client?.release(false);
  }

  closeWith(error: BrokerError): void {
    this.#fail(failureOf(error)!);
  }

  get #ended(): boolean {
    if (this.#client !== null) return this.#client.ended;
    return this.#handshake.phase === 'over';
  }

  /** Cuts packets out of the input; keeps what is left for the next chunk. */
  #packets(view: Buffer): void {
    const { length } = view;
    let at = 0;
    let needed = 0;
    while (at < length && !this.#waiting) {
      // The fixed header: a byte of type and flags, then a length of one to four bytes.
      let position = at + 1;
      let remaining = 0;
      let shift = 0;
      let byte = 0x80;
      while (byte > 0x7f && position < length) {
        if (shift > 21) throw malformed('the remaining length has more than four bytes');
        byte = view[position++]!;
        remaining |= (byte & 0x7f) << shift;
        shift += 7;
      }
      // [MQTT-1.5.5-1]; MQTT 3 has no such rule, and simple clients reserve four bytes.
      if (byte === 0 && shift > 7 && this.#client?.version === 5) {
        throw malformed('the remaining length is written longer than needed');
      }
      const end = position + remaining;
      if (this.#client === null) this.#checkFirst(view[at]!);
      if (end - at > this.#packetBytesMax) {
        throw new MqttError(REASON.packetTooLarge, 'the packet is too large');
      }
      if (byte > 0x7f) break;
      if (end > length) {
        needed = end - at;
        break;
      }
      this.#packet(view[at]!, view, position, end);
      if (this.#ended) return;
      at = end;
    }
    if (at > 0) this.#heard();
    this.#keep(view, at, needed);
  }

  #heard(): void {
    const client = this.#client;
    if (client !== null) client.lastReceivedMs = client.broker.clock.monotonicMs();
  }

  /** A password is being checked: what the client sends meanwhile waits. */
  get #waiting(): boolean {
    return this.#client === null && this.#handshake.phase === 'checking';
  }

  #keep(view: Buffer, at: number, needed: number): void {
    if (this.#waiting && view.length - at > this.#packetBytesMax) {
      throw new MqttError(REASON.packetTooLarge, 'too much was sent before the login');
    }
    this.#chunks.keep(view, at, needed);
  }

  get #packetBytesMax(): number {
    const { frameBytesMax, handshakeBytesMax } = this.#context.broker.limits;
    return this.#client === null ? handshakeBytesMax : frameBytesMax;
  }

  #packet(first: number, view: Buffer, start: number, end: number): void {
    const client = this.#client;
    if (client === null) {
      this.#handshakePacket(first, view, start, end);
      return;
    }
    if (first >> 4 === PACKET.publish) {
      handlePublish(client, view, first, start, end);
      return;
    }
    checkFlags(first, client.version);
    switch (first >> 4) {
      case PACKET.puback:
        handlePuback(client, view, start, end);
        break;
      case PACKET.pubrec:
        handlePubrec(client, view, start, end);
        break;
      case PACKET.pubrel:
        handlePubrel(client, view, start, end);
        break;
      case PACKET.pubcomp:
        handlePubcomp(client, view, start, end);
        break;
      case PACKET.subscribe:
        handleSubscribe(client, view, start, end);
        break;
      case PACKET.unsubscribe:
        handleUnsubscribe(client, view, start, end);
        break;
      case PACKET.pingreq:
        handlePingreq(client, start, end);
        break;
      case PACKET.disconnect:
        handleDisconnect(client, view, start, end);
        break;
      case PACKET.auth:
        if (client.version < 5) throw malformed('packet type 15 does not exist');
        handleAuth(client, view, start, end);
        break;
      case PACKET.connect:
        throw protocolError('a second CONNECT'); // [MQTT-3.1.0-2]
      default:
        throw protocolError(`a client cannot send packet type ${first >> 4}`);
    }
  }

  /** The first packet is a CONNECT [MQTT-3.1.0-1]; then only AUTH may follow [MQTT-3.1.2-30]. */
  #checkFirst(first: number): void {
    const { phase } = this.#handshake;
    const type = first >> 4;
    if (phase === 'connect' && type !== PACKET.connect) throw malformed('this is not CONNECT');
    if (phase === 'exchange' && type !== PACKET.auth && type !== PACKET.disconnect) {
      throw protocolError('AUTH was expected');
    }
  }

  #handshakePacket(first: number, view: Buffer, start: number, end: number): void {
    const handshake = this.#handshake;
    if ((first & 0x0f) !== 0) throw malformed('reserved flags are set');
    if (handshake.phase === 'connect') handleConnect(handshake, view, start, end);
    else if (first >> 4 === PACKET.auth) continueExchange(handshake, view, start, end);
    else {
      handshake.phase = 'over';
      this.#sink.end();
    }
  }

  #loggedIn(client: MqttClient): void {
    this.#client = client;
    // After a login that took its time, what waited is handled now.
    if (!this.#receiving) this.receive(EMPTY);
  }

  #fail(failure: Failure): void {
    if (this.#client !== null) this.#client.fail(failure);
    else this.#handshake.refuse(failure);
  }
}

/** The flags of a fixed header are given for every type but PUBLISH [MQTT-2.1.3-1]. */
function checkFlags(first: number, version: Version): void {
  const type = first >> 4;
  const wanted =
    type === PACKET.pubrel || type === PACKET.subscribe || type === PACKET.unsubscribe ? 0x02 : 0;
  // MQTT 3.1 has a DUP flag on these packets.
  const flags = version === 3 && wanted !== 0 ? first & 0x0f & ~DUP : first & 0x0f;
  if (flags !== wanted) throw malformed('reserved flags are set');
}
