import { describe, expect, it } from 'vitest';
import { OUTPUT_BLOCK_BYTES, OutputBuffer } from './output-buffer.js';

describe('OutputBuffer', () => {
  it('does not take memory into its pool that was appended by reference', () => {
    const foreign = Buffer.alloc(OUTPUT_BLOCK_BYTES, 7);
    const sent = new OutputBuffer();
    sent.append(foreign, 0, foreign.length);
    for (const chunk of sent.take()) OutputBuffer.recycle(chunk);

    const next = new OutputBuffer();
    next.reserve(1);
    next.buffer.fill(0);

    expect(foreign.every((byte) => byte === 7)).toBe(true);
  });

  it('uses a block of its own again', () => {
    const output = new OutputBuffer();
    output.uint8(1);
    const [chunk] = output.take();
    OutputBuffer.recycle(chunk!);

    output.uint8(2);

    expect(output.buffer.buffer).toBe(chunk!.buffer);
  });
});
