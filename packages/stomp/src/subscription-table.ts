import type { Subscription } from './subscription.js';

/**
 * The subscriptions of one connection, by id and by slot. A slot is used again after its
 * subscription ended, but its delivery numbers go on, so that an ack id never means two deliveries.
 */
export class SubscriptionTable {
  readonly #byId = new Map<string, Subscription>();
  readonly #slots: (Subscription | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  /** By slot: the number after the last delivery of the subscriptions that ended. */
  readonly #nextNumbers: number[] = [];

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Subscription | undefined {
    return this.#byId.get(id);
  }

  at(slot: number): Subscription | undefined {
    return this.#slots[slot];
  }

  add(subscription: Subscription): void {
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    subscription.place(slot, this.#nextNumbers[slot] ?? 1);
    this.#slots[slot] = subscription;
    this.#byId.set(subscription.id, subscription);
  }

  remove(subscription: Subscription): void {
    if (this.#slots[subscription.slot] !== subscription) return;
    this.#slots[subscription.slot] = undefined;
    this.#nextNumbers[subscription.slot] = subscription.unsettled.next;
    this.#freeSlots.push(subscription.slot);
    this.#byId.delete(subscription.id);
  }

  values(): Iterable<Subscription> {
    return this.#byId.values();
  }

  clear(): void {
    for (const subscription of [...this.#byId.values()]) this.remove(subscription);
  }
}
