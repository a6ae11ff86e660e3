import {
  BrokerError,
  type ByteSink,
  type CloseReason,
  type ConnectionSink,
  type EngineContext,
  type ProtocolEngine,
} from '@causeway/core';
import { ChunkBuffer } from '@causeway/wire';
import type { AmqpClient } from './client.js';
import { performativeCode } from './codec/decode-performative.js';
import { encodeClose, encodeOpen } from './codec/encode-performative.js';
import { FrameReader } from './codec/frame-reader.js';
import { DESCRIPTOR, FRAME_BYTES_MIN_MAX, FRAME_TYPE } from './codec/types.js';
import { AmqpError, CONDITION, errorInfo, errorInfoOf, isAnswer } from './errors.js';
import { handleAttach } from './handle-attach.js';
import { handleBegin } from './handle-begin.js';
import { handleClose } from './handle-close.js';
import { handleDetach } from './handle-detach.js';
import { handleDisposition } from './handle-disposition.js';
import { handleEnd } from './handle-end.js';
import { handleFlow } from './handle-flow.js';
import { handleOpen, openFields } from './handle-open.js';
import { handleTransfer } from './handle-transfer.js';
import { Handshake } from './handshake.js';
import { IdleWatch } from './idle-watch.js';
import type { LinkRegistry } from './link-registry.js';
import type { AmqpOptions } from './options.js';
import { PROTOCOL_HEADER_BYTES } from './protocol-header.js';
import type { Session } from './session.js';

const EMPTY = Buffer.alloc(0);

/** One AMQP connection: finds frames, hands each to its verb, and turns errors into answers. */
export class AmqpEngine implements ProtocolEngine, ConnectionSink {
  readonly sink: ByteSink;
  readonly context: EngineContext;
  readonly registry: LinkRegistry;
  readonly options: AmqpOptions;
  readonly #input = new ChunkBuffer();
  readonly #frames: FrameReader;
  readonly #handshake: Handshake;
  #client: AmqpClient | null = null;
  #watch: IdleWatch | null = null;
  #closed = false;

  constructor(
    sink: ByteSink,
    context: EngineContext,
    registry: LinkRegistry,
    options: AmqpOptions,
  ) {
    this.sink = sink;
    this.context = context;
    this.registry = registry;
    this.options = options;
    this.#frames = new FrameReader(context.broker.limits.handshakeBytesMax);
    this.#handshake = new Handshake(context, sink, () => this.receive(EMPTY));
  }

