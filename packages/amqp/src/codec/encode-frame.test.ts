import { expect, test } from 'vitest';
import { hex } from '../testing/amqp-frames.js';
import { EMPTY_FRAME, encodeFrame } from './encode-frame.js';

test('2.3 a frame has its size, the offset of its body, its type and its channel', () => {
  const frame = encodeFrame(1, 0x0102, (writer) => writer.described(0x41).string('a'));
  expect(frame).toEqual(hex('0000000e 02 01 0102 00 53 41 a1 01 61'));
});

test('2.4.5 an empty frame has no body', () => {
  expect(EMPTY_FRAME).toEqual(hex('00000008 02 00 0000'));
});

test('2.3.1 its size is right when it is large', () => {
  const frame = encodeFrame(0, 0, (writer) => writer.binary(Buffer.alloc(70_000)));
  expect([frame.length, frame.readUInt32BE(0)]).toEqual([70_013, 70_013]);
});
