import type { Message, QueueEntry } from '@causeway/core';

/** Where the exchange of a packet identifier stands, seen from the broker that publishes. */
export const FLIGHT = {
  free: 0,
  /** QoS 1, sent: PUBACK is awaited. */
  published1: 1,
  /** QoS 1: the PUBLISH waits behind one of QoS 2, to keep the order. */
  reserved1: 2,
  /** QoS 2: the identifier is being stored, the PUBLISH has not left. */
  reserved2: 3,
  /** QoS 2, sent: PUBREC is awaited. */
  published2: 4,
  /** QoS 2: the PUBREC is being stored, the PUBREL has not left. */
  releasing: 5,
  /** QoS 2: PUBCOMP is awaited. */
  released: 6,
  /** As `releasing`, but begun on an earlier connection: not counted in the client's quota. */
  releasingAgain: 7,
  releasedAgain: 8,
  /** Sent on an earlier connection; to be sent again, with the same identifier, which is stored. */
  returned1: 9,
  returned2: 10,
} as const;

export type Flight = (typeof FLIGHT)[keyof typeof FLIGHT];

const IDENTIFIER_MAX = 65_535;

/**
 * The packet identifiers that a session's deliveries use, and what each stands for. It belongs to
 * the session, not to the connection: what is unacknowledged when a connection ends keeps its
 * identifier and goes out under it again [MQTT-4.4.0-1]. An identifier in use is never given to
 * another message [MQTT-2.2.1-4].
 */
export class Inflight {
  /**
   * QoS 2 deliveries of shared subscriptions that were cut off: they are finished with this client,
   * by message id instead of by entry, since they moved into the session's queue [MQTT-4.8.2-4].
   */
  readonly #adopted = new Map<number, number[]>();
  /** Every identifier in use, in the order in which they were taken. */
  readonly #entries = new Map<number, QueueEntry | null>();
  /** What they stand for, unless that is `published1`: most deliveries are at QoS 1. */
  readonly #states = new Map<number, Flight>();
  /** Stored entries that will come back, by sequence in the session's queue. */
  readonly #bySequence = new Map<number, number>();
  #returned = 0;
  #last = 0;

  /** Identifiers in use, except for those that only wait to be delivered again. */
  get active(): number {
    return this.#entries.size - this.#returned;
  }

  /** Whether all 65,535 identifiers are in use. */
  get full(): boolean {
    return this.#entries.size >= IDENTIFIER_MAX;
  }

  /** The identifiers in use, in the order in which they were taken as far as that is known. */
  get ids(): number[] {
    return [...this.#entries.keys()];
  }

  state(id: number): Flight {
    if (!this.#entries.has(id)) return FLIGHT.free;
    return this.#states.size === 0
      ? FLIGHT.published1
      : (this.#states.get(id) ?? FLIGHT.published1);
  }

  entry(id: number): QueueEntry | null {
    return this.#entries.get(id) ?? null;
  }

  /** Takes the next free identifier; there is one unless it is `full`. */
  take(entry: QueueEntry, state: Flight): number {
    let id = this.#last;
    do {
      id = id === IDENTIFIER_MAX ? 1 : id + 1;
    } while (this.#entries.has(id));
    this.#last = id;
    this.#entries.set(id, entry);
    if (state !== FLIGHT.published1) this.#states.set(id, state);
    return id;
  }

  /** Puts an identifier that an earlier connection took into a state. */
  restore(id: number, entry: QueueEntry | null, state: Flight): void {
    this.set(id, state);
    this.#entries.set(id, entry);
  }

  set(id: number, state: Flight): void {
    this.#leave(id);
    if (isReturned(state)) this.#returned++;
    if (state === FLIGHT.published1) this.#states.delete(id);
    else this.#states.set(id, state);
    if (isReleasing(state)) this.#entries.set(id, null);
  }

  free(id: number): void {
    this.#leave(id);
    this.#entries.delete(id);
    if (this.#states.size > 0) this.#states.delete(id);
  }

  /** Has the entry find its identifier when it is delivered again. */
  expect(id: number, sequence: number): void {
    if (sequence > 0) this.#bySequence.set(sequence, id);
  }

  /** Has a message that came over from a group's queue find its identifier; one for each group. */
  adopt(id: number, messageId: number): void {
    this.restore(id, null, FLIGHT.returned2);
    const ids = this.#adopted.get(messageId);
    if (ids === undefined) this.#adopted.set(messageId, [id]);
    else ids.push(id);
  }

  /** The identifier under which an entry went out before, once; 0 if there is none. */
  claim(entry: QueueEntry, message: Message): number {
    if (this.#returned === 0) return 0;
    if (entry.target?.direct === true) {
      const adopted = this.#claimAdopted(message.id);
      if (adopted > 0) return adopted;
    }
    const expected = entry.sequence > 0 ? this.#bySequence.get(entry.sequence) : undefined;
    if (expected !== undefined) {
      this.#bySequence.delete(entry.sequence);
      return expected;
    }
    const known = entry.tag > 0 && this.entry(entry.tag) === entry;
    return known && isReturned(this.state(entry.tag)) ? entry.tag : 0;
  }

  #claimAdopted(messageId: number): number {
    const ids = this.#adopted.get(messageId);
    if (ids === undefined) return 0;
    if (ids.length === 1) this.#adopted.delete(messageId);
    return ids.shift()!;
  }

  #leave(id: number): void {
    if (this.#returned === 0 || !isReturned(this.state(id))) return;
    this.#returned--;
    const sequence = this.entry(id)?.sequence ?? 0;
    if (sequence > 0) this.#bySequence.delete(sequence);
  }
}

function isReturned(state: Flight): boolean {
  return state === FLIGHT.returned1 || state === FLIGHT.returned2;
}

function isReleasing(state: Flight): boolean {
  return state >= FLIGHT.releasing && state <= FLIGHT.releasedAgain;
}
