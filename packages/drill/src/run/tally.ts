import type { ClientEntry, LedgerEvent } from '../ledger/ledger-event.js';
import { producerOf } from '../verdict/history.js';
import { DEAD_LETTERS } from '../verdict/no-loss.js';

/** Counts what a run has come to so far, and what its consumers still have to get. */
export class Tally {
  confirmed = 0;
  delivered = 0;
  /** Lanes of which something was confirmed. */
  readonly lanes = new Set<string>();
  readonly #clients = new Map<string, ClientEntry>();
  /** By destination. */
  readonly #subscriptions = new Map<string, Set<string>>();
  /** By subscription: what came, and what was confirmed and has not come. */
  readonly #came = new Map<string, Set<string>>();
  readonly #missing = new Map<string, Set<string>>();

  get missing(): number {
    let count = 0;
    for (const ids of this.#missing.values()) count += ids.size;
    return count;
  }

  /** Confirmed messages that have not come, by subscription. */
  remaining(): [subscription: string, count: number][] {
    return [...this.#missing].map(([subscription, ids]) => [subscription, ids.size]);
  }

  watch(event: LedgerEvent): void {
    switch (event.kind) {
      case 'client':
        this.#addClient(event);
        break;
      case 'confirm':
        this.confirmed++;
        this.lanes.add(this.#clients.get(event.client)?.lane ?? '');
        for (const subscription of this.#subscriptionsOf(event.id)) {
          if (!this.#came.get(subscription)!.has(event.id)) {
            this.#missing.get(subscription)!.add(event.id);
          }
        }
        break;
      case 'deliver': {
        this.delivered++;
        const subscription = this.#clients.get(event.client)?.subscription;
        if (subscription === undefined) break;
        const all =
          subscription === DEAD_LETTERS ? this.#subscriptionsOf(event.id) : [subscription];
        for (const name of all) {
          this.#came.get(name)?.add(event.id);
          this.#missing.get(name)?.delete(event.id);
        }
        break;
      }
      default:
    }
  }

  #addClient(client: ClientEntry): void {
    this.#clients.set(client.client, client);
    const { subscription, destination } = client;
    if (subscription === undefined || subscription === DEAD_LETTERS) return;
    const known = this.#subscriptions.get(destination);
    if (known === undefined) this.#subscriptions.set(destination, new Set([subscription]));
    else known.add(subscription);
    if (this.#came.has(subscription)) return;
    this.#came.set(subscription, new Set());
    this.#missing.set(subscription, new Set());
  }

  #subscriptionsOf(id: string): Iterable<string> {
    const destination = this.#clients.get(producerOf(id))?.destination ?? '';
    return this.#subscriptions.get(destination) ?? [];
  }
}
