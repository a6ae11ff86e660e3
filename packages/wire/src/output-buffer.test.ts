import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { OUTPUT_BLOCK_BYTES, OutputBuffer } from './output-buffer.js';

/** Takes what was written, as one piece, and gives its blocks back. */
function drain(out: OutputBuffer): Buffer {
  const chunks = out.take();
  const whole = Buffer.concat(chunks);
  for (const chunk of chunks) OutputBuffer.recycle(chunk);
  return whole;
}

describe('OutputBuffer', () => {
  test('holds no block while it is empty', () => {
    const out = new OutputBuffer();
    expect([out.length, out.buffer.length, out.take()]).toEqual([0, 0, []]);
  });

  test('hands out what was written, in order, whatever the way', () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 60; round++) {
      const out = new OutputBuffer();
      const parts: Buffer[] = [];
      for (let step = 0; step < 40; step++) {
        const source = random.bytes(random.pick([1, 20, 48, 49, 3000, 16_383, 16_384, 70_000]));
        const start = random.below(source.length);
        random.pick([
          () => out.copy(source, start, source.length),
          () => out.append(source, start, source.length),
          () => {
            out.reserve(source.length - start);
            out.position += source.copy(out.buffer, out.position, start);
          },
        ])();
        parts.push(source.subarray(start));
      }
      const expected = Buffer.concat(parts);
      expect(out.length).toBe(expected.length);
      expect(drain(out).equals(expected)).toBe(true);
      expect(out.length).toBe(0);
    }
  });

  test('writes text as UTF-8 and single bytes', () => {
    const out = new OutputBuffer();
    out.text('grün€😀');
    out.uint8(0);
    expect(drain(out).toString()).toBe('grün€😀\0');
  });

  test('fills a block to its last byte and then begins another', () => {
    const out = new OutputBuffer();
    out.reserve(OUTPUT_BLOCK_BYTES);
    const first = out.buffer;
    out.position = OUTPUT_BLOCK_BYTES - 1;
    out.uint8(1);
    expect(out.buffer).toBe(first);
    out.uint8(2);
    expect(out.buffer).not.toBe(first);
    expect(out.length).toBe(OUTPUT_BLOCK_BYTES + 1);
    expect(out.take().map((chunk) => chunk.length)).toEqual([OUTPUT_BLOCK_BYTES, 1]);
  });

  test('gives a frame that is larger than a block a place of its own', () => {
    const out = new OutputBuffer();
    out.uint8(1);
    const large = Buffer.alloc(OUTPUT_BLOCK_BYTES + 1, 7);
    out.copy(large, 0, large.length);
    out.uint8(2);
    expect(drain(out).equals(Buffer.concat([Buffer.from([1]), large, Buffer.from([2])]))).toBe(
      true,
    );
  });

  test('passes large bytes on by reference and copies small ones', () => {
    const out = new OutputBuffer();
    const large = Buffer.alloc(16 * 1024, 1);
    const small = Buffer.alloc(16 * 1024 - 1, 1);
    out.append(large, 0, large.length);
    out.append(small, 0, small.length);
    large[0] = 9;
    small[0] = 9;
    const [first, second] = out.take();
    expect(first!.buffer).toBe(large.buffer);
    expect([first![0], second![0]]).toEqual([9, 1]);
  });

  test('uses recycled blocks again', () => {
    const out = new OutputBuffer();
    out.uint8(1);
    const { buffer } = out.buffer;
    drain(out);
    out.uint8(2);
    expect(out.buffer.buffer).toBe(buffer);
  });

  test('recycles its own blocks only, not bytes that it passed on by reference', () => {
    const out = new OutputBuffer();
    const message = Buffer.alloc(OUTPUT_BLOCK_BYTES, 7);
    out.append(message, 0, message.length);
    out.append(message, 0, 20_000);
    drain(out);
    for (let block = 0; block < 300; block++) {
      out.reserve(OUTPUT_BLOCK_BYTES);
      out.buffer.fill(0);
      out.position = OUTPUT_BLOCK_BYTES;
    }
    expect(message.every((byte) => byte === 7)).toBe(true);
  });

  test('keeps a bounded number of blocks', () => {
    const out = new OutputBuffer();
    for (let block = 0; block < 600; block++) {
      out.reserve(OUTPUT_BLOCK_BYTES);
      out.position = OUTPUT_BLOCK_BYTES;
    }
    const recycled = new Set(
      out.take().map((chunk) => {
        OutputBuffer.recycle(chunk);
        return chunk.buffer;
      }),
    );
    let reused = 0;
    for (let block = 0; block < 600; block++) {
      out.reserve(OUTPUT_BLOCK_BYTES);
      if (recycled.has(out.buffer.buffer)) reused++;
      out.position = OUTPUT_BLOCK_BYTES;
    }
    expect(reused).toBe(256);
  });
});
