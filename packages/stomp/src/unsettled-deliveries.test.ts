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
});