  receive(chunk: Buffer): void {
    if (this.#watch !== null) this.#watch.heard = true;
    const view = this.#input.push(chunk);
    let position = 0;
    try {
      while (this.#reads) {
        const next = this.#step(view, position);
        if (next < 0) break;
        position = next;
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.#reads) this.#input.keep(view, position, this.#needed(view, position));
    else if (this.#handshake.phase === 'checking') this.#hold(view, position);
  }

  writable(): void {
    this.#client?.writable();
  }

  tick(nowMs: number): void {
    this.#watch?.tick(nowMs);
    this.#client?.temporary.review();
  }

  closed(_reason: CloseReason): void {
    this.#closed = true;
    this.#watch?.stop();
    this.#client?.release();
  }

  closeWith(error: BrokerError): void {
    this.#end(error);
  }

  get #reads(): boolean {
    if (this.#closed) return false;
    if (this.#client !== null) return this.#client.reads;
    const { phase } = this.#handshake;
    return phase !== 'checking' && phase !== 'refused';
  }

  get #awaitsHeader(): boolean {
    const { phase } = this.#handshake;
    return phase === 'header' || phase === 'agreed';
  }

  get #handshakeFrameBytes(): number {
    const { handshakeBytesMax } = this.context.broker.limits;
    // Part 5.3.1; an open may be larger than 2.4.1 asks for, as those of some clients are.
    if (this.#handshake.phase !== 'sasl') return handshakeBytesMax;
    return Math.min(FRAME_BYTES_MIN_MAX, handshakeBytesMax);
  }

  #needed(view: Buffer, position: number): number {
    return this.#awaitsHeader || position === view.length ? 0 : this.#frames.needed;
  }

  /** Input that came before the login was answered. */
  #hold(view: Buffer, position: number): void {
    this.#input.keep(view, position);
    if (this.#input.length <= this.context.broker.limits.handshakeBytesMax) return;
    this.#end(new BrokerError('too-large', 'too much was sent before the login was answered'));
  }

  /** Takes what begins at `position`; returns where it ends, or -1 when it is not complete. */
  #step(view: Buffer, position: number): number {
    if (this.#awaitsHeader) {
      if (view.length - position < PROTOCOL_HEADER_BYTES) return -1;
      this.#handshake.header(view, position);
      this.#frames.maxBytes = this.#handshakeFrameBytes;
      return position + PROTOCOL_HEADER_BYTES;
    }
    const frames = this.#frames;
    const next = frames.next(view, position);
    if (next >= 0) this.#frame(view, frames.type, frames.channel, frames.start, frames.end);
    return next;
  }

  #frame(view: Buffer, type: number, channel: number, start: number, end: number): void {
    const inSasl = this.#handshake.phase === 'sasl';
    if ((type === FRAME_TYPE.sasl) !== inSasl) {
      throw new AmqpError('connection', CONDITION.framing, 'a frame of the wrong type');
    }
    // Part 2.4.5: an empty frame is a sign of life.
    if (start === end && !inSasl) return;
    const code = performativeCode(view, start, end);
    if (inSasl) {
      this.#handshake.frame(code, view, start, end);
      return;
    }
    const client = this.#client;
    if (client === null) {
      if (code !== DESCRIPTOR.open) {
        throw new AmqpError('connection', CONDITION.notAllowed, 'the first frame is not open');
      }
      // Part 2.4.1: before it the maximum channel number is 0.
      requireChannel(channel, 0);
      this.#open(view, start, end);
      return;
    }
    requireChannel(channel, client.channelMax);
    if (code === DESCRIPTOR.begin) handleBegin(client, channel, view, start, end);
    else if (code === DESCRIPTOR.close) handleClose(client, view, start, end);
    else this.#inSession(client.session(channel), code, view, start, end);
  }

  #inSession(session: Session, code: number, view: Buffer, start: number, end: number): void {
    if (session.over) {
      // Part 2.5.4: what was under way when we ended it for an error is ignored.
      if (session.state !== 'discarding') {
        throw new AmqpError('connection', CONDITION.notAllowed, 'a frame after the end');
      }
      if (code === DESCRIPTOR.end) handleEnd(session, view, start, end);
      return;
    }
    try {
      switch (code) {
        case DESCRIPTOR.transfer:
          handleTransfer(session, view, start, end);
          break;
        case DESCRIPTOR.disposition:
          handleDisposition(session, view, start, end);
          break;
        case DESCRIPTOR.flow:
          handleFlow(session, view, start, end);
          break;
        case DESCRIPTOR.attach:
          handleAttach(session, view, start, end);
          break;
        case DESCRIPTOR.detach:
          handleDetach(session, view, start, end);
          break;
        case DESCRIPTOR.end:
          handleEnd(session, view, start, end);
          break;
        default:
          throw new AmqpError('connection', CONDITION.notAllowed, 'not a frame of this state');
      }
    } catch (error) {
      const contained =
        error instanceof BrokerError || (error instanceof AmqpError && error.scope === 'session');
      if (!contained) throw error;
      this.#note(error);
      session.fail(errorInfoOf(error)!);
    }
  }

  #open(view: Buffer, start: number, end: number): void {
    const client = handleOpen(this, this.#handshake.principal!, view, start, end);
    this.#client = client;
    this.#frames.maxBytes = this.context.broker.limits.transferFrameBytesMax;
    this.#watch = new IdleWatch(client);
    this.sink.authenticated();
  }

  /** Answers bad input with its error; anything unexpected is a defect and stops the broker. */
  #fail(reason: unknown): void {
    if (!isAnswer(reason)) throw reason;
    this.#note(reason);
    this.#end(reason);
  }

  #note(reason: unknown): void {
    const { log, metrics } = this.context.broker;
    metrics.protocolErrors++;
    log.debug('amqp-error', {
      remote: `${this.sink.remoteAddress}:${this.sink.remotePort}`,
      ...errorInfoOf(reason),
    });
  }

  /** Ends the connection for a reason (part 2.4.3), at whatever stage it is. */
  #end(reason: unknown): void {
    if (this.#closed) return;
    const info = errorInfoOf(reason) ?? errorInfo(CONDITION.internal, 'internal error');
    if (this.#client !== null) {
      this.#client.fail(info);
      return;
    }
    this.#closed = true;
    const { phase } = this.#handshake;
    // Whoever speaks AMQP by now is told why: an open must come before any close.
    if (phase === 'over') {
      this.#write(encodeOpen(0, openFields(this.options, this.context.broker.limits)));
      this.#write(encodeClose(0, info));
    }
    this.sink.end();
  }

  #write(frame: Buffer): void {
    this.sink.out.copy(frame, 0, frame.length);
    this.sink.flush();
  }
}

/** Part 2.7.1, channel-max. */
function requireChannel(channel: number, max: number): void {
  if (channel <= max) return;
  const message = `channel ${channel} is beyond channel-max, which is ${max}`;
  throw new AmqpError('connection', CONDITION.framing, message);
}
