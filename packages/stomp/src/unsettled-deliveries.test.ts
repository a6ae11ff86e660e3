import type { QueueEntry } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { UnsettledDeliveries } from './unsettled-deliveries.js';

const entry = (id: number) => ({ message: { id } }) as unknown as QueueEntry;

function fill(count: number, byMessage = false): UnsettledDeliveries {
  const deliveries = new UnsettledDeliveries(byMessage);
  for (let id = 1; id <= count; id++) expect(deliveries.add(entry(id))).toBe(id);
  return deliveries;
}

function takeUpTo(deliveries: UnsettledDeliveries, number: number): number[] {
  const taken: number[] = [];
  const count = deliveries.takeUpTo(number, (each, place) => {
    expect(each.message.id).toBe(place);
    taken.push(place);
  });
  expect(count).toBe(taken.length);
  return taken;
}

describe('unsettled deliveries', () => {
  test('are taken once, in any order', () => {
    const deliveries = fill(100);
    for (const number of [50, 1, 100, 2, 99]) {
      expect(deliveries.take(number)?.message.id).toBe(number);
      expect(deliveries.take(number)).toBeUndefined();
    }
    expect(deliveries.count).toBe(95);
    expect(deliveries.take(0)).toBeUndefined();
    expect(deliveries.take(101)).toBeUndefined();
    expect(deliveries.take(-1)).toBeUndefined();
  });

  test('are taken up to one, in order, once', () => {
    const deliveries = fill(10);
    deliveries.take(3);
    expect(takeUpTo(deliveries, 5)).toEqual([1, 2, 4, 5]);
    expect(takeUpTo(deliveries, 5)).toEqual([]);
    expect(takeUpTo(deliveries, 11)).toEqual([]);
    expect(takeUpTo(deliveries, 10)).toEqual([6, 7, 8, 9, 10]);
    expect(deliveries.count).toBe(0);
  });

  test('one that is never settled does not keep the places of those that follow', () => {
    const deliveries = new UnsettledDeliveries(false);
    const first = deliveries.add(entry(1));
    for (let id = 2; id < 100_000; id++)
      expect(deliveries.take(deliveries.add(entry(id)))).toBeDefined();
    expect(deliveries.count).toBe(1);
    expect(takeUpTo(deliveries, first)).toEqual([1]);
  });

  test('stragglers are settled before what came after them', () => {
    const deliveries = fill(64);
    for (let number = 1; number <= 64; number++) {
      if (number !== 7 && number !== 5) deliveries.take(number);
    }
    for (let id = 65; id <= 1000; id++) {
      deliveries.add(entry(id));
      if (id < 1000) deliveries.take(id);
    }
    expect(takeUpTo(deliveries, 1000)).toEqual([5, 7, 1000]);
  });

  test('can be put back', () => {
    const deliveries = fill(40);
    takeUpTo(deliveries, 20);
    for (const number of [20, 3, 30]) {
      deliveries.take(number);
      deliveries.restore(number, entry(number));
    }
    expect(takeUpTo(deliveries, 30)).toEqual([3, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  });

  test('are found by message where the version needs it', () => {
    const deliveries = new UnsettledDeliveries(true);
    const number = deliveries.add(entry(1234));
    expect(deliveries.numberOf(1234)).toBe(number);
    deliveries.take(number);
    expect(deliveries.numberOf(1234)).toBe(0);
    deliveries.restore(number, entry(1234));
    expect(deliveries.numberOf(1234)).toBe(number);
    expect(fill(3).numberOf(1)).toBe(0);
  });

  test('agree with a plain map over a long random history', () => {
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const deliveries = new UnsettledDeliveries(true);
    const model = new Map<number, number>();
    for (let step = 0; step < 20_000; step++) {
      const choice = random(10);
      const numbers = [...model.keys()].sort((left, right) => left - right);
      if (choice < 5 || numbers.length === 0) {
        const id = step + 1000;
        model.set(deliveries.add(entry(id)), id);
      } else if (choice < 9 || numbers.length < 20) {
        const number = numbers[random(numbers.length)]!;
        expect(deliveries.take(number)?.message.id).toBe(model.get(number));
        if (random(4) === 0) deliveries.restore(number, entry(model.get(number)!));
        else model.delete(number);
      } else {
        const number = numbers[random(10)]!;
        const taken: number[] = [];
        deliveries.takeUpTo(number, (_, each) => taken.push(each));
        expect(taken).toEqual(numbers.filter((each) => each <= number));
        for (const each of taken) model.delete(each);
      }
      expect(deliveries.count).toBe(model.size);
    }
  });
});
