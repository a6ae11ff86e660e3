import { amendedMessage } from './amended-message.js';
import type { Limits } from './limits.js';
import type { Message } from './message.js';
import type { QueueEntry } from './queue-entry.js';

/** What the amendments of all queues take together. */
export interface AmendmentsTotal {
  amendmentBytes: number;
}

/**
 * What consumers have added to the messages that wait in one queue. It is kept in memory, also of
 * entries that are in the store only, and is forgotten with the process.
 */
export class Amendments {
  readonly #limits: Limits;
  readonly #total: AmendmentsTotal;
  /** Of stored entries, by sequence. */
  readonly #stored = new Map<number, Buffer>();

  constructor(limits: Limits, total: AmendmentsTotal) {
    this.#limits = limits;
    this.#total = total;
  }

  /** Replaces what was added to the message of an entry, unless there is no room. */
  set(entry: QueueEntry, amendments: Buffer): void {
    const bytes = this.#total.amendmentBytes + amendments.length - sizeOf(entry);
    if (bytes > this.#limits.amendmentBytesTotal) return;
    this.#total.amendmentBytes = bytes;
    entry.shown = amendedMessage(entry.message, amendments);
    if (entry.sequence > 0) this.#stored.set(entry.sequence, amendments);
  }

  /** The message of a stored entry with what was added to it. */
  shown(sequence: number, message: Message): Message {
    const amendments = this.#stored.size === 0 ? undefined : this.#stored.get(sequence);
    return amendments === undefined ? message : amendedMessage(message, amendments);
  }

  /** An entry in memory is settled. */
  forget(entry: QueueEntry): void {
    if (entry.shown === entry.message) return;
    this.#total.amendmentBytes -= sizeOf(entry);
    this.#stored.delete(entry.sequence);
  }

  /** An entry that was in the store only is settled. */
  forgetStored(sequence: number): void {
    if (this.#stored.size === 0) return;
    this.#total.amendmentBytes -= this.#stored.get(sequence)?.length ?? 0;
    this.#stored.delete(sequence);
  }
}

function sizeOf({ shown, message }: QueueEntry): number {
  return shown === message ? 0 : (shown.amendments?.length ?? 0);
}
