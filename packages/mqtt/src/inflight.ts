import type { Message, QueueEntry } from '@causeway/core';

/** Where the exchange of a packet identifier stands, seen from the broker that publishes. */
export const FLIGHT = {
  free: 0,
  /** QoS 1, sent: PUBACK is awaited. */
  published1: 1,
  /** QoS 2: the identifier is being stored, the PUBLISH has not left. */
  reserved2: 2,
  /** QoS 2, sent: PUBREC is awaited. */
  published2: 3,
  /** QoS 2: the PUBREC is being stored, the PUBREL has not left. */
  releasing: 4,
  /** QoS 2: PUBCOMP is awaited. */
  released: 5,
  /** As `releasing`, but begun on an earlier connection: not counted in the client's quota. */
  releasingAgain: 6,
  releasedAgain: 7,
  /** Sent on an earlier connection; to be sent again, with the same identifier. */
  returned1: 8,
  returned2: 9,
} as const;

export type Flight = (typeof FLIGHT)[keyof typeof FLIGHT];

const IDENTIFIER_MAX = 65_535;
const CAPACITY_MIN = 64;

/**
 * The packet identifiers that a session's deliveries use, and what each stands for. It belongs to
 * the session, not to the connection: what is unacknowledged when a connection ends keeps its
 * identifier and goes out under it again [MQTT-4.4.0-1]. An identifier in use is never given to
 * another message [MQTT-2.2.1-4].
 */
export class Inflight {
  /**
   * QoS 2 deliveries of shared subscriptions that were cut off: they are finished with this client,
   * by message instead of by entry, since they moved into the session's queue [MQTT-4.8.2-4].
   */
  readonly adopted = new Map<Message, number>();
  /** Stored entries that will come back, by sequence in the session's queue. */
  readonly #bySequence = new Map<number, number>();
  #states = new Uint8Array(CAPACITY_MIN);
  #entries: (QueueEntry | null)[] = new Array<QueueEntry | null>(CAPACITY_MIN).fill(null);
  #used = 0;
  #returned = 0;
  #last = 0;

  /** Identifiers in use, except for those that only wait to be delivered again. */
  get active(): number {
    return this.#used - this.#returned;
  }

  state(id: number): Flight {
    return (id < this.#states.length ? this.#states[id]! : FLIGHT.free) as Flight;
  }

  entry(id: number): QueueEntry | null {
    return this.#entries[id] ?? null;
  }

  /** Whether all 65,535 identifiers are in use. */
  get full(): boolean {
    return this.#used >= IDENTIFIER_MAX;
  }

  /** Takes the next free identifier; there is one unless it is `full`. */
  take(entry: QueueEntry, state: Flight): number {
    if (this.#used >= this.#states.length - 1) this.#grow();
    let id = this.#last;
    do {
      id = id + 1 < this.#states.length ? id + 1 : 1;
    } while (this.#states[id] !== FLIGHT.free);
    this.#last = id;
    this.#used++;
    this.#states[id] = state;
    this.#entries[id] = entry;
    return id;
  }

  /** Puts an identifier that another connection took into a state. */
  restore(id: number, entry: QueueEntry | null, state: Flight): void {
    while (id >= this.#states.length) this.#grow();
    if (this.#states[id] === FLIGHT.free) this.#used++;
    this.#change(id, state);
    this.#entries[id] = entry;
  }

  set(id: number, state: Flight): void {
    this.#change(id, state);
    if (state >= FLIGHT.releasing && state <= FLIGHT.releasedAgain) this.#entries[id] = null;
  }

  free(id: number): void {
    this.#change(id, FLIGHT.free);
    this.#entries[id] = null;
    this.#used--;
  }

  /** Has the entry find its identifier when it is delivered again. */
  expect(id: number, sequence: number): void {
    if (sequence > 0) this.#bySequence.set(sequence, id);
  }

  /** The identifier under which an entry went out before, once; 0 if there is none. */
  claim(entry: QueueEntry, message: Message): number {
    if (this.#returned === 0) return 0;
    const adopted = this.adopted.get(message);
    if (adopted !== undefined && entry.target?.direct === true) {
      this.adopted.delete(message);
      return adopted;
    }
    const expected = entry.sequence > 0 ? this.#bySequence.get(entry.sequence) : undefined;
    if (expected !== undefined) {
      this.#bySequence.delete(entry.sequence);
      return expected;
    }
    const known = entry.tag > 0 && this.#entries[entry.tag] === entry;
    return known && this.state(entry.tag) >= FLIGHT.returned1 ? entry.tag : 0;
  }

  /** The identifiers in use, in the order in which they were taken as far as that is known. */
  *ids(): Generator<number> {
    const { length } = this.#states;
    for (let step = 1; step < length; step++) {
      const id = ((this.#last + step - 1) % (length - 1)) + 1;
      if (this.#states[id] !== FLIGHT.free) yield id;
    }
  }

  #change(id: number, state: Flight): void {
    if (this.#states[id]! >= FLIGHT.returned1) {
      this.#returned--;
      const sequence = this.#entries[id]?.sequence ?? 0;
      if (sequence > 0) this.#bySequence.delete(sequence);
    }
    if (state >= FLIGHT.returned1) this.#returned++;
    this.#states[id] = state;
  }

  #grow(): void {
    const capacity = this.#states.length * 2;
    const states = new Uint8Array(capacity);
    states.set(this.#states);
    this.#states = states;
    const missing = capacity - this.#entries.length;
    this.#entries.push(...new Array<QueueEntry | null>(missing).fill(null));
  }
}
