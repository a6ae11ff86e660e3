import { AddressBook, Consumer, FORMAT_IDS, Message, type Queue, QueueEntry } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { FRAME_HEADER_BYTES, type Source } from './codec/types.js';
import { handleDisposition } from './handle-disposition.js';
import { SendingLink } from './sending-link.js';
import { Session } from './session.js';
import { encodeDisposition } from './testing/amqp-frames.js';
import { FakeClient } from './testing/fake-client.js';

const LAST = 0xffff_ffff;
const UINT32 = 0x1_0000_0000;
const address = new AddressBook().queue('q');
const queue = { address, length: 0, wake() {} } as unknown as Queue;

/** A session whose deliveries to the client begin with this number, and a link of it. */
function setUp(firstNumber: number) {
  const client = new FakeClient();
  const session = new Session(client.real, 0, 0, {
    remoteChannel: null,
    nextOutgoingId: 0,
    incomingWindow: 100_000,
    outgoingWindow: 100_000,
    handleMax: 7,
  });
  session.unsettled.startAt(firstNumber);
  const link = new SendingLink({
    ...{ session, handle: 0, remoteHandle: 0, name: 'link', settled: false, messageBytesMax: 0 },
    ...{ requested: null, source: { defaultOutcome: null } as Source },
    ...{ node: null, resource: null },
  });
  link.consumer = new Consumer(1, queue, { sink: link, credit: 100 });
  /** Delivers so many messages. @returns their entries and their ids */
  const deliver = (count: number) => {
    const entries = Array.from({ length: count }, (_, index) => {
      const message = new Message(address, FORMAT_IDS.amqp, false, Buffer.alloc(1), 0, 1, false);
      message.id = index + 1;
      const entry = new QueueEntry(queue, message, 0, 0, null);
      entry.acquire(link.consumer);
      session.deliver(link, message, entry, false);
      return entry;
    });
    const ids = client.take().map((frame) => {
      if (frame.kind !== 'transfer') throw new Error(frame.kind);
      return frame.transfer.deliveryId;
    });
    return { entries, ids };
  };
  /** The client accepts a range of ids. @returns which entries were settled by it */
  const accept = (first: number, last: number, settled = true) => {
    const state = { kind: 'accepted' } as const;
    const frame = encodeDisposition(0, { role: true, first, last, settled, state });
    client.settled.splice(0);
    handleDisposition(session, frame, FRAME_HEADER_BYTES, frame.length);
    return client.settled.map(([entry]) => entry);
  };
  return { client, session, deliver, accept };
}

describe('delivery-ids around 2^32', () => {
  test.each([LAST - 1, UINT32 + LAST - 1, 7 * UINT32 - 2])('2.8.8 of numbers from %d', (first) => {
    const { deliver, accept } = setUp(first);
    const { entries, ids } = deliver(4);
    expect(ids).toEqual([LAST - 1, LAST, 0, 1]);
    expect(accept(LAST, 0)).toEqual(entries.slice(1, 3));
    expect(accept(LAST, 0)).toEqual([]);
    expect(accept(LAST - 5, 3)).toEqual([entries[0], entries[3]]);
  });

  test('2.8.8 a delivery that is older than 2^32 others is out of reach, not another one', () => {
    const { session, deliver, accept } = setUp(UINT32 - 2);
    const { entries } = deliver(1);
    expect(session.numberOf(LAST - 1)).toBe(UINT32 - 2);
    expect(accept(3, 100)).toEqual([]);
    expect(accept(LAST - 1, LAST - 1)).toEqual(entries);
  });

  test('2.7.6 what we settle after the client goes by its id', () => {
    const { client, session, deliver, accept } = setUp(UINT32 - 1);
    deliver(2);
    expect(accept(LAST, 0, false).length).toBe(2);
    for (const token of client.confirms.splice(0)) session.confirmed(token);
    const [frame, ...others] = client.take();
    expect(frame).toMatchObject({
      kind: 'disposition',
      disposition: { role: false, first: LAST, last: 0, settled: true },
    });
    expect(others).toEqual([]);
  });
});

describe('deliveries that are not settled', () => {
  test('are found however many come after them', () => {
    const { client, deliver, accept } = setUp(0);
    const { entries } = deliver(1);
    for (let round = 1; round <= 100; round++) {
      deliver(90);
      accept(1 + (round - 1) * 90, round * 90);
      expect(client.settled.length).toBe(90);
    }
    expect(accept(0, 0)).toEqual(entries);
  });
});
