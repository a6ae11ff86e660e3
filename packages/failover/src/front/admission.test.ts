import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Admission } from './admission.js';

let events: string[];
let startMs: number;
let admission: Admission<string>;

beforeEach(() => {
  vi.useFakeTimers();
  events = [];
  startMs = performance.now();
  admission = new Admission<string>({
    waitMs: 1000,
    perSecond: 100,
    admit: (item) => note(`in ${item}`),
    expire: (item) => note(`out ${item}`),
  });
});
afterEach(() => vi.useRealTimers());

function note(what: string): void {
  events.push(`${Math.round(performance.now() - startMs)} ${what}`);
}

test('an open door lets everybody in at once, up to a burst', () => {
  admission.turn(true);
  for (const name of 'abc') admission.add(name);
  expect(events).toEqual(['0 in a', '0 in b', '0 in c']);
});

test('a herd is let in at its rate, in its order', () => {
  for (let number = 0; number < 50; number++) admission.add(String(number));
  admission.turn(true);
  expect(events).toHaveLength(10);
  vi.advanceTimersByTime(200);
  expect(events).toHaveLength(30);
  vi.advanceTimersByTime(200);
  expect(events.map((event) => Number(event.split(' ').at(-1)))).toEqual(
    Array.from({ length: 50 }, (_, index) => index),
  );
  expect(admission.waiting).toBe(0);
});

test('before a closed door each waits for so long', () => {
  admission.add('a');
  vi.advanceTimersByTime(600);
  admission.add('b');
  vi.advanceTimersByTime(500);
  expect(events).toEqual(['1000 out a']);
  admission.turn(true);
  expect(events).toEqual(['1000 out a', '1100 in b']);
});

test('who queues before an open door has not waited yet when it closes', () => {
  admission.turn(true);
  for (let number = 0; number < 12; number++) admission.add(String(number));
  events.length = 0;
  vi.advanceTimersByTime(5);
  admission.turn(false);
  vi.advanceTimersByTime(900);
  expect(events).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(events).toEqual(['1005 out 10', '1005 out 11']);
});

test('who comes back while it is let in waits again', () => {
  let again = true;
  const door: Admission<string> = new Admission<string>({
    waitMs: 1000,
    perSecond: 100,
    admit: (item) => {
      note(`in ${item}`);
      if (!again) return;
      again = false;
      door.turn(false);
      door.add(item);
    },
    expire: (item) => note(`out ${item}`),
  });
  door.add('a');
  door.turn(true);
  vi.advanceTimersByTime(100);
  door.turn(true);
  expect(events).toEqual(['0 in a', '100 in a']);
});

test('that is closed for good turns everybody away', () => {
  admission.add('a');
  admission.close();
  expect(events).toEqual(['0 out a']);
});
