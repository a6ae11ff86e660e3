import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import type { QueueEntry } from './queue-entry.js';
import { QueueRing } from './queue-ring.js';

const createEntry = () => ({ position: -1 }) as QueueEntry;

describe('QueueRing', () => {
  test('numbers entries in the order they come', () => {
    const ring = new QueueRing();
    const entries = Array.from({ length: 20 }, createEntry);
    for (const entry of entries) ring.push(entry);
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, index) => index));
    expect([ring.head, ring.tail]).toEqual([0, 20]);
    expect(ring.at(7)).toBe(entries[7]);
    expect([ring.at(-1), ring.at(20)]).toEqual([undefined, undefined]);
  });

  test('moves its head past everything that is settled', () => {
    const ring = new QueueRing();
    const entries = Array.from({ length: 5 }, createEntry);
    for (const entry of entries) ring.push(entry);
    ring.remove(entries[1]!);
    ring.remove(entries[2]!);
    expect([ring.head, ring.at(1)]).toEqual([0, undefined]);
    expect([...ring.from(0)]).toEqual([entries[0], entries[3], entries[4]]);
    ring.remove(entries[0]!);
    expect(ring.head).toBe(3);
    expect([...ring.from(4)]).toEqual([entries[4]]);
  });

  test('goes on after it was large and became empty', () => {
    const ring = new QueueRing();
    const entries = Array.from({ length: 3000 }, createEntry);
    for (const entry of entries) ring.push(entry);
    for (const entry of entries) ring.remove(entry);
    expect([...ring.from(0)]).toEqual([]);
    const next = createEntry();
    ring.push(next);
    expect(next.position).toBe(3000);
    expect(ring.at(3000)).toBe(next);
  });

  test('may be changed while it is walked', () => {
    const ring = new QueueRing();
    const entries = Array.from({ length: 2000 }, createEntry);
    for (const entry of entries) ring.push(entry);
    let visited = 0;
    for (const entry of ring.from(0)) {
      visited++;
      ring.remove(entry);
    }
    expect(visited).toBe(2000);
    expect(ring.head).toBe(2000);
  });

  test('behaves like a map by position, whatever is done to it', () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = new SeededRandom(seed);
      const ring = new QueueRing();
      const model = new Map<number, QueueEntry>();
      for (let step = 0; step < 500; step++) {
        if (random.chance(step % 200 < 100 ? 0.7 : 0.3)) {
          const entry = createEntry();
          ring.push(entry);
          model.set(entry.position, entry);
        } else if (model.size > 0) {
          const entry = random.pick([...model.values()]);
          ring.remove(entry);
          model.delete(entry.position);
        }
        const oldest = Math.min(ring.tail, ...model.keys());
        expect(ring.head).toBe(oldest);
        const position = random.below(ring.tail + 2);
        expect(ring.at(position)).toBe(model.get(position));
      }
      expect([...ring.from(0)]).toEqual([...model.values()]);
    }
  });
});
