import { describe, expect, test } from 'vitest';
import { decodeFrames } from '../testing/amqp-frames.js';
import { dispositionBytes, extendDisposition, writeDisposition } from './encode-disposition.js';
import { ACCEPTED_BYTES, encodeState } from './encode-state.js';

/** One disposition, at a place in a larger buffer. */
function write(first: number, last: number, settled: boolean, state: Buffer) {
  const buffer = Buffer.alloc(200, 0xee);
  const end = writeDisposition(buffer, 10, 3, true, first, last, settled, state);
  return { buffer, end };
}

describe('a disposition', () => {
  test('2.7.6 has its range, and as many bytes as were foretold', () => {
    const { buffer, end } = write(5, 0xffff_ffff, true, ACCEPTED_BYTES);
    expect(end - 10).toBe(dispositionBytes(ACCEPTED_BYTES));
    expect([buffer[9], buffer[end]]).toEqual([0xee, 0xee]);
    expect(decodeFrames(buffer.subarray(10, end))).toMatchObject([
      {
        channel: 3,
        disposition: {
          role: true,
          first: 5,
          last: 0xffff_ffff,
          settled: true,
          state: { kind: 'accepted' },
        },
      },
    ]);
  });

  test('2.7.6 has any state', () => {
    const error = { condition: 'amqp:not-found', description: 'gone', info: null };
    const { buffer, end } = write(0, 0, false, encodeState({ kind: 'rejected', error }));
    const [frame] = decodeFrames(buffer.subarray(10, end));
    expect(frame).toMatchObject({
      disposition: { settled: false, state: { kind: 'rejected', error } },
    });
  });

  test('2.7.6 may become longer, and nothing else of it changes', () => {
    const { buffer, end } = write(7, 7, true, ACCEPTED_BYTES);
    const before = Buffer.from(buffer);
    extendDisposition(buffer, 10, 0x1234_5678);
    expect(decodeFrames(buffer.subarray(10, end))).toMatchObject([
      { disposition: { first: 7, last: 0x1234_5678, settled: true } },
    ]);
    extendDisposition(buffer, 10, 7);
    expect(buffer).toEqual(before);
  });
});
