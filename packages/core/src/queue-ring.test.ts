import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { QueueEntry } from './queue-entry.js';
import { QueueRing, type RingCursor } from './queue-ring.js';

function createEntry(): QueueEntry {
  return new QueueEntry(null as never, null as never, 0, 0, null);
}

function fill(ring: QueueRing, count: number): QueueEntry[] {
  const entries = Array.from({ length: count }, createEntry);
  for (const entry of entries) ring.push(entry);
  return entries;
}

/** Hands out the next entry. */
function handOut(ring: QueueRing): QueueEntry | null {
  const entry = ring.next();
  if (entry === null) return null;
  ring.take(entry);
  entry.state = 'acquired';
  return entry;
}

function handOutAll(ring: QueueRing): QueueEntry[] {
  const entries: QueueEntry[] = [];
  for (let entry = handOut(ring); entry !== null; entry = handOut(ring)) entries.push(entry);
  return entries;
}

function giveBack(ring: QueueRing, entry: QueueEntry): void {
  entry.state = 'available';
  ring.giveBack(entry);
}

function remove(ring: QueueRing, entry: QueueEntry): void {
  entry.state = 'settled';
  ring.remove(entry);
}

/** Who holds the entries of these tests. */
const nobody = null as never;

describe('QueueRing', () => {
  test('offers entries in the order they came, each once', () => {
    const ring = new QueueRing();
    const entries = fill(ring, 20);
    expect(ring.next()).toBe(entries[0]);
    expect(ring.next()).toBe(entries[0]);
    expect(handOutAll(ring)).toEqual(entries);
    expect([ring.next(), ring.length]).toEqual([null, 20]);
  });

  test('offers what came back first, in its old order', () => {
    const ring = new QueueRing();
    const [a, b, c, d] = fill(ring, 4) as [QueueEntry, QueueEntry, QueueEntry, QueueEntry];
    for (let count = 0; count < 3; count++) handOut(ring);
    giveBack(ring, c);
    giveBack(ring, a);
    expect(handOutAll(ring)).toEqual([a, c, d]);
    giveBack(ring, b);
    expect(ring.heldBy(nobody, false)).toEqual([a, b, c, d]);
    expect(handOutAll(ring)).toEqual([b]);
  });

  test('passes over what is settled, wherever it was', () => {
    const ring = new QueueRing();
    const entries = fill(ring, 6);
    handOut(ring);
    giveBack(ring, entries[0]!);
    for (const index of [0, 1, 4]) remove(ring, entries[index]!);
    expect(handOutAll(ring)).toEqual([2, 3, 5].map((index) => entries[index]));
    expect([...ring.all()]).toEqual([2, 3, 5].map((index) => entries[index]));
  });

  test('takes an entry that is handed out already', () => {
    const ring = new QueueRing();
    const taken = createEntry();
    taken.state = 'acquired';
    ring.pushTaken(taken);
    const [next] = fill(ring, 1);
    expect([ring.heldBy(nobody, false), ring.next()]).toEqual([[taken], next]);
  });

  test('goes on after it was large and became empty', () => {
    const ring = new QueueRing();
    for (const entry of fill(ring, 3000)) remove(ring, entry);
    expect([[...ring.all()], ring.length, ring.capacity]).toEqual([[], 0, 0]);
    const entries = fill(ring, 2);
    expect(handOutAll(ring)).toEqual(entries);
  });

  test('may lose entries while it is walked', () => {
    const ring = new QueueRing();
    fill(ring, 2000);
    let visited = 0;
    for (const entry of ring.all()) {
      visited++;
      remove(ring, entry);
    }
    expect([visited, ring.length]).toEqual([2000, 0]);
  });

  test('does not grow while one entry stays and others come and go', () => {
    const ring = new QueueRing();
    const [held, returned] = fill(ring, 2) as [QueueEntry, QueueEntry];
    handOutAll(ring);
    for (let round = 0; round < 100_000; round++) {
      const [entry] = fill(ring, 1) as [QueueEntry];
      if (round % 1000 === 0) giveBack(ring, returned);
      if (round % 1000 === 900) expect(handOut(ring)).toBe(returned);
      if (round % 1000 < 900) remove(ring, entry);
      else {
        expect(handOut(ring)).toBe(entry);
        remove(ring, entry);
      }
    }
    expect(ring.capacity).toBeLessThanOrEqual(1024);
    expect([...ring.all()]).toEqual([held, returned]);
  });

  test('lets a cursor look through everything, from its head on', () => {
    const ring = new QueueRing();
    const entries = fill(ring, 4);
    handOut(ring);
    remove(ring, entries[1]!);
    const cursor = ring.openCursor(false);
    expect(lookThrough(ring, cursor)).toEqual([0, 2, 3].map((index) => entries[index]));
    expect(ring.seek(cursor)).toBe(null);
    const [added] = fill(ring, 1);
    expect(lookThrough(ring, cursor)).toEqual([added]);
  });

  test('offers in its turn what was handed out of turn and came back', () => {
    const ring = new QueueRing();
    const [a, b, c] = fill(ring, 3) as [QueueEntry, QueueEntry, QueueEntry];
    b.state = 'acquired';
    giveBack(ring, b);
    expect([handOut(ring), handOut(ring), handOut(ring)]).toEqual([a, b, c]);
    giveBack(ring, b);
    b.state = 'acquired';
    giveBack(ring, b);
    expect([handOut(ring), handOut(ring)]).toEqual([b, null]);
  });

  test('takes a cursor back to what was returned, if it rewinds', () => {
    const ring = new QueueRing();
    const entries = fill(ring, 3);
    const [rewinding, other] = [ring.openCursor(true), ring.openCursor(false)];
    for (const cursor of [rewinding, other]) lookThrough(ring, cursor);
    const closed = ring.openCursor(true);
    lookThrough(ring, closed);
    ring.closeCursor(closed);
    handOutAll(ring);
    giveBack(ring, entries[1]!);
    expect([ring.seek(rewinding), ring.seek(other), ring.seek(closed)]).toEqual([
      entries[1],
      null,
      null,
    ]);
  });

  test('does not grow with what is handed out of turn and returned again and again', () => {
    const ring = new QueueRing();
    const [entry] = fill(ring, 1) as [QueueEntry];
    handOut(ring);
    for (let round = 0; round < 1000; round++) {
      giveBack(ring, entry);
      entry.state = 'acquired';
    }
    giveBack(ring, entry);
    expect(handOut(ring)).toBe(entry);
    expect(ring.next()).toBe(null);
  });

  test('behaves like a sorted list, whatever is done to it', () => {
    for (let seed = 0; seed < 12; seed++) runModel(new SeededRandom(seed), `seed ${seed}`);
  });
});

