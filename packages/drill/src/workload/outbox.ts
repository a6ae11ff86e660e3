import type { OutgoingMessage } from './body.js';
import { makeMessage } from './body.js';
import type { ClientSettings } from './client-settings.js';

interface Waiting {
  readonly message: OutgoingMessage;
  attempts: number;
}

/** The most messages that wait for an answer; the broker has been away for long when it is full. */
const WAITING_MAX = 20_000;

/**
 * The messages of a producer that nobody has confirmed yet. They are sent anew, in their order, on
 * every new connection.
 */
export class Outbox {
  readonly #settings: ClientSettings;
  readonly #waiting = new Map<string, Waiting>();
  #write: ((message: OutgoingMessage) => void) | null = null;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#waiting.size;
  }

  send(sequence: number): void {
    if (this.#waiting.size >= WAITING_MAX) return;
    const message = makeMessage(this.#settings.name, sequence, this.#settings.lane.size);
    const waiting = { message, attempts: 0 };
    this.#waiting.set(message.id, waiting);
    this.#transmit(waiting);
  }

  /** A connection is there: everything that waits goes out on it. */
  opened(write: (message: OutgoingMessage) => void): void {
    this.#write = write;
    for (const waiting of this.#waiting.values()) this.#transmit(waiting);
  }

  closed(): void {
    this.#write = null;
  }

  confirmed(id: string): void {
    if (!this.#waiting.delete(id)) return;
    this.#settings.ledger.record({ kind: 'confirm', client: this.#settings.name, id });
  }

  /** The broker did not take it, and said so: it is sent no more. */
  refused(id: string): void {
    if (!this.#waiting.delete(id)) return;
    this.#settings.ledger.record({ kind: 'refuse', client: this.#settings.name, id });
  }

  #transmit(waiting: Waiting): void {
    if (this.#write === null) return;
    const { message } = waiting;
    recordSend(this.#settings, message, ++waiting.attempts);
    this.#write(message);
  }
}

export function recordSend(
  { ledger, name }: ClientSettings,
  { id, crc }: OutgoingMessage,
  attempt: number,
  transaction?: string,
): void {
  ledger.record({
    ...{ kind: 'send', client: name, id, attempt, crc },
    ...(transaction === undefined ? {} : { transaction }),
  });
}
