import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { SlidingMap } from './sliding-map.js';

function fill(count: number): SlidingMap<string> {
  const map = new SlidingMap<string>();
  for (let number = 1; number <= count; number++) expect(map.add(`v${number}`)).toBe(number);
  return map;
}

function takeRange(map: SlidingMap<string>, first: number, last: number): number[] {
  const taken: number[] = [];
  const count = map.takeRange(first, last, (value, number) => {
    expect(value).toBe(`v${number}`);
    taken.push(number);
  });
  expect(count).toBe(taken.length);
  return taken;
}

describe('SlidingMap', () => {
  test('gives each value once, in any order', () => {
    const map = fill(100);
    for (const number of [50, 1, 100, 2, 99]) {
      expect(map.get(number)).toBe(`v${number}`);
      expect(map.take(number)).toBe(`v${number}`);
      expect(map.get(number)).toBeUndefined();
      expect(map.take(number)).toBeUndefined();
    }
    expect([map.size, map.next]).toEqual([95, 101]);
    expect([-1, 0, 101, 2 ** 40].map((number) => map.take(number))).toEqual(
      new Array(4).fill(undefined),
    );
  });

  test('can begin anywhere', () => {
    const start = 2 ** 32 - 3;
    const map = new SlidingMap<string>();
    map.startAt(start);
    for (let offset = 0; offset < 50; offset++) map.add(`v${start + offset}`);
    expect(map.take(2 ** 32)).toBe(`v${2 ** 32}`);
    expect(map.take(2 ** 32)).toBeUndefined();
    expect(map.take(0)).toBeUndefined();
    expect(takeRange(map, 2 ** 32 - 1, 2 ** 32 + 1)).toEqual([2 ** 32 - 1, 2 ** 32 + 1]);
    expect(map.size).toBe(47);
  });

  test('holds any value but undefined', () => {
    const map = new SlidingMap<number | null | boolean>();
    for (const value of [0, null, false]) map.add(value);
    expect([...map.values()]).toEqual([0, null, false]);
    expect([1, 2, 3].map((number) => map.take(number))).toEqual([0, null, false]);
  });

  test('takes a range, in order, once', () => {
    const map = fill(10);
    map.take(3);
    expect(takeRange(map, 2, 5)).toEqual([2, 4, 5]);
    expect(takeRange(map, 2, 5)).toEqual([]);
    expect(takeRange(map, 11, 20)).toEqual([]);
    expect(takeRange(map, 8, 7)).toEqual([]);
    expect(takeRange(map, Number.NEGATIVE_INFINITY, 2 ** 53)).toEqual([1, 6, 7, 8, 9, 10]);
    expect(map.size).toBe(0);
  });

  test('stragglers come before what was added after them', () => {
    const map = fill(64);
    for (let number = 1; number <= 64; number++) if (number !== 7 && number !== 5) map.take(number);
    for (let number = 65; number <= 1000; number++) {
      map.add(`v${number}`);
      if (number < 1000) map.take(number);
    }
    expect([...map.values()]).toEqual(['v5', 'v7', 'v1000']);
    expect(takeRange(map, 6, 1000)).toEqual([7, 1000]);
    expect(takeRange(map, 1, 1000)).toEqual([5]);
  });

  test('values can be put back', () => {
    const map = fill(40);
    takeRange(map, 1, 20);
    for (const number of [20, 3, 30]) {
      map.take(number);
      map.restore(number, `v${number}`);
    }
    expect([...map.values()].slice(0, 3)).toEqual(['v3', 'v20', 'v21']);
    expect(takeRange(map, 1, 24)).toEqual([3, 20, 21, 22, 23, 24]);
  });

  test('takes what is wanted, wherever it is', () => {
    const map = new SlidingMap<string>();
    for (let number = 0; number < 1000; number++) map.add(`${number % 7} ${number}`);
    map.takeRange(2, 990, (value, number) => {
      if (number < 20) map.restore(number, value);
    });
    const isThree = (value: string) => value.startsWith('3 ');
    expect(map.takeWhere(isThree)).toEqual(['3 3', '3 10', '3 17', '3 990', '3 997']);
    expect(map.takeWhere(isThree)).toEqual([]);
    expect(map.size).toBe(1 + 18 + 10 - 5);
    expect(map.takeWhere(() => true)).toHaveLength(24);
    expect(map.add('again')).toBe(1001);
    expect([...map.values()]).toEqual(['again']);
  });

  test('a visitor may add', () => {
    const map = fill(16);
    let added = 0;
    const taken = map.takeRange(1, 2 ** 53, () => {
      for (let count = 0; count < 10; count++) map.add(`v${17 + added++}`);
    });
    expect([taken, map.size, map.next]).toEqual([16, 160, 177]);
    expect(takeRange(map, 1, 176)).toHaveLength(160);
  });

  test('what a visitor does not reach because one throws is still there', () => {
    const map = fill(10);
    expect(() =>
      map.takeRange(1, 10, (_, number) => {
        if (number === 4) throw new Error('enough');
      }),
    ).toThrow('enough');
    expect(map.size).toBe(6);
    expect(takeRange(map, 1, 10)).toEqual([5, 6, 7, 8, 9, 10]);
  });
});

