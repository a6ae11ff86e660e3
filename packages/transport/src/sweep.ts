import type { RefreshableClock } from './refreshable-clock.js';

/** Something that looks after its own deadlines about once a second. */
export interface Swept {
  /** Where it is kept; owned by the sweep. */
  sweepSlot: number;
  sweepPlace: number;
  sweep(nowMs: number): void;
}

const ROUND_MS = 1000;
const SLOTS = 20;

/**
 * One timer for all connections. Each is visited once per round of about a second; the visits of a
 * round are spread over its slots, so that ten thousand connections never have work in the same
 * iteration of the event loop.
 */
export class Sweep<Member extends Swept> {
  readonly #clock: RefreshableClock;
  readonly #slots: Member[][] = Array.from({ length: SLOTS }, () => []);
  readonly #onVisit: (() => void)[] = [];
  #next = 0;
  #lastAdded = 0;
  #size = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(clock: RefreshableClock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#size;
  }

  add(member: Member): void {
    this.#lastAdded = (this.#lastAdded + 1) % SLOTS;
    const slot = this.#slots[this.#lastAdded]!;
    member.sweepSlot = this.#lastAdded;
    member.sweepPlace = slot.length;
    slot.push(member);
    this.#size++;
  }

  remove(member: Member): void {
    const slot = this.#slots[member.sweepSlot];
    if (slot === undefined) return;
    const last = slot.pop()!;
    if (last !== member) {
      slot[member.sweepPlace] = last;
      last.sweepPlace = member.sweepPlace;
    }
    member.sweepSlot = -1;
    this.#size--;
  }

  /** Every member, as an array that stays valid while members come and go. */
  members(): Member[] {
    return this.#slots.flat();
  }

  /** Has `callback` run with each slot: many times a second. */
  onVisit(callback: () => void): void {
    this.#onVisit.push(callback);
  }

  start(): void {
    this.#timer ??= setInterval(() => this.visit(), ROUND_MS / SLOTS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Visits the members of the next slot. */
  visit(): void {
    this.#clock.refresh();
    const nowMs = this.#clock.monotonicMs();
    const slot = this.#slots[this.#next]!;
    this.#next = (this.#next + 1) % SLOTS;
    // Backwards: a member that leaves is replaced by one that was visited already.
    for (let place = slot.length - 1; place >= 0; place--) slot[place]?.sweep(nowMs);
    for (const callback of this.#onVisit) callback();
  }

  /** Visits every member once. */
  visitAll(): void {
    for (let count = 0; count < SLOTS; count++) this.visit();
  }
}
