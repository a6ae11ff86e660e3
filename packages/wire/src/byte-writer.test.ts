import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';

const field = fc.oneof(
  fc.record({ type: fc.constant('uint8' as const), value: fc.integer({ min: 0, max: 0xff }) }),
  fc.record({ type: fc.constant('uint16' as const), value: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({
    type: fc.constant('uint32' as const),
    value: fc.integer({ min: 0, max: 0xffff_ffff }),
  }),
  fc.record({
    type: fc.constant('uint48' as const),
    value: fc.maxSafeNat().map((value) => value % 2 ** 48),
  }),
  fc.record({
    type: fc.constant('variableInteger' as const),
    value: fc.integer({ min: 0, max: 2 ** 28 - 1 }),
  }),
);

describe('ByteWriter', () => {
  test('writes what ByteReader reads', () => {
    fc.assert(
      fc.property(fc.array(field), fc.integer({ min: 0, max: 8 }), (fields, capacity) => {
        const writer = new ByteWriter(capacity);
        for (const { type, value } of fields) writer[type](value);
        const reader = new ByteReader(writer.take());
        for (const { type, value } of fields) expect(reader[type]()).toBe(value);
        expect(reader.remaining).toBe(0);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test('writes text as UTF-8, whatever its length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
        const writer = new ByteWriter(1).utf8(text);
        expect(writer.view().toString()).toBe(text);
        expect(writer.length).toBe(Buffer.byteLength(text));
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  test('keeps what it has when it grows', () => {
    const writer = new ByteWriter(2);
    for (let round = 0; round < 1000; round++) writer.bytes(Buffer.from([round & 0xff, 1, 2]));
    expect(writer.length).toBe(3000);
    for (let round = 0; round < 1000; round++) {
      expect(writer.view().readUIntBE(round * 3, 3)).toBe(((round & 0xff) << 16) | 0x0102);
    }
  });

  test('fills in a length that is known later', () => {
    const writer = new ByteWriter().uint16(0).uint32(0).utf8('abc');
    writer.patchUint16(0, 3).patchUint32(2, 7);
    expect(writer.take().toString('hex')).toBe('000300000007616263');
  });

  test('takes a copy and starts again', () => {
    const writer = new ByteWriter().uint8(1);
    const taken = writer.take();
    expect(writer.length).toBe(0);
    writer.uint8(2);
    expect([...taken]).toEqual([1]);
    expect([...writer.view()]).toEqual([2]);
    writer.reset();
    expect(writer.take().length).toBe(0);
  });
});
