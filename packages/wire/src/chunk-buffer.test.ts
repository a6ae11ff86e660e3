import { describe, expect, test, vi } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.js';
import { ChunkBuffer } from './chunk-buffer.js';

/** A toy protocol: one byte of length, then so many bytes. */
function decodeAll(chunks: readonly Buffer[], announce: boolean): string[] {
  const buffer = new ChunkBuffer();
  const frames: string[] = [];
  for (const chunk of chunks) {
    const view = buffer.push(chunk);
    let position = 0;
    let needed = 0;
    while (position < view.length) {
      needed = 1 + view[position]!;
      if (position + needed > view.length) break;
      frames.push(view.toString('latin1', position + 1, position + needed));
      position += needed;
      needed = 0;
    }
    buffer.keep(view, position, announce ? needed : 0);
  }
  expect(buffer.length).toBe(0);
  return frames;
}

function split(random: SeededRandom, whole: Buffer, longest: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let position = 0; position < whole.length; ) {
    const length = Math.min(random.between(1, longest), whole.length - position);
    // A copy: the transport uses the memory of a chunk again after the call.
    chunks.push(Buffer.from(whole.subarray(position, position + length)));
    position += length;
  }
  return chunks;
}

describe('ChunkBuffer', () => {
  test('makes the same frames of any split', () => {
    const random = new SeededRandom(4);
    for (let round = 0; round < 300; round++) {
      const frames: string[] = [];
      const parts: Buffer[] = [];
      for (let count = random.between(1, 20); count > 0; count--) {
        const body = random.bytes(random.below(256));
        frames.push(body.toString('latin1'));
        parts.push(Buffer.from([body.length]), body);
      }
      const whole = Buffer.concat(parts);
      const longest = random.pick([1, 3, 50, 700, whole.length]);
      const chunks = split(random, whole, longest);
      expect(decodeAll(chunks, random.chance(0.5))).toEqual(frames);
    }
  });

  test('hands out a chunk itself while nothing waits', () => {
    const buffer = new ChunkBuffer();
    const chunk = Buffer.from('whole');
    expect(buffer.push(chunk)).toBe(chunk);
    buffer.keep(chunk, chunk.length);
    expect(buffer.push(chunk)).toBe(chunk);
  });

  test('keeps its own copy of what it was told to keep', () => {
    const buffer = new ChunkBuffer();
    const chunk = Buffer.from('..abc');
    buffer.keep(buffer.push(chunk), 2, 6);
    chunk.fill(0);
    expect(buffer.length).toBe(3);
    const last = Buffer.from('def');
    const whole = buffer.push(last);
    last.fill(0);
    expect(whole.toString()).toBe('abcdef');
  });

  test('shows nothing until the announced frame is whole', () => {
    const buffer = new ChunkBuffer();
    buffer.keep(buffer.push(Buffer.from('a')), 0, 3);
    const nothing = buffer.push(Buffer.from('b'));
    expect(nothing.length).toBe(0);
    // A decoder that found nothing has nothing to announce either.
    buffer.keep(nothing, 0);
    expect(buffer.push(Buffer.alloc(0)).length).toBe(0);
    expect(buffer.length).toBe(2);
    expect(buffer.push(Buffer.from('cd')).toString()).toBe('abcd');
    expect(buffer.length).toBe(0);
  });

  test('takes memory for the bytes that arrived, not for the length that was claimed', () => {
    const claimed = 256 * 1024 * 1024;
    const buffers: ChunkBuffer[] = [];
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 50; count++) {
      const buffer = new ChunkBuffer();
      buffer.keep(buffer.push(Buffer.alloc(5)), 0, claimed);
      for (let chunk = 0; chunk < 10; chunk++) buffer.push(Buffer.alloc(10_000));
      buffers.push(buffer);
    }
    const used = process.memoryUsage().arrayBuffers - before;
    expect(buffers.every((buffer) => buffer.length === 100_005)).toBe(true);
    // Freed blocks count until they are collected, hence the generous bound: 50 x 1 MiB.
    expect(used).toBeLessThan(50 * 1024 * 1024);
  });

  test('copies a long frame a few times in all, however small its chunks are', () => {
    const total = 4 * 1024 * 1024;
    const buffer = new ChunkBuffer();
    const chunk = Buffer.alloc(64, 7);
    const copy = vi.spyOn(Buffer.prototype, 'copy');
    buffer.keep(buffer.push(chunk), 0, total);
    let whole = buffer.push(chunk);
    while (whole.length === 0) whole = buffer.push(chunk);
    const copied = copy.mock.results.reduce((sum, result) => sum + Number(result.value), 0);
    copy.mockRestore();
    expect(whole.length).toBe(total);
    expect(copied).toBeLessThan(3 * total);
  });
});
