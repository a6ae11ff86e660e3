import { describe, expect, test } from 'vitest';
import { decodeFrames } from '../testing/amqp-frames.js';
import {
  MESSAGE_HEADER_BYTES_MAX,
  TRANSFER_HEAD_BYTES_MAX,
  writeMessageHeader,
  writeTransferHead,
} from './encode-transfer.js';
import { MessageLayout, readLayout } from './message-sections.js';

const PAYLOAD = Buffer.from('payload');

function transfer(handle: number, id: number, tag: number, settled: boolean, more: boolean) {
  const frame = Buffer.alloc(200);
  const at = writeTransferHead(frame, 0, 9, handle, id, tag, settled, more, PAYLOAD.length);
  expect(at).toBeLessThanOrEqual(TRANSFER_HEAD_BYTES_MAX);
  const end = at + PAYLOAD.copy(frame, at);
  return decodeFrames(frame.subarray(0, end));
}

describe('the head of a transfer', () => {
  test.each([
    [0, 0, 1],
    [255, 0xffff_ffff, 2 ** 40 + 7],
    [256, 1, Number.MAX_SAFE_INTEGER],
    [0xffff_ffff, 0xffff_ffff, Number.MAX_SAFE_INTEGER],
  ])('2.7.5 has handle %d, id %d and tag %d', (handle, deliveryId, tag) => {
    const deliveryTag = Buffer.alloc(8);
    deliveryTag.writeBigUInt64BE(BigInt(tag));
    expect(transfer(handle, deliveryId, tag, true, false)).toMatchObject([
      {
        channel: 9,
        transfer: { handle, deliveryId, messageFormat: 0, settled: true, more: false },
        deliveryTag,
        payload: PAYLOAD,
      },
    ]);
  });

  test('2.7.5 of the later frames of a delivery has neither id nor tag', () => {
    expect(transfer(1, 5, -1, false, true)).toMatchObject([
      { transfer: { handle: 1, deliveryId: -1, settled: false, more: true }, deliveryTag: null },
    ]);
  });
});

describe('the header of a message', () => {
  test.each([
    [true, 9, 0xffff_ffff, true, 0xffff_ffff],
    [false, 0, -1, false, 0],
    [true, 4, 0, true, 255],
    [false, 4, 1, false, 256],
  ])('3.2.1 durable %s, priority %d, ttl %d, first %s, count %d', (...fields) => {
    const [durable, priority, ttl, firstAcquirer, deliveryCount] = fields;
    const buffer = Buffer.alloc(100);
    const end = writeMessageHeader(buffer, 0, ...fields);
    expect(end).toBeLessThanOrEqual(MESSAGE_HEADER_BYTES_MAX);
    const layout = new MessageLayout();
    readLayout(buffer, 0, end, layout);
    expect(layout).toMatchObject({ durable, priority, ttl, firstAcquirer, deliveryCount });
  });

  test('3.2.1 a ttl that is too long for it is the longest there is', () => {
    const buffer = Buffer.alloc(100);
    const layout = new MessageLayout();
    readLayout(buffer, 0, writeMessageHeader(buffer, 0, true, 4, 2 ** 40, true, 0), layout);
    expect(layout.ttl).toBe(0xffff_ffff);
  });
});
