import {
  BrokerError,
  type ByteSink,
  type CloseReason,
  type ConnectionSink,
  type EngineContext,
  type Principal,
  type ProtocolEngine,
} from '@causeway/core';
import { isStrictUtf8, WireError } from '@causeway/wire';
import type { StompClient } from './client.js';
import { FrameDecoder } from './codec/decoder.js';
import { escapesAreDefined } from './codec/escape.js';
import type { Frame } from './codec/frame.js';
import { FrameBuffer } from './codec/frame-buffer.js';
import { CR, LF, VERSION_NAMES } from './codec/types.js';
import { writeError } from './errors.js';
import { handleAbort } from './handle-abort.js';
import { handleAck, handleNack } from './handle-ack.js';
import { handleBegin } from './handle-begin.js';
import { handleCommit } from './handle-commit.js';
import {
  authenticate,
  type ConnectRequest,
  offeredVersions,
  openClient,
  readConnect,
} from './handle-connect.js';
import { handleDisconnect } from './handle-disconnect.js';
import { handleSend } from './handle-send.js';
import { handleSubscribe } from './handle-subscribe.js';
import { handleUnsubscribe } from './handle-unsubscribe.js';
import { HeartBeatWatch } from './heart-beat-watch.js';
import type { StompOptions } from './options.js';

const EMPTY = Buffer.alloc(0);

/**
 * - `connecting`: nothing but CONNECT is taken.
 * - `authenticating`: the password is being checked; further input waits.
 * - `open`: there is a client.
 * - `closed`: nothing is read or written any more.
 */
type EngineState = 'connecting' | 'authenticating' | 'open' | 'closed';

/** One STOMP connection: reads frames, hands each to its verb, and watches the time. */
export class StompEngine implements ProtocolEngine, ConnectionSink {
  readonly #sink: ByteSink;
  readonly #context: EngineContext;
  readonly #options: StompOptions;
  readonly #input = new FrameBuffer();
  readonly #decoder: FrameDecoder;
  #state: EngineState = 'connecting';
  #client: StompClient | null = null;
  #watch: HeartBeatWatch | null = null;
  /** Who the client says it is, for the audit log. */
  #login = '';

