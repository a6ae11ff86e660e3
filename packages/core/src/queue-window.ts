import type { Limits } from './limits.js';
import type { Message } from './message.js';

/** Bookkeeping of one waiting message in memory, beside its body. */
const ENTRY_BYTES = 256;
/** A queue whose share of memory is used up still holds this many, so that it makes progress. */
const SMALL_WINDOW_MESSAGES = 64;

/** What all queues hold in memory together. */
export interface WindowTotal {
  windowBytes: number;
}

/** How much of a queue waits in memory, against what is allowed. */
export class QueueWindow {
  readonly #limits: Limits;
  readonly #total: WindowTotal;
  #messages = 0;
  #bytes = 0;
  #expiring = 0;

  constructor(limits: Limits, total: WindowTotal) {
    this.#limits = limits;
    this.#total = total;
  }

  get messages(): number {
    return this.#messages;
  }

  /** Whether any of them expires some day. */
  get expires(): boolean {
    return this.#expiring > 0;
  }

  /** A durable queue keeps further messages in the store only. */
  get full(): boolean {
    const limits = this.#limits;
    return (
      this.#messages >= limits.queueWindowMessages ||
      this.#bytes >= limits.queueWindowBytes ||
      this.crowded
    );
  }

  /** Whether more than a part, from 0 to 1, of what may wait in memory waits there. */
  exceeds(part: number): boolean {
    const { queueWindowMessages, queueWindowBytes } = this.#limits;
    return this.#messages > queueWindowMessages * part || this.#bytes > queueWindowBytes * part;
  }

  /** A queue that stores nothing drops further messages. */
  get transientFull(): boolean {
    const { transientMessagesMax, transientBytesMax } = this.#limits;
    return this.#messages >= transientMessagesMax || this.#bytes >= transientBytesMax;
  }

  /** All queues together hold as much as they may, and this one more than its small share. */
  get crowded(): boolean {
    return (
      this.#messages >= SMALL_WINDOW_MESSAGES &&
      this.#total.windowBytes >= this.#limits.windowBytesTotal
    );
  }

  /** So much waits in memory, without a store behind it, that producers should wait. */
  get behind(): boolean {
    const { pacingMessages, pacingBytes } = this.#limits;
    return this.#messages > pacingMessages || this.#bytes > pacingBytes;
  }

  /** Reading ahead makes sense: less than half of the window waits. */
  get low(): boolean {
    return this.#messages <= this.#limits.queueWindowMessages / 2 && !this.full;
  }

  add(message: Message): void {
    const bytes = message.size + ENTRY_BYTES;
    this.#messages++;
    this.#bytes += bytes;
    if (message.expiresAt > 0) this.#expiring++;
    this.#total.windowBytes += bytes;
  }

  remove(message: Message): void {
    const bytes = message.size + ENTRY_BYTES;
    this.#messages--;
    this.#bytes -= bytes;
    if (message.expiresAt > 0) this.#expiring--;
    this.#total.windowBytes -= bytes;
  }
}
