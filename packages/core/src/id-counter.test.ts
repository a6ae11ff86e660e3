import { describe, expect, test } from 'vitest';
import { COUNTER_ID, IdCounter } from './id-counter.js';
import type { Store } from './ports.js';

/** Keeps the counter's document, and counts how often it was written. */
class DocumentStore {
  value: Buffer | undefined;
  writes = 0;

  putDocument(kind: string, id: number, value: Buffer): void {
    expect([kind, id]).toEqual(['queue', COUNTER_ID]);
    this.value = value;
    this.writes++;
  }

  counter(): IdCounter {
    return new IdCounter(this as unknown as Store, this.value);
  }
}

describe('IdCounter', () => {
  test('counts up from 1, declaring ids in blocks', () => {
    const store = new DocumentStore();
    const counter = store.counter();
    expect(store.writes).toBe(0);
    expect([counter.durable(), counter.durable()]).toEqual([1, 2]);
    expect(store.writes).toBe(1);
    for (let id = 3; id <= 1025; id++) expect(counter.durable()).toBe(id);
    expect(store.writes).toBe(2);
  });

  test('never gives an id again after a restart', () => {
    const store = new DocumentStore();
    const used = new Set<number>();
    for (let start = 0; start < 20; start++) {
      const counter = store.counter();
      for (let count = 0; count < start * 100; count++) {
        const id = counter.durable();
        expect(used.has(id)).toBe(false);
        used.add(id);
      }
    }
  });

  test('keeps ids of the moment apart from those that may be stored', () => {
    const store = new DocumentStore();
    const counter = store.counter();
    const first = counter.transient();
    expect(counter.transient()).toBe(first + 1);
    expect(first).toBeGreaterThan(2 ** 32);
    expect(store.writes).toBe(0);
  });
});
