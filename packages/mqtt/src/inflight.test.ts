import { AddressBook, FORMAT_IDS, Message, type Queue, QueueEntry } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { FLIGHT, Inflight } from './inflight.js';

const queue = { id: 1 } as Queue;
const address = new AddressBook().topic('t');

function entry(sequence = 0): QueueEntry {
  const message = new Message(address, FORMAT_IDS.mqtt, true, Buffer.alloc(0), 0, 0, false);
  return new QueueEntry(queue, message, sequence, 0, null);
}

describe('packet identifiers', () => {
  test('[MQTT-2.2.1-3] count from 1 to 65,535 and come round', () => {
    const inflight = new Inflight();
    for (let id = 1; id <= 65_535; id++) {
      expect(inflight.take(entry(), FLIGHT.published1)).toBe(id);
      inflight.free(id);
    }
    expect(inflight.take(entry(), FLIGHT.published1)).toBe(1);
  });

  test('[MQTT-2.2.1-4] in use are not given out again', () => {
    const inflight = new Inflight();
    inflight.take(entry(), FLIGHT.published1);
    inflight.restore(3, null, FLIGHT.releasedAgain);
    expect(inflight.take(entry(), FLIGHT.reserved2)).toBe(2);
    expect(inflight.take(entry(), FLIGHT.published1)).toBe(4);
    expect(inflight.ids).toEqual([1, 3, 2, 4]);
  });

  test('may all be in use', () => {
    const inflight = new Inflight();
    for (let id = 1; id < 65_535; id++) inflight.take(entry(), FLIGHT.published1);
    expect(inflight.full).toBe(false);
    inflight.take(entry(), FLIGHT.published1);
    expect(inflight.full).toBe(true);
    inflight.free(700);
    expect(inflight.full).toBe(false);
    expect(inflight.take(entry(), FLIGHT.published1)).toBe(700);
  });
});

describe('states', () => {
  test('follow the exchange', () => {
    const inflight = new Inflight();
    const delivered = entry();
    const id = inflight.take(delivered, FLIGHT.reserved2);
    expect(inflight.state(id)).toBe(FLIGHT.reserved2);
    expect(inflight.entry(id)).toBe(delivered);
    inflight.set(id, FLIGHT.published2);
    expect(inflight.entry(id)).toBe(delivered);
    inflight.set(id, FLIGHT.releasing);
    expect(inflight.entry(id)).toBeNull();
    inflight.free(id);
    expect(inflight.state(id)).toBe(FLIGHT.free);
  });

  test('count what is active apart from what waits to be sent again', () => {
    const inflight = new Inflight();
    const id = inflight.take(entry(), FLIGHT.published1);
    inflight.take(entry(), FLIGHT.published1);
    inflight.set(id, FLIGHT.returned1);
    expect(inflight.active).toBe(1);
    inflight.restore(id, entry(), FLIGHT.published1);
    expect(inflight.active).toBe(2);
    inflight.set(id, FLIGHT.returned2);
    inflight.free(id);
    expect(inflight.active).toBe(1);
  });
});

describe('what comes back', () => {
  test('finds its identifier by the entry', () => {
    const inflight = new Inflight();
    const known = entry();
    known.tag = inflight.take(known, FLIGHT.published1);
    expect(inflight.claim(known, known.message)).toBe(0);
    inflight.set(known.tag, FLIGHT.returned1);
    expect(inflight.claim(known, known.message)).toBe(known.tag);
    expect(inflight.claim(entry(), known.message)).toBe(0);
  });

  test('finds its identifier by its sequence, when it was read again', () => {
    const inflight = new Inflight();
    inflight.restore(9, null, FLIGHT.returned2);
    inflight.expect(9, 77);
    const again = entry(77);
    expect(inflight.claim(again, again.message)).toBe(9);
    expect(inflight.claim(again, again.message)).toBe(0);
  });

  test('does not find one that was freed meanwhile', () => {
    const inflight = new Inflight();
    const gone = entry(5);
    const id = inflight.take(gone, FLIGHT.published1);
    inflight.set(id, FLIGHT.returned1);
    inflight.expect(id, 5);
    inflight.restore(8, null, FLIGHT.returned2);
    inflight.free(id);
    const again = entry(5);
    expect(inflight.claim(again, again.message)).toBe(0);
  });
});
