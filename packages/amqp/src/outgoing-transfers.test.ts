import { AddressBook, FORMAT_IDS, Message, type QueueEntry } from '@causeway/core';
import { SlidingMap } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { encodeState } from './codec/encode-state.js';
import { OutgoingTransfers } from './outgoing-transfers.js';
import type { SendingLink } from './sending-link.js';
import type { AmqpFrame } from './testing/amqp-frames.js';
import { FakeClient } from './testing/fake-client.js';

const LAST = 0xffff_ffff;
const UINT32 = 0x1_0000_0000;
const address = new AddressBook().queue('q');
const link = (handle = 0) => ({ handle, detached: false }) as SendingLink;

/** A message whose stored bytes are so many times `x`. */
function message(bytes: number, id = 1): Message {
  const content = Buffer.alloc(bytes, 'x');
  const built = new Message(address, FORMAT_IDS.amqp, false, content, 0, bytes, false);
  built.id = id;
  return built;
}

function setUp(window = 100, firstNumber = 0, remoteFrameBytesMax = 512) {
  const client = new FakeClient({ remoteFrameBytesMax });
  const unsettled = new SlidingMap<QueueEntry>();
  unsettled.startAt(firstNumber);
  return { client, unsettled, transfers: new OutgoingTransfers(client.real, 3, window, unsettled) };
}

/** What somebody has to settle. */
const entryOf = (shown: Message, deliveryCount = 0) => ({ shown, deliveryCount }) as QueueEntry;
const entry = entryOf(message(0));

type TransferFrame = Extract<AmqpFrame, { kind: 'transfer' }>;

function taken(client: FakeClient): TransferFrame[] {
  return client.take().map((frame) => {
    if (frame.kind !== 'transfer') throw new Error(frame.kind);
    expect(frame.channel).toBe(3);
    return frame;
  });
}

const bodyBytes = (frames: readonly TransferFrame[]): number =>
  Buffer.concat(frames.map(({ payload }) => payload))
    .toString('latin1')
    .replace(/^[^x]*/, '').length;

