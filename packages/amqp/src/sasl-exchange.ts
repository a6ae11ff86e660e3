import type { ByteSink, EngineContext, Principal, ScramExchange } from '@causeway/core';
import { BrokerError } from '@causeway/core';
import { isStrictUtf8 } from '@causeway/wire';

/** What the client gets to hear next. */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly data: Buffer }
  | { readonly kind: 'welcome'; readonly principal: Principal; readonly data: Buffer | null }
  | { readonly kind: 'wait'; readonly principal: Promise<Principal | null> };

export interface SaslInit {
  readonly mechanism: string;
  readonly initialResponse: Buffer | null;
}

const EMPTY = Buffer.alloc(0);
const ANONYMOUS: Principal = { name: 'anonymous', groups: new Set() };

/**
 * One authentication (part 5.3): mechanisms are offered in the order of their strength, and one
 * attempt is all that a connection gets.
 */
export class SaslExchange {
  readonly mechanisms: readonly string[];
  /** Who the client says it is, for the audit log. */
  user = '';
  readonly #context: EngineContext;
  readonly #sink: ByteSink;
  #scram: ScramExchange | null = null;
  #state: 'init' | 'plain' | 'external' | 'scram-first' | 'scram-last' | 'over' = 'init';

  constructor(context: EngineContext, sink: ByteSink) {
    this.#context = context;
    this.#sink = sink;
    this.mechanisms = [
      ...(sink.certificatePrincipal === null ? [] : ['EXTERNAL']),
      'SCRAM-SHA-256',
      'PLAIN',
      ...(context.authenticator.anonymous ? ['ANONYMOUS'] : []),
    ];
  }

  /** @throws BrokerError `not-authenticated` */
  start({ mechanism, initialResponse }: SaslInit): SaslStep {
    if (this.#state !== 'init') throw refused('a second sasl-init');
    if (!this.mechanisms.includes(mechanism)) {
      throw refused(`the mechanisms here are ${this.mechanisms.join(', ')}`);
    }
    if (mechanism === 'ANONYMOUS') return this.#welcome(ANONYMOUS);
    this.#state =
      mechanism === 'PLAIN' ? 'plain' : mechanism === 'EXTERNAL' ? 'external' : 'scram-first';
    // A mechanism in which the client speaks first asks for it with an empty challenge.
    return initialResponse === null
      ? { kind: 'challenge', data: EMPTY }
      : this.respond(initialResponse);
  }

  /** @throws BrokerError `not-authenticated` */
  respond(response: Buffer): SaslStep {
    switch (this.#state) {
      case 'plain':
        return this.#plain(response);
      case 'external':
        return this.#external(response);
      case 'scram-first': {
        this.#scram = this.#context.authenticator.startScram(this.#sink.remoteAddress);
        this.#state = 'scram-last';
        try {
          return { kind: 'challenge', data: this.#scram.start(response) };
        } finally {
          this.user = this.#scram.username;
        }
      }
      case 'scram-last': {
        const { principal, serverFinal } = this.#scram!.finish(response);
        // Part 5.3.3.6: what the mechanism says last travels with the outcome.
        return this.#welcome(principal, serverFinal);
      }
      default:
        throw refused('a sasl-response that nobody asked for');
    }
  }

  /** RFC 4616: authorisation identity, name and password, with zero bytes between them. */
  #plain(response: Buffer): SaslStep {
    this.#state = 'over';
    const first = response.indexOf(0);
    const second = first < 0 ? -1 : response.indexOf(0, first + 1);
    if (second < 0 || !isStrictUtf8(response, 0, second)) {
      throw refused('the PLAIN response is not understood');
    }
    const identity = response.toString('utf8', 0, first);
    this.user = response.toString('utf8', first + 1, second);
    if (identity !== '' && identity !== this.user) {
      throw refused('acting for another user is not offered');
    }
    const password = Buffer.from(response.subarray(second + 1));
    const { authenticator } = this.#context;
    const principal = authenticator.password(this.user, password, this.#sink.remoteAddress);
    return { kind: 'wait', principal };
  }

  /** RFC 4422, appendix A: the certificate says who it is; an identity given may only repeat it. */
  #external(response: Buffer): SaslStep {
    const principal = this.#sink.certificatePrincipal!;
    this.user = principal.name;
    if (response.length > 0 && response.toString('utf8') !== principal.name) {
      throw refused('acting for another user is not offered');
    }
    return this.#welcome(principal);
  }

  #welcome(principal: Principal, data: Buffer | null = null): SaslStep {
    this.#state = 'over';
    return { kind: 'welcome', principal, data };
  }
}

function refused(message: string): BrokerError {
  return new BrokerError('not-authenticated', message);
}
