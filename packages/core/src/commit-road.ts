import type { Confirmable } from './broker-api.js';
import { ConfirmRing } from './confirm-ring.js';
import type { Store } from './ports.js';

interface Dependencies {
  readonly store: Store;
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  readonly requestTurn: () => void;
  /** Whether something is still to be staged when the commit is sealed. */
  readonly hasUnstaged: () => boolean;
  readonly stage: () => void;
  /** Whether the open commit is waited for, other than by confirms. */
  readonly isAwaited: () => boolean;
}

/** How long a commit that nobody waits for may stay open, and how large it may grow meanwhile. */
const LAZY_COMMIT_MS = 10;
const LAZY_BYTES_MAX = 64 * 1024;

/** The one durability road: what is promised is said when the commit that holds it is durable. */
export class CommitRoad {
  readonly #dependencies: Dependencies;
  readonly #confirms = new ConfirmRing();
  #lastStaged = 0;
  #lazySeal = false;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** See `BrokerApi.confirm`. */
  confirm(who: Confirmable, token: number): void {
    const { store, hasUnstaged, requestTurn } = this.#dependencies;
    if (store.dirty || hasUnstaged()) this.#lastStaged = store.openCommit;
    if (who.pendingConfirms === 0 && this.#lastStaged <= store.durableCommit) {
      who.confirmed(token);
      return;
    }
    this.#confirms.push(who, token, this.#lastStaged);
    requestTurn();
  }

  /**
   * Seals the open commit when somebody waits for it. What nobody waits for, such as settlements
   * without a receipt, joins a later commit: it costs no sync of its own.
   */
  seal(): void {
    const { store, stage, isAwaited } = this.#dependencies;
    stage();
    if (!store.dirty) return;
    this.#lastStaged = store.openCommit;
    const awaited = isAwaited() || this.#confirms.lastCommit >= store.openCommit;
    if (awaited || store.pendingBytes > LAZY_BYTES_MAX) store.commit();
    else this.#sealLater();
  }

  /** A commit is durable: whoever waits for it is told. */
  keepPromises(commit: number): void {
    this.#confirms.run(commit);
  }

  #sealLater(): void {
    if (this.#lazySeal) return;
    this.#lazySeal = true;
    const { schedule, store } = this.#dependencies;
    schedule(LAZY_COMMIT_MS, () => {
      this.#lazySeal = false;
      store.commit();
    });
  }
}
