import type { AdminServer } from '@causeway/admin';
import { RuleAuthorizer, UserAuthenticator, UserDirectory } from '@causeway/auth';
import { AddressBook, Broker, type BrokerError, Policies, type Policy } from '@causeway/core';
import { type Journal, openJournal } from '@causeway/journal';
import { TickLoop, Transport } from '@causeway/transport';
import { type BrokerLog, openLog } from './broker-log.js';
import type { Config } from './config/options.js';
import { formatAddress } from './format-address.js';
import { createFormats, createProtocols } from './protocols.js';
import { startBrokerAdmin } from './start-admin.js';
import { SystemClock } from './system-clock.js';
import { SYSTEM_RANDOM } from './system-random.js';
import { SystemTopics } from './system-topics.js';
import { VERSION } from './version.js';

export interface StartOptions {
  readonly config: Config;
  /** What the configuration was warned of. */
  readonly warnings?: readonly string[];
  /** Instead of the log that the configuration asks for. */
  readonly log?: BrokerLog;
  /** The store failed for good: the process must end at once. It has been logged. */
  readonly onFatal: (error: BrokerError) => void;
}

/** A bound address under the name of what listens there. */
export interface NamedAddress {
  readonly name: string;
  readonly address: string;
}

export interface RunningBroker {
  readonly addresses: readonly NamedAddress[];
  readonly log: BrokerLog;
  /** Reads certificates again whose files changed. */
  reloadCertificates(): Promise<number>;
  /** Stops accepting, tells clients, makes everything durable, closes the store. */
  stop(): Promise<void>;
}

/** How finely deadlines are kept. */
const ADVANCE_MS = 20;
/** How long clients have to take their last bytes. */
const DRAIN_MS = 5000;

/**
 * Puts a broker together and starts it: the one place where everything is known.
 * @throws BrokerError `config-invalid`, `storage-locked`, `storage-newer`, `storage-corrupt`
 */
export async function startBroker(options: StartOptions): Promise<RunningBroker> {
  const log = options.log ?? openLog(options.config.log);
  const running = new BrokerProcess(options, log);
  try {
    await running.start();
  } catch (error) {
    await running.abandon();
    throw error;
  } finally {
    log.flush();
  }
  return running;
}

class BrokerProcess implements RunningBroker {
  readonly addresses: NamedAddress[] = [];
  readonly log: BrokerLog;
  readonly #options: StartOptions;
  readonly #clock = new SystemClock();
  readonly #addressBook = new AddressBook();
  #journal: Journal | null = null;
  #admin: AdminServer | null = null;
  #transport: Transport | null = null;
  #broker: Broker | null = null;
  #systemTopics: SystemTopics | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StartOptions, log: BrokerLog) {
    this.#options = options;
    this.log = log;
  }

  async start(): Promise<void> {
    const { config, warnings = [] } = this.#options;
    for (const warning of warnings) this.log.warn('configuration', { warning });
    this.log.info('starting', { name: config.node.name, version: VERSION, data: config.node.data });
    // Hashing passwords takes a while, off the event loop: meanwhile the store is opened.
    const users = UserDirectory.create(config.users);
    users.catch(() => {});
    this.#journal = await openJournal({
      folder: config.node.data,
      addresses: this.#addressBook,
      log: this.log,
      onFatal: (error) => this.#fatal(error),
    });
    const broker = this.#compose(this.#journal, await users);
    this.#admin = await startBrokerAdmin(config, broker, this.log);
    await this.#recover(broker);
    await this.#listen();
    this.addresses.push({ name: 'admin', address: this.#admin.url });
  }

  reloadCertificates(): Promise<number> {
    return this.#transport?.reloadCertificates() ?? Promise.resolve(0);
  }

  async stop(): Promise<void> {
    const broker = this.#broker!;
    this.log.info('stopping');
    this.#systemTopics?.stop();
    broker.role = 'stopping';
    await this.#transport?.close(DRAIN_MS);
    clearInterval(this.#timer);
    await broker.close();
    await this.#admin?.close();
    this.log.info('stopped');
    this.log.flush();
  }

  /** Gives back what was taken before the start failed. */
  async abandon(): Promise<void> {
    clearInterval(this.#timer);
    // What stopped the start is the error to tell; one more on the way out would hide it.
    await Promise.allSettled([this.#transport?.close(0), this.#admin?.close()]);
    await Promise.allSettled([this.#journal?.close()]);
  }

  #compose(journal: Journal, users: UserDirectory): Broker {
    const { config } = this.#options;
    const authenticator = new UserAuthenticator({
      users,
      anonymous: config.anonymous,
      clock: this.#clock,
    });
    const loop = new TickLoop({
      refresh: () => this.#clock.refresh(),
      // A turn that was asked for before the store was read has nothing to do.
      turn: () => {
        if (broker.role !== 'starting') broker.turn();
      },
    });
    const broker = new Broker({
      store: journal,
      clock: this.#clock,
      random: SYSTEM_RANDOM,
      log: this.log,
      limits: config.limits,
      policies: new Policies(config.policies.map(withoutAbsent)),
      authorizer: new RuleAuthorizer(config.authorization),
      addresses: this.#addressBook,
      formats: createFormats(),
      requestTurn: () => loop.request(),
    });
    this.#broker = broker;
    this.#transport = new Transport({
      protocols: createProtocols(),
      context: { broker, authenticator },
      loop,
      clock: this.#clock,
      limits: config.limits,
      metrics: broker.metrics,
      log: this.log,
      backpressure: () => broker.backpressure(),
      principalOf: (subject) => authenticator.certificate(subject),
    });
    return broker;
  }

  /**
   * After the store was read. A client that comes early finds a closed port and tries again; told
   * in words that the broker is starting, some give up for good. `/readyz` has the words.
   */
  async #listen(): Promise<void> {
    const { config } = this.#options;
    for (const listener of config.listeners) {
      const bound = await this.#transport!.listen(listener);
      const name = bound.secure ? `${bound.protocol}s` : bound.protocol;
      this.addresses.push({ name, address: formatAddress(bound) });
    }
  }

  async #recover(broker: Broker): Promise<void> {
    const startMs = performance.now();
    await broker.recover();
    this.#timer = setInterval(() => {
      this.#clock.refresh();
      broker.advance();
    }, ADVANCE_MS);
    this.#timer.unref();
    this.#systemTopics = new SystemTopics({
      broker,
      addresses: this.#addressBook,
      version: VERSION,
    });
    this.#systemTopics.start();
    this.log.info('ready', {
      recoveryMs: Math.round(performance.now() - startMs),
      queues: broker.queueCount,
      sessions: broker.sessionCount,
      retained: broker.retainedCount,
      delayed: broker.delayedCount,
    });
  }

  /** Nothing is confirmed any more; going on would only make it worse. */
  #fatal(error: BrokerError): void {
    this.log.error('store failed', { code: error.code, reason: error.message });
    this.log.flush();
    this.#options.onFatal(error);
  }
}

/** Core tells a key that is left out from one that is undefined. */
function withoutAbsent(policy: Config['policies'][number]): Policy {
  const present = Object.entries(policy).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as unknown as Policy;
}
