import { WireError } from '@causeway/wire';
import { describe, expect, test } from 'vitest';
import { encodeTransfer, hex } from '../testing/amqp-frames.js';
import { ACCEPTED } from './decode-state.js';
import { decodeTransfer } from './decode-transfer.js';
import { ABSENT, TransferFrame } from './types.js';

function decode(frame: Buffer, start = 8): TransferFrame {
  const transfer = new TransferFrame();
  decodeTransfer(frame, start, frame.length, transfer);
  return transfer;
}

test('all fields come back, and the payload stays where it is', () => {
  const frame = encodeTransfer(
    7,
    {
      handle: 70_000,
      deliveryId: 0xffff_ffff,
      deliveryTag: hex('00 ff'),
      messageFormat: 0x100,
      settled: true,
      more: true,
      rcvSettleMode: 1,
      state: { kind: 'accepted' },
      resume: true,
      aborted: true,
      batchable: true,
    },
    Buffer.from('payload'),
  );
  const transfer = decode(frame);
  expect(transfer).toMatchObject({
    handle: 70_000,
    deliveryId: 0xffff_ffff,
    messageFormat: 0x100,
    settled: true,
    more: true,
    rcvSettleMode: 1,
    state: ACCEPTED,
    resume: true,
    aborted: true,
    batchable: true,
  });
  expect(frame.toString('hex', transfer.tagStart, transfer.tagEnd)).toBe('00ff');
  expect(frame.toString('latin1', transfer.payloadStart, transfer.payloadEnd)).toBe('payload');
});

test('a frame fills the object again', () => {
  const transfer = decode(
    encodeTransfer(0, {
      deliveryId: 1,
      deliveryTag: 'tag',
      messageFormat: 3,
      settled: true,
      more: true,
      rcvSettleMode: 1,
      state: { kind: 'released' },
      resume: true,
      aborted: true,
      batchable: true,
    }),
  );
  const bytes = hex('00 53 14 c0 02 01 43');
  decodeTransfer(bytes, 0, bytes.length, transfer);
  expect(transfer).toEqual({
    handle: 0,
    deliveryId: ABSENT,
    tagStart: ABSENT,
    tagEnd: ABSENT,
    messageFormat: ABSENT,
    settled: null,
    more: false,
    rcvSettleMode: ABSENT,
    state: null,
    resume: false,
    aborted: false,
    batchable: false,
    payloadStart: bytes.length,
    payloadEnd: bytes.length,
  });
});

test('an empty delivery tag is one', () => {
  const transfer = decode(hex('00 53 14 c0 05 03 43 43 a0 00 ff'), 0);
  expect(transfer).toMatchObject({ tagStart: 10, tagEnd: 10, payloadStart: 10, payloadEnd: 11 });
});

describe('what is refused', () => {
  test.each([
    ['no handle', '45', 'transfer has no handle'],
    ['a string as handle', 'c0 04 01 a1 01 61', 'the handle of transfer is not a uint'],
    ['a string as tag', 'c0 06 03 43 40 a1 01 61', 'the delivery-tag of transfer is not a binary'],
    ['a number as settled', 'c0 06 05 43 40 40 40 43', 'the settled of transfer is not a boolean'],
    ['a state that is none', 'c0 0c 08 43 40 40 40 40 40 40 00 53 14 45', 'no delivery state'],
    ['a settle mode that is none', 'c0 09 07 43 40 40 40 40 40 50 02', '2 is no rcv-settle-mode'],
    ['a tag beyond the list', 'c0 05 03 43 40 a0 05 6162636465', 'a value goes on'],
  ])('%s', (_, list, complaint) => {
    const bytes = hex(`00 53 14 ${list}`);
    expect(() => decode(bytes, 0)).toThrow(WireError);
    expect(() => decode(bytes, 0)).toThrow(complaint);
  });

  test('2.8.7 a delivery tag of more than 32 bytes', () => {
    expect(decode(encodeTransfer(0, { deliveryTag: Buffer.alloc(32) })).tagEnd).toBeGreaterThan(0);
    expect(() => decode(encodeTransfer(0, { deliveryTag: Buffer.alloc(33) }))).toThrow('32 bytes');
  });
});
