import type { Address } from './address.js';
import type { Connection, ConnectionInfo } from './connection.js';
import { BrokerError } from './errors.js';
import type { Limits } from './limits.js';
import type { Metrics } from './metrics.js';
import type { Action, Authorizer, Log } from './ports.js';
import type { Queue } from './queue.js';

interface Dependencies {
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly authorizer: Authorizer;
  /** Owner of a temporary queue; null for any other address. */
  readonly temporaryOwner: (address: Address) => number | null;
  readonly createTemporary: (ownerId: number) => Queue;
  readonly deleteQueue: (queue: Queue) => void;
  readonly nextId: () => number;
}

/** Decisions that a connection remembers; beyond it they are asked for again. */
const CACHED_DECISIONS_MAX = 10_000;

class ClientConnection implements Connection {
  readonly id: number;
  readonly info: ConnectionInfo;
  readonly #table: ConnectionTable;
  readonly #dependencies: Dependencies;
  #decisions: Map<Address, Map<Action, boolean>> | null = null;
  #temporaries: Set<Queue> | null = null;
  #closed = false;

  constructor(info: ConnectionInfo, table: ConnectionTable, dependencies: Dependencies) {
    this.id = dependencies.nextId();
    this.info = info;
    this.#table = table;
    this.#dependencies = dependencies;
  }

  may(action: Action, address: Address): boolean {
    const temporaryOwner = this.#dependencies.temporaryOwner(address);
    // Whoever was told its name may reply to it; only its owner reads it.
    if (temporaryOwner !== null) return action === 'write' || temporaryOwner === this.id;
    const cached = this.#decisions?.get(address)?.get(action);
    if (cached !== undefined) return cached;
    const allowed = this.#dependencies.authorizer.allows(this.info.principal, action, address);
    if (!allowed) this.#refused(action, address);
    this.#remember(action, address, allowed);
    return allowed;
  }

  require(action: Action, address: Address): void {
    if (this.may(action, address)) return;
    const { name } = this.info.principal;
    throw new BrokerError('not-authorized', `${name} may not ${action} ${address.uri}`);
  }

  createTemporaryQueue(): Queue {
    const { limits, createTemporary } = this.#dependencies;
    const temporaries = this.#liveTemporaries(limits.temporaryQueuesPerConnectionMax);
    if (temporaries.size >= limits.temporaryQueuesPerConnectionMax) {
      throw new BrokerError('quota-exceeded', 'too many temporary destinations');
    }
    const queue = createTemporary(this.id);
    temporaries.add(queue);
    return queue;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const queue of this.#temporaries ?? []) this.#dependencies.deleteQueue(queue);
    this.#table.remove(this);
  }

  /** What it created; without what was deleted since, once `limit` is reached. */
  #liveTemporaries(limit: number): Set<Queue> {
    this.#temporaries ??= new Set();
    if (this.#temporaries.size < limit) return this.#temporaries;
    for (const queue of this.#temporaries) if (queue.deleted) this.#temporaries.delete(queue);
    return this.#temporaries;
  }

  #refused(action: Action, address: Address): void {
    const { metrics, log } = this.#dependencies;
    const { principal, clientId, remote, protocol } = this.info;
    metrics.permissionsRefused++;
    const user = principal.name;
    const destination = address.uri;
    log.audit('permission-refused', { user, action, destination, clientId, remote, protocol });
  }

  #remember(action: Action, address: Address, allowed: boolean): void {
    this.#decisions ??= new Map();
    if (this.#decisions.size >= CACHED_DECISIONS_MAX) this.#decisions.clear();
    const decisions = this.#decisions.get(address) ?? new Map<Action, boolean>();
    decisions.set(action, allowed);
    this.#decisions.set(address, decisions);
  }
}

/** Everybody who has logged in, and how many connections each user holds. */
export class ConnectionTable {
  readonly #open = new Set<ClientConnection>();
  readonly #perUser = new Map<string, number>();
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#open.values();
  }

  open(info: ConnectionInfo): Connection {
    const { limits, metrics } = this.#dependencies;
    const user = info.principal.name;
    const held = this.#perUser.get(user) ?? 0;
    if (held >= limits.connectionsPerUserMax) {
      metrics.connectionsRefused++;
      throw new BrokerError('quota-exceeded', `${user} has too many connections`);
    }
    this.#perUser.set(user, held + 1);
    const connection = new ClientConnection(info, this, this.#dependencies);
    this.#open.add(connection);
    return connection;
  }

  remove(connection: ClientConnection): void {
    if (!this.#open.delete(connection)) return;
    const user = connection.info.principal.name;
    const held = (this.#perUser.get(user) ?? 1) - 1;
    if (held === 0) this.#perUser.delete(user);
    else this.#perUser.set(user, held);
  }
}
