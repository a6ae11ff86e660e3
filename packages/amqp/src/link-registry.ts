import type { AmqpClient } from './client.js';
import { CONDITION, errorInfo } from './errors.js';
import type { Link } from './session.js';
import type { LinkEvent, SuspendedLink } from './suspended-link.js';

/**
 * Which links there are, over all connections. A link is known by the containers at its ends, its
 * name and its direction (part 2.6.1): there is one of each, and who attaches it again takes it over.
 */
export class LinkRegistry {
  readonly #attached = new Map<string, Link>();
  readonly #suspended = new Map<string, SuspendedLink>();

  /** Adds a link; one of the same name is detached, wherever it is. */
  add(client: AmqpClient, link: Link): void {
    this.#attached.set(keyOf(client, link.role, link.name), link);
  }

  /** Ends the link of that name that is attached now, if there is one. */
  steal(client: AmqpClient, role: Link['role'], name: string): void {
    const former = this.#attached.get(keyOf(client, role, name));
    if (former === undefined) return;
    former.session.detach(former, errorInfo(CONDITION.stolen, 'the link was attached again'));
    client.broker.requestTurn();
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

  /** The link is attached again: what was kept of it. */
  resume(client: AmqpClient, role: Link['role'], name: string): SuspendedLink | null {
    const key = keyOf(client, role, name);
    const suspended = this.#suspended.get(key) ?? null;
    suspended?.cancelExpiry?.();
    this.#suspended.delete(key);
    return suspended;
  }

  /** A session or connection is over: its links last as their policies say. */
  passed(client: AmqpClient, event: LinkEvent): void {
    if (this.#suspended.size === 0) return;
    for (const [key, suspended] of this.#suspended) {
      const { session } = suspended.link;
      const concerned = session.client === client;
      if (concerned && (event === 'connection-close' || session.over)) {
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
