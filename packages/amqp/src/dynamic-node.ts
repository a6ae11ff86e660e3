import type { Address, BrokerApi, Queue } from '@causeway/core';
import { CONDITION, errorInfo } from './errors.js';
import type { LifetimePolicy } from './lifetime-policy.js';
import type { Link } from './session.js';
import type { TerminusResource } from './terminus.js';

export interface DynamicNodeParts {
  readonly broker: BrokerApi;
  readonly address: Address;
  /** Null for a topic. */
  readonly queue: Queue | null;
  readonly policy: LifetimePolicy;
  /** Called once, when it is deleted. */
  readonly ended: (node: DynamicNode) => void;
}

/**
 * A node that a dynamic terminus has created (part 3.5.3). It is the resource of that terminus, and
 * of nobody else's: `hold` and `release` tell whether the link that caused its creation exists.
 */
export class DynamicNode implements TerminusResource {
  readonly address: Address;
  readonly queue: Queue | null;
  readonly policy: LifetimePolicy;
  readonly #broker: BrokerApi;
  readonly #ended: (node: DynamicNode) => void;
  /** Links of any connection, of which it is the source or the target. */
  readonly #links = new Set<Link>();
  #creators = 0;
  #deleted = false;
  /** Ends the time that it may last without its link; null when that does not run. */
  #cancelTimeout: (() => void) | null = null;

  constructor(parts: DynamicNodeParts) {
    this.address = parts.address;
    this.queue = parts.queue;
    this.policy = parts.policy;
    this.#broker = parts.broker;
    this.#ended = parts.ended;
  }

  /** Whether the link that caused its creation exists. */
  get hasCreator(): boolean {
    return this.#creators > 0;
  }

  hold(): void {
    // It is another life of the same terminus, which was still counted.
    if (!this.#endTimeout()) this.#creators++;
  }

  release(timeoutMs: number): void {
    if (timeoutMs > 0 && !this.#deleted) {
      if (this.#endTimeout()) this.#creators--;
      this.#cancelTimeout = this.#broker.schedule(timeoutMs, () => {
        this.#cancelTimeout = null;
        this.release(0);
      });
      return;
    }
    this.#creators--;
    this.review();
  }

  attached(link: Link): void {
    this.#links.add(link);
  }

  detached(link: Link): void {
    if (this.#links.delete(link)) this.review();
  }

  /** Deletes it when its time is over. */
  review(): void {
    if (!this.#deleted && this.#isOver) this.delete();
  }

  /** Deletes it, whatever its policy: with the connection that it belongs to. */
  delete(): void {
    if (this.#deleted) return;
    this.#deleted = true;
    this.#endTimeout();
    this.#ended(this);
    const error = errorInfo(CONDITION.resourceDeleted, 'the dynamic node was deleted');
    for (const link of this.#links) {
      if (!link.session.over) link.session.detach(link, error);
    }
    if (this.queue !== null) this.#broker.deleteQueue(this.queue);
    this.#broker.requestTurn();
  }

  /** @returns whether it ran */
  #endTimeout(): boolean {
    if (this.#cancelTimeout === null) return false;
    this.#cancelTimeout();
    this.#cancelTimeout = null;
    return true;
  }

  /** Part 3.5.10 to 3.5.13. A topic has no messages. */
  get #isOver(): boolean {
    const { policy } = this;
    const toleratesLinks = policy === 'delete-on-close' || policy === 'delete-on-no-messages';
    const toleratesMessages = policy === 'delete-on-close' || policy === 'delete-on-no-links';
    return (
      this.#creators === 0 &&
      (toleratesLinks || this.#links.size === 0) &&
      (toleratesMessages || this.#isEmpty)
    );
  }

  get #isEmpty(): boolean {
    return this.queue === null || this.queue.length === 0;
  }
}