describe('frames', () => {
  test('a message that fits is one, with its id, tag and whether it is settled', () => {
    const { client, transfers } = setUp(100, 5);
    transfers.send(link(9), null, message(100, 0x1_0000_0002), 0, false);
    const [frame] = taken(client);
    expect(frame?.transfer).toMatchObject({
      handle: 9,
      deliveryId: 5,
      messageFormat: 0,
      settled: true,
      more: false,
    });
    expect(frame?.deliveryTag?.toString('hex')).toBe('0000000100000002');
    expect([transfers.nextId, transfers.window]).toEqual([1, 99]);
  });

  test.each([400, 470, 480, 1000, 5000])('one of %d bytes keeps to the frame size', (bytes) => {
    const { client, transfers } = setUp();
    transfers.send(link(), entry, message(bytes), 0, false);
    let output = Buffer.concat(client.sink.out.take());
    const sizes: number[] = [];
    client.write(output);
    for (; output.length > 0; output = output.subarray(sizes.at(-1))) {
      sizes.push(output.readUInt32BE(0));
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(512);
    const frames = taken(client);
    expect(bodyBytes(frames)).toBe(bytes);
    expect(frames.map(({ transfer }) => transfer.more)).toEqual(
      frames.map((_, index) => index < frames.length - 1),
    );
    expect(transfers.nextId).toBe(frames.length);
  });

  test('annotations of the broker that are larger than a frame are cut, too', () => {
    const { client, transfers } = setUp();
    const annotated = message(10);
    annotated.annotations = new Map([['x-reason', 'r'.repeat(2000)]]);
    annotated.bytes = Buffer.concat([Buffer.from('005375a007', 'hex'), Buffer.alloc(7, 'x')]);
    annotated.end = annotated.bytes.length;
    transfers.send(link(), entry, annotated, 0, false);
    const frames = taken(client);
    const whole = Buffer.concat(frames.map(({ payload }) => payload)).toString('latin1');
    expect(frames.length).toBeGreaterThan(4);
    expect(whole).toContain('r'.repeat(2000));
    expect(whole.endsWith('xxxxxxx')).toBe(true);
  });
});

describe('numbers', () => {
  test('2.5.6 transfer-ids wrap around, and so does what the window is counted from', () => {
    const { client, transfers } = setUp(4);
    transfers.nextId = LAST - 1;
    for (let id = 0; id < 4; id++) transfers.send(link(), entry, message(10), 0, false);
    expect([transfers.nextId, transfers.window, transfers.blocked]).toEqual([2, 0, true]);
    taken(client);
    // Sent when the client had seen two of them, then three.
    transfers.open(0, 3);
    expect(transfers.window).toBe(1);
    transfers.open(1, 3);
    expect(transfers.window).toBe(2);
    transfers.send(link(), entry, message(10), 0, false);
    expect(taken(client).length).toBe(1);
  });

  test.each([0, 1, 0x7fff_ffff, 0x8000_0000, LAST])('a window of %d', (window) => {
    const { transfers } = setUp(0);
    transfers.nextId = LAST;
    transfers.open(LAST, window);
    expect(transfers.window).toBe(window);
  });

  test('2.8.8 delivery-ids are the lower 32 bits of the number', () => {
    const { client, unsettled, transfers } = setUp(100, UINT32 - 1);
    for (let count = 0; count < 3; count++) {
      transfers.send(link(), count === 1 ? null : entry, message(10), 0, false);
    }
    expect(taken(client).map(({ transfer }) => transfer.deliveryId)).toEqual([LAST, 0, 1]);
    expect([...unsettled.entries()].map(([number]) => number)).toEqual([UINT32 - 1, UINT32 + 1]);
  });
});

describe('what waits', () => {
  test('nothing leaves beyond the window, and the rest follows in order', () => {
    const { client, transfers } = setUp(2);
    transfers.send(link(0), entry, message(1200), 0, false);
    transfers.send(link(1), entry, message(10), 0, false);
    expect(taken(client).map(({ transfer }) => transfer.handle)).toEqual([0, 0]);
    expect(transfers.blocked).toBe(true);
    transfers.open(2, 1);
    expect(taken(client).map(({ transfer }) => [transfer.handle, transfer.more])).toEqual([
      [0, false],
    ]);
    transfers.open(3, 5);
    expect(taken(client).map(({ transfer }) => transfer.deliveryId)).toEqual([1]);
    expect([transfers.blocked, transfers.window]).toEqual([false, 4]);
  });

  test('a congested socket stops a message in its middle', () => {
    const { client, transfers } = setUp();
    client.sink.congested = true;
    transfers.send(link(), entry, message(1200), 0, false);
    expect([taken(client), transfers.blocked]).toEqual([[], true]);
    client.sink.congested = false;
    transfers.proceed();
    expect([bodyBytes(taken(client)), transfers.blocked]).toEqual([1200, false]);
  });

  test.each([
    ['waits', 0, 10],
    ['waits in part', 1, 800],
    ['is so large that it is not copied into the output', 100, 100_000],
  ])('what %s is not lost with the input that it was borrowed from', (_, window, bytes) => {
    const { client, transfers } = setUp(window, 0, 200_000 * Math.floor(window / 100) + 512);
    const borrowed = message(bytes);
    const input = borrowed.bytes;
    borrowed.borrowed = true;
    transfers.send(link(), null, borrowed, 0, false);
    input.fill(0xee);
    transfers.open(transfers.nextId, 5);
    const payload = Buffer.concat(taken(client).map((frame) => frame.payload));
    expect(payload.filter((byte) => byte === 'x'.charCodeAt(0)).length).toBe(bytes);
  });

  test('what waits on a link that is gone is left out, and its ids are given to others', () => {
    const { client, unsettled, transfers } = setUp(1);
    const gone = link(0);
    const [begun, waiting, other] = [entryOf(message(1200)), entryOf(message(10)), entry];
    transfers.send(gone, begun, begun.shown, 0, false);
    transfers.send(gone, waiting, waiting.shown, 0, false);
    transfers.send(gone, null, message(10), 0, false);
    transfers.send(link(1), other, message(10), 0, false);
    taken(client);
    expect(transfers.withdraw(gone)).toEqual([{ entry: waiting, resumed: false }]);
    gone.detached = true;
    transfers.open(1, 5);
    expect(taken(client).map(({ transfer }) => transfer.deliveryId)).toEqual([1]);
    expect([...unsettled.values()]).toEqual([begun, other]);
  });
});

describe('what is resumed', () => {
  const ACCEPTED = encodeState({ kind: 'accepted' });

  test('2.6.13 an empty transfer says where it begins, and the whole follows', () => {
    const { client, transfers } = setUp(100, 7);
    transfers.resume(link(2), entryOf(message(800), 1));
    const [first, ...others] = taken(client);
    expect(first?.transfer).toMatchObject({
      handle: 2,
      deliveryId: 7,
      resume: true,
      more: true,
      settled: false,
      state: { kind: 'received', sectionNumber: 0, sectionOffset: 0 },
    });
    expect(first?.payload.length).toBe(0);
    expect(bodyBytes(others)).toBe(800);
    expect(others.map(({ transfer }) => transfer.resume)).toEqual([false, false]);
    expect(transfers.nextId).toBe(3);
  });

  test('2.6.13 an outcome is settled in one transfer', () => {
    const { client, transfers } = setUp(100, 7);
    transfers.finish(link(2), 1, ACCEPTED);
    const [frame, ...others] = taken(client);
    expect(frame?.transfer).toMatchObject({
      deliveryId: 7,
      resume: true,
      more: false,
      settled: true,
      state: { kind: 'accepted' },
    });
    expect([frame?.payload.length, others]).toEqual([0, []]);
  });

  test('2.5.6 2.6.14 all of it waits for the window, and nothing is mixed', () => {
    const { client, transfers } = setUp(0);
    const [first, last] = [entryOf(message(800), 1), entryOf(message(10), 1)];
    const resumed = link();
    transfers.resume(resumed, first);
    transfers.finish(resumed, 2, ACCEPTED);
    transfers.resume(resumed, last);
    expect(taken(client)).toEqual([]);
    expect(transfers.withdraw(resumed)).toEqual(
      [first, last].map((entry) => ({ entry, resumed: true })),
    );
    const ids: number[] = [];
    for (let id = 0; id < 6; id++) {
      transfers.open(id, 1);
      const frames = taken(client);
      expect(frames.length).toBe(1);
      ids.push(frames[0]!.transfer.deliveryId);
    }
    expect(ids).toEqual([0, -1, -1, 1, 2, -1]);
    expect(transfers.blocked).toBe(true);
    transfers.open(6, 1);
    expect([taken(client), transfers.blocked]).toEqual([[], false]);
  });
});
