import type { Message } from './message.js';
import type { Store, StoredEntry } from './ports.js';

/**
 * Bodies that several queues share. A body is stored once and freed when the last of its stored
 * entries is settled. While any queue holds the message in memory, all of them hold the same
 * object; when none does, what is left of its references is counted again from its targets.
 */
export class BodyTable {
  readonly #resident = new Map<number, Message>();
  readonly #store: Store;
  /** Whether an entry is settled, or its queue gone. */
  readonly #isSettled: (queueId: number, sequence: number) => boolean;

  constructor(store: Store, isSettled: (queueId: number, sequence: number) => boolean) {
    this.#store = store;
    this.#isSettled = isSettled;
  }

  /** A queue took the message into memory. */
  enter(message: Message): void {
    if (message.residents++ === 0) this.#resident.set(message.id, message);
  }

  /** A queue no longer holds it in memory. */
  leave(message: Message): void {
    if (--message.residents === 0) this.#resident.delete(message.id);
  }

  /** An entry that was stored by reference is settled. */
  release(message: Message): void {
    if (--message.storedReferences === 0) this.#store.deleteBody(message.id);
  }

  /** The one object for a shared body that was read back. */
  adopt(entry: StoredEntry): Message {
    const known = this.#resident.get(entry.bodyId);
    if (known !== undefined) return known;
    const message = entry.message!;
    let references = 0;
    for (let index = 0; index < entry.bodyTargets.length; index += 2) {
      if (!this.#isSettled(entry.bodyTargets[index]!, entry.bodyTargets[index + 1]!)) references++;
    }
    message.storedReferences = references;
    return message;
  }
}
