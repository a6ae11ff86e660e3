import { WireError } from '@causeway/wire';
import { expect, test } from 'vitest';
import { hex } from '../testing/amqp-frames.js';
import { skipValue } from './skip-value.js';

test.each([
  ['null', '40'],
  ['a ubyte', '50 01'],
  ['a ushort', '60 01 02'],
  ['a uint', '70 01 02 03 04'],
  ['a ulong', '80 01 02 03 04 05 06 07 08'],
  ['a uuid', `98 ${'00'.repeat(16)}`],
  ['a string', 'a1 02 61 62'],
  ['a long binary', 'b0 00 00 00 02 61 62'],
  ['a list, whatever is in it', 'c0 03 ff ff ff'],
  ['an array of 2^32 nulls', 'f0 00 00 00 05 ff ff ff ff 40'],
  ['a described value', '00 53 24 45'],
  ['a value that is described twice', '00 53 24 00 a3 01 61 45'],
  ['a value with a described descriptor', '00 00 53 01 40 45'],
])('%s ends where its last byte is', (_, bytes) => {
  const value = hex(`ff ${bytes} ff`);
  expect(skipValue(value, 1, value.length)).toBe(value.length - 1);
  expect(skipValue(value, 1, value.length - 1)).toBe(value.length - 1);
  for (let end = 1; end < value.length - 1; end++) {
    expect(() => skipValue(value, 1, end), `cut at ${end}`).toThrow(WireError);
  }
});

test('what is no format code is refused', () => {
  expect(() => skipValue(hex('30'), 0, 1)).toThrow('0x30 is no format code');
  expect(() => skipValue(Buffer.alloc(1000), 0, 1000)).toThrow(WireError);
});
