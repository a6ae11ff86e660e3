import type { AdminServer } from '@causeway/admin';
import { UserDirectory } from '@causeway/auth';
import { AddressBook, type BrokerError } from '@causeway/core';
import { type Journal, openJournal } from '@causeway/journal';
import { type BrokerLog, openLog } from './broker-log.js';
import { BrokerStack } from './broker-stack.js';
import type { Config } from './config/options.js';
import type { NamedAddress } from './named-address.js';
import { NodeProcess } from './node-process.js';
import { refuseNode } from './node-state.js';
import { startBrokerAdmin } from './start-admin.js';
import { SystemClock } from './system-clock.js';
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

export interface RunningBroker {
  readonly addresses: readonly NamedAddress[];
  readonly log: BrokerLog;
  /** Reads certificates again whose files changed. */
  reloadCertificates(): Promise<number>;
  /** Stops accepting, tells clients, makes everything durable, closes the store. */
  stop(): Promise<void>;
}

/** What a start consists of, alone or as one node of several. */
export interface BrokerProcess extends RunningBroker {
  start(): Promise<void>;
  /** Gives back what was taken before the start failed. */
  abandon(): Promise<void>;
}

/** How long clients have to take their last bytes. */
const DRAIN_MS = 5000;

/**
 * Puts a broker together and starts it: the one place where everything is known. With a section
 * `failover` it is one node of several, which serves or waits.
 * @throws BrokerError `config-invalid`, `storage-locked`, `storage-newer`, `storage-corrupt`
 */
export async function startBroker(options: StartOptions): Promise<RunningBroker> {
  const { config, onFatal, warnings = [] } = options;
  const log = options.log ?? openLog(config.log);
  for (const warning of warnings) log.warn('configuration', { warning });
  log.info('starting', { name: config.node.name, version: VERSION, data: config.node.data });
  const parts = {
    config,
    log,
    onFatal: (error: BrokerError) => {
      log.error('store failed', { code: error.code, reason: error.message });
      log.flush();
      onFatal(error);
    },
  };
  const running: BrokerProcess =
    config.failover === undefined
      ? new SingleProcess(parts)
      : new NodeProcess({ ...parts, failover: config.failover });
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

interface SingleOptions {
  readonly config: Config;
  readonly log: BrokerLog;
  readonly onFatal: (error: BrokerError) => void;
}

/** A broker that stands alone. */
class SingleProcess implements BrokerProcess {
  readonly addresses: NamedAddress[] = [];
  readonly log: BrokerLog;
  readonly #options: SingleOptions;
  #journal: Journal | null = null;
  #admin: AdminServer | null = null;
  #stack: BrokerStack | null = null;

  constructor(options: SingleOptions) {
    this.#options = options;
    this.log = options.log;
  }

  async start(): Promise<void> {
    const { config, log, onFatal } = this.#options;
    refuseNode(config.node.data);
    const addressBook = new AddressBook();
    // Hashing passwords takes a while, off the event loop: meanwhile the store is opened.
    const users = UserDirectory.create(config.users);
    users.catch(() => {});
    const journal = await openJournal({
      folder: config.node.data,
      addresses: addressBook,
      log,
      onFatal,
    });
    this.#journal = journal;
    const stack = new BrokerStack({
      config,
      store: journal,
      addressBook,
      users: await users,
      clock: new SystemClock(),
      log,
    });
    this.#stack = stack;
    this.#admin = await startBrokerAdmin(config, () => stack.broker, log);
    await stack.recover();
    // Only now: a client that comes early finds a closed port and tries again; told in words that
    // the broker is starting, some give up for good. `/readyz` has the words.
    this.addresses.push(...(await stack.listen(config.listeners)));
    this.addresses.push({ name: 'admin', address: this.#admin.url });
  }

  reloadCertificates(): Promise<number> {
    return this.#stack?.reloadCertificates() ?? Promise.resolve(0);
  }

  async stop(): Promise<void> {
    this.log.info('stopping');
    await this.#stack?.stop(DRAIN_MS);
    await this.#admin?.close();
    this.log.info('stopped');
    this.log.flush();
  }

  async abandon(): Promise<void> {
    this.#stack?.abort();
    // What stopped the start is the error to tell; one more on the way out would hide it.
    await Promise.allSettled([this.#admin?.close()]);
    await Promise.allSettled([this.#journal?.close()]);
  }
}
