import { RuleAuthorizer, UserAuthenticator, type UserDirectory } from '@causeway/auth';
import { type AddressBook, Broker, Policies, type Policy, type Store } from '@causeway/core';
import { TickLoop, Transport } from '@causeway/transport';
import type { BrokerLog } from './broker-log.js';
import type { Config } from './config/options.js';
import { formatAddress } from './format-address.js';
import type { NamedAddress } from './named-address.js';
import { createFormats, createProtocols } from './protocols.js';
import type { SystemClock } from './system-clock.js';
import { SYSTEM_RANDOM } from './system-random.js';
import { SystemTopics } from './system-topics.js';
import { VERSION } from './version.js';

export interface StackOptions {
  readonly config: Config;
  readonly store: Store;
  readonly addressBook: AddressBook;
  readonly users: UserDirectory;
  readonly clock: SystemClock;
  readonly log: BrokerLog;
  /** Whether anything may leave at this moment; without it, always. */
  readonly serving?: () => boolean;
  /** Where those are served who are not served here: `host:port`, or null if nobody knows. */
  readonly elsewhere?: (listener: string) => string | null;
}

/** How finely deadlines are kept. */
const ADVANCE_MS = 20;

/** A broker with its connections: everything that lives and dies with one leadership. */
export class BrokerStack {
  readonly broker: Broker;
  readonly #options: StackOptions;
  readonly #transport: Transport;
  #systemTopics: SystemTopics | null = null;
  #timer: NodeJS.Timeout | undefined;
  #aborted = false;

  constructor(options: StackOptions) {
    const { addressBook, clock, config, log, store, users } = options;
    this.#options = options;
    const authenticator = new UserAuthenticator({ users, anonymous: config.anonymous, clock });
    const loop = new TickLoop({
      refresh: () => clock.refresh(),
      turn: () => this.#turn(),
      serving: () => !this.#aborted && options.serving?.() !== false,
    });
    const broker = new Broker({
      store,
      clock,
      random: SYSTEM_RANDOM,
      log,
      limits: config.limits,
      policies: new Policies(config.policies.map(withoutAbsent)),
      authorizer: new RuleAuthorizer(config.authorization),
      addresses: addressBook,
      formats: createFormats(),
      elsewhere: options.elsewhere,
      requestTurn: () => loop.request(),
    });
    this.broker = broker;
    this.#transport = new Transport({
      protocols: createProtocols(),
      context: { broker, authenticator },
      loop,
      clock,
      limits: config.limits,
      metrics: broker.metrics,
      log,
      backpressure: () => broker.backpressure(),
      principalOf: (subject) => authenticator.certificate(subject),
    });
  }

  /** Reads the store and starts to work; clients come with `listen`. */
  async recover(): Promise<void> {
    const { addressBook, clock, log } = this.#options;
    const { broker } = this;
    const startMs = performance.now();
    await broker.recover();
    if (this.#aborted) return;
    this.#timer = setInterval(() => {
      clock.refresh();
      broker.advance();
    }, ADVANCE_MS);
    this.#timer.unref();
    this.#systemTopics = new SystemTopics({ broker, addresses: addressBook, version: VERSION });
    this.#systemTopics.start();
    log.info('ready', {
      recoveryMs: Math.round(performance.now() - startMs),
      queues: broker.queueCount,
      sessions: broker.sessionCount,
      retained: broker.retainedCount,
      delayed: broker.delayedCount,
    });
  }

  /** @throws BrokerError `config-invalid` when a listener cannot be started */
  async listen(listeners: Config['listeners']): Promise<NamedAddress[]> {
    const addresses: NamedAddress[] = [];
    for (const listener of listeners) {
      const bound = await this.#transport.listen(listener);
      const name = bound.secure ? `${bound.protocol}s` : bound.protocol;
      addresses.push({ name, address: formatAddress(bound) });
    }
    return addresses;
  }

  reloadCertificates(): Promise<number> {
    return this.#transport.reloadCertificates();
  }

  /**
   * Stops accepting, tells clients, makes everything durable, closes the store.
   * @param drainMs how long clients have to take their last bytes
   */
  async stop(drainMs: number): Promise<void> {
    this.#systemTopics?.stop();
    this.broker.role = 'stopping';
    await this.#transport.close(drainMs);
    clearInterval(this.#timer);
    await this.broker.close();
  }

  /** Ends at once: nothing leaves any more, and nothing is written. */
  abort(): void {
    this.#aborted = true;
    clearInterval(this.#timer);
    this.#systemTopics?.stop();
    this.#transport.abort();
  }

  /** A turn that was asked for before the store was read has nothing to do. */
  #turn(): void {
    const { role } = this.broker;
    if (!this.#aborted && (role === 'active' || role === 'stopping')) this.broker.turn();
  }
}

/** Core tells a key that is left out from one that is undefined. */
function withoutAbsent(policy: Config['policies'][number]): Policy {
  const present = Object.entries(policy).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as unknown as Policy;
}
