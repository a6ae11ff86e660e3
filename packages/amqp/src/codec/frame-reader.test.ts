import { ChunkBuffer, WireError } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { hex } from '../testing/amqp-frames.js';
import { EMPTY_FRAME } from './encode-frame.js';
import { FrameReader } from './frame-reader.js';
import { FRAME_BYTES_MIN_MAX } from './types.js';

const MAX = 100;

describe('a frame', () => {
  test('is found where it begins', () => {
    const reader = new FrameReader(MAX);
    const view = hex('ff 0000000a 02 00 1234 aa bb ff');
    expect(reader.next(view, 1)).toBe(11);
    expect(reader).toMatchObject({ type: 0, channel: 0x1234, start: 9, end: 11, needed: 0 });
  });

  test('has a body that begins after its extended header', () => {
    const reader = new FrameReader(MAX);
    expect(reader.next(hex('0000000d 03 01 0000 eeeeeeee aa'), 0)).toBe(13);
    expect(reader).toMatchObject({ type: 1, channel: 0, start: 12, end: 13 });
  });

  test('2.4.5 without a body is a heart-beat', () => {
    const reader = new FrameReader(MAX);
    expect(reader.next(EMPTY_FRAME, 0)).toBe(8);
    expect(reader.start).toBe(reader.end);
  });

  test('may have the largest size, and not more', () => {
    const reader = new FrameReader(MAX);
    const view = Buffer.alloc(MAX);
    hex('00000064 02').copy(view);
    expect(reader.next(view, 0)).toBe(MAX);
    view[3] = 0x65;
    expect(() => reader.next(view, 0)).toThrow('a frame has 101 bytes, more than 100');
    reader.maxBytes = 101;
    expect(reader.next(view, 0)).toBe(-1);
    expect(reader.needed).toBe(101);
  });
});

test('2.4.1 every peer takes frames of 512 bytes', () => {
  const view = Buffer.alloc(FRAME_BYTES_MIN_MAX);
  hex('00000200 02').copy(view);
  expect(new FrameReader(FRAME_BYTES_MIN_MAX).next(view, 0)).toBe(512);
});

describe('an incomplete frame', () => {
  test('says how long it is when its header is complete', () => {
    const reader = new FrameReader(MAX);
    const view = hex('0000000a 02 00 0000 aa bb');
    const needed = [];
    for (let length = 0; length < view.length; length++) {
      expect(reader.next(view.subarray(0, length), 0)).toBe(-1);
      needed.push(reader.needed);
    }
    expect(needed).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 10, 10]);
  });

  test('does not touch what was found before', () => {
    const reader = new FrameReader(MAX);
    reader.next(hex('00000008 02 01 0003'), 0);
    reader.next(hex('00000009 02 00 0004'), 0);
    expect(reader).toMatchObject({ type: 1, channel: 3 });
  });
});

test.each([
  ['a size below its header', '00000007 02 00 0000', 'claims to have 7 bytes'],
  ['a size of 4 GiB', 'ffffffff', 'a frame has 4294967295 bytes'],
  ['a body within the header', '00000008 01 00 0000', 'begins at 4'],
  ['a body after the end', '00000008 03 00 0000', 'begins at 12'],
  ['a type that is none', '00000008 02 02 0000', '2 is no type'],
  ['a type that is none, before it is complete', '00000020 02 ff 0000', '255 is no type'],
])('%s is refused', (_, bytes, complaint) => {
  const reader = new FrameReader(MAX);
  expect(() => reader.next(hex(bytes), 0)).toThrow(WireError);
  expect(() => reader.next(hex(bytes), 0)).toThrow(complaint);
});

test('frames are the same byte at a time', () => {
  const frames = [
    hex('0000000a 02 00 0001 aa bb'),
    EMPTY_FRAME,
    hex('0000000d 03 01 0000 eeeeeeee cc'),
  ];
  const chunks = new ChunkBuffer();
  const reader = new FrameReader(MAX);
  const bodies: string[] = [];
  for (const byte of Buffer.concat(frames)) {
    const view = chunks.push(Buffer.of(byte));
    const next = reader.next(view, 0);
    if (next < 0) {
      chunks.keep(view, 0, reader.needed);
      continue;
    }
    bodies.push(view.toString('hex', reader.start, reader.end));
    chunks.keep(view, next);
  }
  expect(bodies).toEqual(['aabb', '', 'cc']);
});