  constructor(sink: ByteSink, context: EngineContext, options: StompOptions) {
    this.#sink = sink;
    this.#context = context;
    this.#options = options;
    const { handshakeBytesMax, headersMax, headerBytesMax } = context.broker.limits;
    this.#decoder = new FrameDecoder({
      frameBytesMax: handshakeBytesMax,
      headersMax,
      headerBytesMax: Math.min(headerBytesMax, handshakeBytesMax),
    });
  }

  receive(chunk: Buffer): void {
    if (this.#watch !== null) this.#watch.heard = true;
    if (this.#state === 'authenticating') this.#hold(chunk);
    else if (this.#reads) this.#decode(chunk);
  }

  writable(): void {
    this.#client?.resume();
  }

  tick(): void {
    this.#watch?.tick();
  }

  closed(_reason: CloseReason): void {
    this.#state = 'closed';
    this.#input.clear();
    this.#watch?.stop();
    this.#client?.release();
  }

  closeWith(error: BrokerError): void {
    if (this.#client !== null) this.#client.failNow(error);
    else if (this.#state !== 'closed') this.#refuse(error);
  }

  get #reads(): boolean {
    if (this.#client !== null) return this.#client.state === 'open';
    return this.#state === 'connecting';
  }

  #decode(chunk: Buffer): void {
    const view = this.#input.push(chunk);
    let position = 0;
    try {
      while (this.#reads) {
        // Ends of line between frames are heart-beats (STOMP 1.2, Heart-beating).
        while (view[position] === LF || view[position] === CR) position++;
        if (position === view.length) break;
        const next = this.#decoder.decode(view, position);
        if (next < 0) break;
        position = next;
        this.#handle(this.#decoder.frame);
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.#reads || this.#state === 'authenticating') this.#keep(view, position);
    else this.#input.clear();
  }

  #keep(view: Buffer, position: number): void {
    this.#input.keep(view, position);
    if (this.#state === 'authenticating') this.#checkHeld();
  }

  #hold(chunk: Buffer): void {
    this.#input.append(chunk);
    this.#checkHeld();
  }

  #checkHeld(): void {
    const { handshakeBytesMax } = this.#context.broker.limits;
    if (this.#input.length <= handshakeBytesMax) return;
    this.#refuse(new BrokerError('too-large', 'too much was sent before the login was answered'));
  }

  #handle(frame: Frame): void {
    const { command } = frame;
    if (command === 'CONNECT' || command === 'STOMP') {
      this.#connect(frame);
      return;
    }
    const client = this.#client;
    if (client === null) {
      throw new BrokerError('protocol-violation', 'the first frame is not CONNECT or STOMP');
    }
    switch (command) {
      case 'SEND':
        handleSend(client, frame);
        break;
      case 'ACK':
        handleAck(client, frame);
        break;
      case 'NACK':
        handleNack(client, frame);
        break;
      case 'SUBSCRIBE':
        handleSubscribe(client, frame);
        break;
      case 'UNSUBSCRIBE':
        handleUnsubscribe(client, frame);
        break;
      case 'BEGIN':
        handleBegin(client, frame);
        break;
      case 'COMMIT':
        handleCommit(client, frame);
        break;
      case 'ABORT':
        handleAbort(client, frame);
        break;
      case 'DISCONNECT':
        handleDisconnect(client, frame);
        break;
    }
  }

  #connect(frame: Frame): void {
    if (this.#client !== null) {
      throw new BrokerError('protocol-violation', 'the client is connected already');
    }
    const request = readConnect(frame, this.#context.broker, this.#sink);
    this.#login = request.login ?? '';
    const principal = authenticate(request, this.#context, this.#sink);
    if (!(principal instanceof Promise)) {
      this.#welcome(request, principal);
      return;
    }
    this.#state = 'authenticating';
    this.#sink.pauseReading();
    principal.then(
      (known) => this.#authenticated(request, known),
      (error: unknown) => this.#authenticated(request, null, error),
    );
  }

  #authenticated(request: ConnectRequest, principal: Principal | null, error?: unknown): void {
    if (this.#state !== 'authenticating') return;
    const { broker } = this.#context;
    this.#state = 'connecting';
    this.#sink.resumeReading();
    try {
      if (error !== undefined) throw loginFailure(error);
      if (principal === null) {
        throw new BrokerError('not-authenticated', 'the login or the passcode is wrong');
      }
      this.#welcome(request, principal);
    } catch (reason) {
      this.#fail(reason);
    }
    if (this.#reads) this.#decode(EMPTY);
    broker.requestTurn();
  }

  #welcome(request: ConnectRequest, principal: Principal): void {
    const sink = this.#sink;
    const client = openClient(request, principal, {
      broker: this.#context.broker,
      sink,
      options: this.#options,
      owner: this,
    });
    this.#client = client;
    this.#state = 'open';
    this.#decoder.agree(request.version, client.broker.limits);
    this.#watch = new HeartBeatWatch(client, request.heartBeat);
    sink.authenticated();
  }

  /** Answers bad input with an ERROR frame; anything unexpected is a defect and stops the broker. */
  #fail(reason: unknown): void {
    const error = asBrokerError(reason);
    if (error === null) throw reason;
    const { log, metrics } = this.#context.broker;
    const remote = `${this.#sink.remoteAddress}:${this.#sink.remotePort}`;
    const about = { protocol: 'stomp', remote, code: error.code, reason: error.message };
    if (error.code === 'not-authenticated') {
      metrics.loginsRefused++;
      log.audit('login-refused', { ...about, user: this.#login });
    } else {
      metrics.protocolErrors++;
      log.debug('stomp-error', about);
    }
    if (this.#client === null) {
      this.#refuse(error);
      return;
    }
    this.#client.fail(error, receiptOf(this.#decoder.frame));
  }

  /** Ends a connection that has not logged in. */
  #refuse(error: BrokerError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#input.clear();
    const sink = this.#sink;
    const versions =
      error.code === 'unsupported-version'
        ? offeredVersions(sink.webSocketProtocol)
            .map((version) => VERSION_NAMES[version])
            .join(',')
        : null;
    writeError(sink.out, 0, error, null, versions);
    sink.flush();
    sink.end();
  }
}

/** The receipt that an ERROR names. Of a malformed frame it may be no valid header value. */
function receiptOf(frame: Frame): string | null {
  const index = frame.find('receipt');
  if (index < 0) return null;
  const { buffer, version } = frame;
  const [start, end] = [frame.valueStart(index), frame.valueEnd(index)];
  const valid =
    isStrictUtf8(buffer, start, end) &&
    (version === null || escapesAreDefined(buffer, start, end, version));
  return valid ? frame.valueLatin1(index) : null;
}

function asBrokerError(reason: unknown): BrokerError | null {
  if (reason instanceof BrokerError) return reason;
  return reason instanceof WireError ? new BrokerError('malformed', reason.message) : null;
}

function loginFailure(reason: unknown): BrokerError {
  return asBrokerError(reason) ?? new BrokerError('internal', 'the login could not be checked');
}
