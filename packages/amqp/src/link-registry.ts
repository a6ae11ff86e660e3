import type { AmqpClient } from './client.js';
import type { Link } from './session.js';
import type { LinkEvent, SuspendedLink } from './suspended-link.js';
import type { DynamicNodes } from './temporary-nodes.js';

/**
 * Which links there are, over all connections. A link is known by the containers at its ends, its
 * name and its direction (part 2.6.1): there is one of each, and who attaches it again takes it over.
 */
export class LinkRegistry {
  readonly #attached = new Map<string, Link>();
  readonly #suspended = new Map<string, SuspendedLink>();
  /** Sources and targets that links have created. */
  readonly nodes: DynamicNodes = new Map();

  /** Adds a link; `resume` has ended the one of the same name. */
  add(client: AmqpClient, link: Link): void {
    this.#attached.set(keyOf(client, link.role, link.name), link);
    client.termini.attached(link);
  }

  remove(client: AmqpClient, link: Link): void {
    const key = keyOf(client, link.role, link.name);
    if (this.#attached.get(key) === link) this.#attached.delete(key);
  }

  /** Keeps what a detached link may be resumed with; what outlives nothing is dropped at once. */
  suspend(client: AmqpClient, suspended: SuspendedLink, event: LinkEvent): void {
    const { linksSuspendedMax } = client.broker.limits;
    if (this.#suspended.size >= linksSuspendedMax) {
      suspended.drop(client.broker);
      return;
    }
    const key = keyOf(client, suspended.link.role, suspended.link.name);
    this.#suspended.get(key)?.drop(client.broker);
    this.#suspended.set(key, suspended);
    this.#arm(client, key, suspended, event);
  }

  /**
   * A link is attached, perhaps again. Where it still is attached, it ends: a client that has lost
   * its connection need not wait until we notice (part 2.6.1).
   * @returns what was kept of it, which is the caller's now
   */
  resume(client: AmqpClient, role: Link['role'], name: string): SuspendedLink | null {
    const key = keyOf(client, role, name);
    const attached = this.#attached.get(key);
    if (attached !== undefined) {
      client.broker.requestTurn();
      return attached.session.surrender(attached);
    }
    const suspended = this.#suspended.get(key);
    if (suspended === undefined) return null;
    suspended.cancelExpiry?.();
    this.#suspended.delete(key);
    suspended.collect();
    suspended.link.suspended = null;
    return suspended;
  }

  /** A session or connection is over: its links last as their policies say. */
  passed(client: AmqpClient, event: LinkEvent): void {
    if (this.#suspended.size === 0) return;
    for (const [key, suspended] of this.#suspended) {
      const { session } = suspended.link;
      const concerned = session.client === client;
      if (concerned && (event === 'connection-close' || session.over)) {
        suspended.collect();
        this.#arm(client, key, suspended, event);
      }
    }
  }

  #arm(client: AmqpClient, key: string, suspended: SuspendedLink, event: LinkEvent): void {
    const { broker } = client;
    const lifetimeMs = suspended.lifetimeMs(event, broker.limits.linkResumeMsMax);
    suspended.cancelExpiry?.();
    const end = (): void => {
      if (this.#suspended.get(key) === suspended) this.#suspended.delete(key);
      suspended.drop(broker);
    };
    if (lifetimeMs === 0) end();
    else suspended.cancelExpiry = broker.schedule(lifetimeMs, end);
  }
}

/** A container id belongs to whoever logged in: nobody takes over the links of another user. */
function keyOf(client: AmqpClient, role: Link['role'], name: string): string {
  const { containerId, connection } = client;
  return JSON.stringify([connection.info.principal.name, containerId, role, name]);
}