// With a cost by the numbers in the range, each of these would take minutes.
describe('the cost of a range is that of the values', () => {
  const COUNT = 300_000;

  test.each([
    ['of which the ends are left', [1, COUNT]],
    ['of which the newest is left', [COUNT]],
    ['of which the oldest is left', [1]],
    ['of which nothing is left', []],
  ])('in a map %s', (_, left) => {
    const map = new SlidingMap<number>();
    for (let number = 1; number <= COUNT; number++) map.add(number);
    for (let number = COUNT; number > 0; number--) if (!left.includes(number)) map.take(number);
    for (let round = 0; round < COUNT; round++) map.takeRange(2, COUNT - 1, () => {});
    expect([...map.values()]).toEqual(left);
  });

  test('beyond all numbers given out', () => {
    const map = fill(100);
    for (let round = 0; round < COUNT; round++) map.takeRange(1000, 2 ** 52, () => {});
    for (let round = 0; round < COUNT; round++) map.takeRange(-(2 ** 52), 0, () => {});
    expect(map.size).toBe(100);
  });
});

test('SlidingMap agrees with a plain map over a long random history', () => {
  const random = new SeededRandom(7);
  const map = new SlidingMap<string>();
  const model = new Map<number, string>();
  for (let step = 0; step < 20_000; step++) {
    const choice = random.below(20);
    const numbers = [...model.keys()].sort((left, right) => left - right);
    if (choice < 10 || numbers.length === 0) {
      const value = `v${map.next}`;
      model.set(map.add(value), value);
    } else if (choice < 18) {
      const number = numbers[random.below(numbers.length)]!;
      expect(map.take(number)).toBe(model.get(number));
      if (random.chance(0.25)) map.restore(number, model.get(number)!);
      else model.delete(number);
    } else {
      const first = numbers[random.below(numbers.length)]! - random.below(3);
      const last = first + random.below(choice === 18 ? 10 : 100_000);
      const expected = numbers.filter((each) => each >= first && each <= last);
      expect(takeRange(map, first, last)).toEqual(expected);
      for (const each of expected) model.delete(each);
    }
    expect(map.size).toBe(model.size);
    if (step % 100 === 0) {
      expect([...map.values()]).toEqual(
        [...model].sort(([left], [right]) => left - right).map(([, value]) => value),
      );
    }
  }
});

test('gives out numbers without values', () => {
  const map = new SlidingMap<string>();
  expect(map.skip()).toBe(1);
  expect(map.add('a')).toBe(2);
  for (let number = 3; number < 100; number++) expect(map.skip()).toBe(number);
  expect(map.add('b')).toBe(100);
  expect([...map.entries()]).toEqual([
    [2, 'a'],
    [100, 'b'],
  ]);
  expect(map.get(50)).toBeUndefined();
  expect(map.take(2)).toBe('a');
  expect(map.take(100)).toBe('b');
  expect(map.skip()).toBe(101);
  expect(map.size).toBe(0);
});

test('forgets everything and goes on counting', () => {
  const map = new SlidingMap<string>();
  for (let number = 1; number <= 1000; number++) map.add(String(number));
  map.clear();
  expect(map.size).toBe(0);
  expect([...map.values()]).toEqual([]);
  expect(map.get(1000)).toBeUndefined();
  expect(map.add('next')).toBe(1001);
  expect(map.get(1001)).toBe('next');
});
