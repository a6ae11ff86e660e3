import type { LedgerEntry } from '../ledger/ledger-event.js';
import { entry } from './make-history.js';

/** What happens next in a made-up run; `amount` says how much of it. */
export interface Step {
  readonly what: 'send' | 'confirm' | 'deliver' | 'settle' | 'crash';
  readonly amount: number;
}

interface Copy {
  readonly sequence: number;
  delivered: boolean;
}

/**
 * A broker that does everything right, with one producer and one consumer, and crashes. It is what
 * the verdict is tested with: every ledger of it must pass.
 */
export class FaultlessBroker {
  readonly entries: LedgerEntry[] = [
    ...[entry.producer(), entry.consumer('c', 'q', true), entry.phase('warm-up')],
    ...[entry.role('a', 1), entry.connected('p', 1), entry.connected('c', 1, false)],
  ];
  #queue: Copy[] = [];
  #unsettled: Copy[] = [];
  /** Sent, and not confirmed. */
  #pending: number[] = [];
  readonly #attempts = new Map<number, number>();
  #sequence = 0;
  #epoch = 1;

  step({ what, amount }: Step): void {
    if (what === 'crash') this.#crash(amount);
    else for (let count = 0; count < amount; count++) this.#one(what);
  }

  /** Confirms, delivers and settles the rest. */
  finish(): readonly LedgerEntry[] {
    this.entries.push(entry.phase('settle'));
    while (this.#pending.length > 0) this.#one('confirm');
    this.entries.push(entry.phase('drain'));
    while (this.#queue.length > 0) this.#one('deliver');
    while (this.#unsettled.length > 0) this.#one('settle');
    this.entries.push(entry.drained(), entry.phase('end'));
    return this.entries;
  }

  #one(what: 'send' | 'confirm' | 'deliver' | 'settle'): void {
    switch (what) {
      case 'send':
        this.#send(++this.#sequence);
        this.#pending.push(this.#sequence);
        break;
      case 'confirm': {
        const sequence = this.#pending.shift();
        if (sequence !== undefined) this.entries.push(entry.confirm(sequence));
        break;
      }
      case 'deliver': {
        const copy = this.#queue.shift();
        if (copy === undefined) break;
        this.entries.push(entry.deliver(copy.sequence, copy.delivered));
        copy.delivered = true;
        this.#unsettled.push(copy);
        break;
      }
      case 'settle': {
        const copy = this.#unsettled.shift();
        if (copy !== undefined) this.entries.push(entry.settled(copy.sequence));
      }
    }
  }

  #send(sequence: number): void {
    const attempt = (this.#attempts.get(sequence) ?? 0) + 1;
    this.#attempts.set(sequence, attempt);
    this.entries.push(entry.send(sequence, attempt));
    this.#queue.push({ sequence, delivered: false });
  }

  /** @param amount so much that was not confirmed is not stored, and so many are flagged early */
  #crash(amount: number): void {
    const stored = this.#pending.slice(0, Math.max(0, this.#pending.length - amount));
    const gone = new Set(this.#pending.filter((sequence) => !stored.includes(sequence)));
    this.#queue = this.#queue.filter(({ sequence, delivered }) => delivered || !gone.has(sequence));
    this.#queue = [...this.#unsettled, ...this.#queue];
    for (const copy of this.#queue.slice(0, amount)) copy.delivered = true;
    this.#unsettled = [];
    this.#epoch++;
    const node = this.#epoch % 2 === 0 ? 'b' : 'a';
    this.entries.push(
      ...[entry.fault(this.#epoch), entry.role(node, this.#epoch)],
      ...[entry.connected('c', this.#epoch, true), entry.connected('p', this.#epoch)],
    );
    for (const sequence of this.#pending) this.#send(sequence);
  }
}
