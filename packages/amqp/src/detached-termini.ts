import type { AmqpClient } from './client.js';
import type { Link } from './session.js';
import type { LinkEvent } from './suspended-link.js';
import { outlasts } from './terminus.js';

const MS_PER_SECOND = 1000;

/**
 * Termini of one connection whose links are detached, and which exist all the same: until their
 * sessions end, or until the connection does (part 3.5.6). What lasts longer than that is the
 * broker's to end.
 */
export class DetachedTermini {
  readonly #client: AmqpClient;
  readonly #links = new Map<string, Link>();

  constructor(client: AmqpClient) {
    this.#client = client;
  }

  /** A link is attached: perhaps another life of one whose terminus is kept. */
  attached(link: Link): void {
    link.node?.attached(link);
    // Before the former life lets go of it.
    link.resource?.hold();
    this.#forget(keyOf(link));
  }

  /** A link is detached. @param event what may be survived; null when it is closed for good */
  detached(link: Link, event: LinkEvent | null): void {
    const { node, resource } = link;
    node?.detached(link);
    if (resource === null) return;
    if (event === null) {
      resource.release(0);
      return;
    }
    const { subscriptionsPerConnectionMax } = this.#client.broker.limits;
    const full = this.#links.size >= subscriptionsPerConnectionMax;
    if (full || event === 'connection-close' || !outlasts(link.terminus, event)) {
      resource.release(this.#timeoutOf(link));
      return;
    }
    this.#forget(keyOf(link));
    this.#links.set(keyOf(link), link);
  }

  /** A session has ended, or the connection does. */
  passed(event: LinkEvent): void {
    for (const [key, link] of this.#links) {
      const concerned = event === 'connection-close' || link.session.over;
      if (!concerned || (event !== 'connection-close' && outlasts(link.terminus, event))) continue;
      this.#links.delete(key);
      link.resource?.release(this.#timeoutOf(link));
    }
  }

  #forget(key: string): void {
    const link = this.#links.get(key);
    if (link === undefined) return;
    this.#links.delete(key);
    link.resource?.release(0);
  }

  #timeoutOf({ terminus }: Link): number {
    return terminus.timeout * MS_PER_SECOND;
  }
}

function keyOf({ role, name }: Link): string {
  return `${role} ${name}`;
}
