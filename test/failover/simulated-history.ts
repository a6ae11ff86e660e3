import { applyChanges, decodeRecord } from '@causeway/failover';
import { expect } from 'vitest';
import type { SimulatedLog } from './simulated-log.js';

/** All records of a log that forgets its oldest, and what they add up to. */
export class SimulatedHistory {
  /** What the commits add up to. */
  readonly contents = new Map<string, string>();
  readonly #log: SimulatedLog;
  /** From the first one on: what the log has forgotten. */
  readonly #trimmed: Buffer[] = [];
  #parts: Buffer[] = [];

  constructor(log: SimulatedLog) {
    this.#log = log;
  }

  /** Has the log forget the records up to a sequence. */
  trim(upTo: number): void {
    for (let sequence = this.#log.first; sequence <= upTo; sequence++) {
      this.#trimmed.push(this.#log.record(sequence)!);
    }
    this.#log.trim(upTo);
  }

  /** Replays all records, and checks that each epoch has one writer (I6). */
  replay(): void {
    let epoch = 0;
    let writer = '';
    for (let sequence = 1; sequence <= this.#log.tail; sequence++) {
      const record = decodeRecord(this.#trimmed[sequence - 1] ?? this.#log.record(sequence)!);
      if (record.kind === 'open') {
        expect(record.epoch, 'epochs grow by one').toBe(epoch + 1);
        writer = JSON.parse(record.body.toString()).node;
        this.#parts = [];
      }
      expect(record.epoch, 'records are of the epoch that is open').toBe(
        record.kind === 'open' ? epoch + 1 : epoch,
      );
      epoch = record.epoch;
      if (record.kind === 'part') this.#parts.push(record.body);
      if (record.kind !== 'batch') continue;
      this.#apply(Buffer.concat([...this.#parts, record.body]), writer);
      this.#parts = [];
    }
  }

  #apply(changes: Buffer, writer: string): void {
    applyChanges(changes, {
      operations: 0,
      bytes: 0,
      put: (key, value) => {
        const text = key.toString();
        expect(text.slice(2).startsWith(writer), `${text} is written by ${writer}`).toBe(true);
        this.contents.set(text, shortened(value));
      },
      delete: (key) => this.contents.delete(key.toString()),
    });
  }
}

/** A value, or how long it is. */
export function shortened(value: Buffer): string {
  return value.length > 20 ? String(value.length) : value.toString();
}
