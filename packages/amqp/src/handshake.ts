import { BrokerError, type ByteSink, type EngineContext, type Principal } from '@causeway/core';
import { WireError } from '@causeway/wire';
import { decodeSaslInit, decodeSaslResponse } from './codec/decode-sasl.js';
import {
  encodeSaslChallenge,
  encodeSaslMechanisms,
  encodeSaslOutcome,
} from './codec/encode-sasl.js';
import { skipValue } from './codec/skip-value.js';
import { DESCRIPTOR, FRAME_BYTES_MIN_MAX, SASL_CODE } from './codec/types.js';
import { AmqpError, CONDITION } from './errors.js';
import {
  AMQP_HEADER,
  describeHeader,
  type ProtocolHeader,
  readProtocolHeader,
  SASL_HEADER,
} from './protocol-header.js';
import { saslCodeOf } from './sasl-code.js';
import { SaslExchange, type SaslStep } from './sasl-exchange.js';

/**
 * - `header`: the first protocol header is awaited.
 * - `sasl`: SASL frames are exchanged.
 * - `checking`: the password is being checked; further input waits.
 * - `agreed`: SASL is over, the header of AMQP itself is awaited.
 * - `over`: everything that follows is AMQP.
 * - `refused`: nothing is read any more.
 */
export type HandshakePhase = 'header' | 'sasl' | 'checking' | 'agreed' | 'over' | 'refused';

/** What comes before the first frame of AMQP: protocol headers and SASL (parts 2.2 and 5.3). */
export class Handshake {
  phase: HandshakePhase = 'header';
  /** Known from `agreed` on. */
  principal: Principal | null = null;
  readonly #context: EngineContext;
  readonly #sink: ByteSink;
  readonly #exchange: SaslExchange;
  /** Goes on with input that waited for a password. */
  readonly #proceed: () => void;

  constructor(context: EngineContext, sink: ByteSink, proceed: () => void) {
    this.#context = context;
    this.#sink = sink;
    this.#exchange = new SaslExchange(context, sink);
    this.#proceed = proceed;
  }

  /** Takes a protocol header, which is complete. */
  header(view: Buffer, start: number): void {
    const wanted = readProtocolHeader(view, start);
    if (this.phase === 'header' && wanted === 'sasl') {
      this.#write(SASL_HEADER);
      this.#write(encodeSaslMechanisms(this.#exchange.mechanisms));
      this.phase = 'sasl';
      return;
    }
    if (wanted === 'amqp') {
      this.principal ??= this.#withoutSasl();
      if (this.principal !== null) {
        this.#write(AMQP_HEADER);
        this.phase = 'over';
        return;
      }
    }
    this.#refuseHeader(wanted, view, start);
  }

  /** Takes a SASL frame. */
  frame(code: number, view: Buffer, start: number, end: number): void {
    if (skipValue(view, start, end) !== end) {
      throw new WireError('a SASL frame has more than its body (part 5.3.1)');
    }
    try {
      if (code === DESCRIPTOR.saslInit) {
        this.#step(this.#exchange.start(decodeSaslInit(view, start, end)));
      } else if (code === DESCRIPTOR.saslResponse) {
        this.#step(this.#exchange.respond(decodeSaslResponse(view, start, end)));
      } else throw new AmqpError('connection', CONDITION.notAllowed, 'not a SASL frame of clients');
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#refuse(error);
    }
  }

  #step(step: SaslStep): void {
    if (step.kind === 'challenge') this.#challenge(step.data);
    else if (step.kind === 'welcome') this.#welcome(step.principal, step.data);
    else this.#wait(step.principal);
  }

  #challenge(data: Buffer): void {
    const frame = encodeSaslChallenge(data);
    // It repeats what the client says, who would not take it.
    if (frame.length > FRAME_BYTES_MIN_MAX) {
      throw new BrokerError('not-authenticated', 'the challenge would not fit into a frame');
    }
    this.#write(frame);
  }

  #wait(principal: Promise<Principal | null>): void {
    this.phase = 'checking';
    this.#sink.pauseReading();
    principal.then(
      (known) => this.#checked(known, new BrokerError('not-authenticated', 'wrong credentials')),
      (error: unknown) =>
        this.#checked(
          null,
          error instanceof BrokerError
            ? error
            : new BrokerError('internal', 'the login could not be checked'),
        ),
    );
  }

  #checked(principal: Principal | null, error: BrokerError): void {
    if (this.phase !== 'checking') return;
    this.#sink.resumeReading();
    if (principal === null) this.#refuse(error);
    else this.#welcome(principal, null);
    this.#proceed();
    this.#context.broker.requestTurn();
  }

  #welcome(principal: Principal, data: Buffer | null): void {
    this.principal = principal;
    this.phase = 'agreed';
    this.#write(encodeSaslOutcome(SASL_CODE.ok, data));
  }

  /** Part 5.3.2: a client that failed gets the outcome, and no second try. */
  #refuse(error: BrokerError): void {
    this.phase = 'refused';
    const { broker } = this.#context;
    broker.metrics.loginsRefused++;
    broker.log.audit('login-refused', {
      protocol: 'amqp',
      remote: this.#remote,
      user: this.#exchange.user,
      reason: error.message,
    });
    this.#write(encodeSaslOutcome(saslCodeOf(error), null));
    this.#sink.end();
  }

  /** Without SASL a client is who its certificate says, or anonymous where that is allowed. */
  #withoutSasl(): Principal | null {
    if (this.#sink.certificatePrincipal !== null) return this.#sink.certificatePrincipal;
    return this.#context.authenticator.anonymous ? { name: 'anonymous', groups: new Set() } : null;
  }

  /** Part 2.2: the header that would be welcome, then the end. */
  #refuseHeader(wanted: ProtocolHeader, view: Buffer, start: number): void {
    const { log, metrics } = this.#context.broker;
    metrics.protocolErrors++;
    this.phase = 'refused';
    const about = { protocol: 'amqp', remote: this.#remote };
    if (wanted === 'other')
      log.warn('amqp-version-refused', { ...about, ...describeHeader(view, start) });
    else log.debug('amqp-header-refused', { ...about, header: wanted });
    this.#write(this.principal === null ? SASL_HEADER : AMQP_HEADER);
    this.#sink.end();
  }

  get #remote(): string {
    return `${this.#sink.remoteAddress}:${this.#sink.remotePort}`;
  }

  #write(bytes: Buffer): void {
    this.#sink.out.copy(bytes, 0, bytes.length);
    this.#sink.flush();
  }
}
