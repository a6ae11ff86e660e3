import type { SubscriptionLife } from './documents.js';
import type { Clock } from './ports.js';
import type { Queue } from './queue.js';

interface Dependencies {
  readonly clock: Clock;
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  /** Stores how long a queue lasts; null for ever. */
  readonly saveQueue: (queue: Queue, life: SubscriptionLife | null) => void;
  readonly deleteQueue: (queue: Queue) => void;
}

interface Lease {
  expiryMs: number;
  /** Wall-clock milliseconds since when nobody consumes; null while somebody does. */
  unusedSince: number | null;
  cancel: () => void;
}

const NOTHING = () => {};

/**
 * Ends subscriptions that nobody has consumed from for as long as they may outlive their consumers.
 * Those that last for ever are not known here.
 */
export class SubscriptionExpiry {
  readonly #leases = new Map<Queue, Lease>();
  /** How many hold on to a queue without consuming from it. */
  readonly #holds = new Map<Queue, number>();
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Sets how long a subscription outlives its last consumer: 0 ends with it, Infinity never ends.
   * One without a consumer waits for one for so long from now on, or for ever if it is 0.
   */
  set(queue: Queue, expiryMs: number): void {
    const known = this.#leases.get(queue);
    if ((known?.expiryMs ?? Number.POSITIVE_INFINITY) === expiryMs) return;
    known?.cancel();
    if (expiryMs === Number.POSITIVE_INFINITY) {
      this.#leases.delete(queue);
      this.#dependencies.saveQueue(queue, null);
      return;
    }
    const used = queue.consumers.length > 0 || this.#holds.has(queue);
    const unusedSince = used ? null : this.#dependencies.clock.wallMs();
    const lease: Lease = { expiryMs, unusedSince, cancel: NOTHING };
    this.#leases.set(queue, lease);
    this.#save(queue, lease);
    if (!used && expiryMs > 0) this.#arm(queue, lease);
  }

  /** The queue has its first consumer. */
  joined(queue: Queue): void {
    const lease = this.#leases.get(queue);
    if (lease === undefined) return;
    lease.cancel();
    lease.cancel = NOTHING;
    lease.unusedSince = null;
    this.#save(queue, lease);
  }

  /** Somebody needs the queue although he does not consume: as if he did, until `release`. */
  hold(queue: Queue): void {
    this.#holds.set(queue, (this.#holds.get(queue) ?? 0) + 1);
    this.joined(queue);
  }

  /** Consumers that are left do not count: who needs it holds on to it. */
  release(queue: Queue): void {
    const holds = this.#holds.get(queue);
    if (holds === undefined) return;
    if (holds > 1) {
      this.#holds.set(queue, holds - 1);
      return;
    }
    this.#holds.delete(queue);
    this.left(queue);
  }

  /** The queue's last consumer is gone. */
  left(queue: Queue): void {
    const lease = this.#leases.get(queue);
    if (lease === undefined || this.#holds.has(queue)) return;
    // It was let go before its last consumer went.
    if (lease.unusedSince !== null) return;
    lease.unusedSince = this.#dependencies.clock.wallMs();
    this.#arm(queue, lease);
    if (this.#leases.has(queue)) this.#save(queue, lease);
  }

  /** The queue is deleted. */
  forget(queue: Queue): void {
    this.#leases.get(queue)?.cancel();
    this.#leases.delete(queue);
    this.#holds.delete(queue);
  }

  /** Takes up a subscription that was stored; its consumers went away with the process. */
  restore(queue: Queue, { expiryMs, unusedSince }: SubscriptionLife): void {
    const since = unusedSince ?? this.#dependencies.clock.wallMs();
    const lease: Lease = { expiryMs, unusedSince: since, cancel: NOTHING };
    this.#leases.set(queue, lease);
    this.#arm(queue, lease);
    if (unusedSince === undefined && this.#leases.has(queue)) this.#save(queue, lease);
  }

  /** Has the queue end when it was unused for long enough; that may be now. */
  #arm(queue: Queue, lease: Lease): void {
    const { clock, schedule, deleteQueue } = this.#dependencies;
    const leftMs = lease.unusedSince! + lease.expiryMs - clock.wallMs();
    if (leftMs <= 0) deleteQueue(queue);
    else lease.cancel = schedule(leftMs, () => deleteQueue(queue));
  }

  #save(queue: Queue, { expiryMs, unusedSince }: Lease): void {
    const life = unusedSince === null ? { expiryMs } : { expiryMs, unusedSince };
    this.#dependencies.saveQueue(queue, life);
  }
}