/** Moves the cursor to the end, and returns what it passes. */
function lookThrough(ring: QueueRing, cursor: RingCursor): QueueEntry[] {
  const seen: QueueEntry[] = [];
  for (let entry = ring.seek(cursor); entry !== null; entry = ring.seek(cursor)) {
    seen.push(entry);
    cursor.position++;
  }
  return seen;
}

/**
 * Takes entries in and out of turn and compares with a list; a cursor that rewinds is where the
 * first available entry is that it has not passed.
 */
function runModel(random: SeededRandom, name: string): void {
  const ring = new QueueRing();
  // Held to the end, so that holes pile up behind it.
  const order = fill(ring, 1);
  handOut(ring);
  const held: QueueEntry[] = [];
  const cursor = ring.openCursor(true);
  /** Entries that the cursor is to pass some day. */
  const ahead = new Set(order);
  const settle = (entry: QueueEntry): void => {
    remove(ring, entry);
    order.splice(order.indexOf(entry), 1);
    ahead.delete(entry);
  };
  for (let step = 0; step < 8000; step++) {
    if (held.length > random.below(60)) {
      const [entry] = held.splice(random.below(held.length), 1) as [QueueEntry];
      if (random.chance(0.2)) {
        giveBack(ring, entry);
        // The cursor goes back to it, and sees what follows once more.
        if (!ahead.has(entry)) {
          for (const later of order.slice(order.indexOf(entry))) ahead.add(later);
        }
      } else settle(entry);
    } else if (random.chance(order.length > 100 ? 0.3 : 0.6)) {
      const [added] = fill(ring, 1) as [QueueEntry];
      order.push(added);
      ahead.add(added);
    } else if (random.chance(0.4)) {
      const entry = ring.seek(cursor);
      const wanted = order.find((candidate) => ahead.has(candidate)) ?? null;
      if (entry !== wanted) expect.fail(`${name}, step ${step}: not what the cursor is at`);
      if (entry === null) continue;
      cursor.position++;
      ahead.delete(entry);
      if (entry.state !== 'available' || random.chance(0.5)) continue;
      entry.state = 'acquired';
      held.push(entry);
    } else {
      const wanted = order.find(({ state }) => state === 'available') ?? null;
      const given = handOut(ring);
      if (given !== wanted) expect.fail(`${name}, step ${step}: not the next entry`);
      if (given !== null) held.push(given);
    }
    if (ring.length !== order.length) expect.fail(`${name}, step ${step}: wrong length`);
  }
  expect([...ring.all()]).toEqual(order);
  expect(ring.capacity).toBe(1024);
}
