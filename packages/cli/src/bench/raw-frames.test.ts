import { describe, expect, test } from 'vitest';
import { readPackets } from './raw-mqtt.js';
import { headerOf, readFrames } from './raw-stomp.js';

describe('MQTT packets', () => {
  const long = Buffer.concat([Buffer.from([0x30, 0xc8, 0x01]), Buffer.alloc(200, 7)]);
  const stream = Buffer.concat([Buffer.from([0x40, 2, 0, 1]), long, Buffer.from([0xd0, 0])]);

  test('are cut out whole, wherever the stream ends', () => {
    for (let end = 0; end <= stream.length; end++) {
      const seen: number[] = [];
      const used = readPackets(stream, end, (first, _bytes, start, stop) => {
        seen.push(first, stop - start);
      });
      const whole = end < 4 ? 0 : end < 207 ? 4 : end < 209 ? 207 : 209;
      expect(used).toBe(whole);
      expect(seen).toHaveLength(whole === 209 ? 6 : whole === 207 ? 4 : whole === 4 ? 2 : 0);
    }
  });

  test('with an endless length are refused', () => {
    expect(() => readPackets(Buffer.alloc(9, 0xff), 9, () => {})).toThrow(/length/);
  });
});

describe('STOMP frames', () => {
  const text = [
    'RECEIPT\nreceipt-id:7\n\n\0\n',
    'MESSAGE\nsubscription:0\nack:a-1\ncontent-length:3\n\na\0b\0\n\n',
    'MESSAGE\nack:a-2\n\nno length\0',
  ].join('');
  const stream = Buffer.from(text);

  test('are cut out whole, wherever the stream ends', () => {
    for (let end = 0; end <= stream.length; end++) {
      const seen: string[] = [];
      // What lies behind the end is left from before and must not be looked at.
      const used = readFrames(stream, end, (frame, bytes) => {
        seen.push(`${frame.command} ${bytes.toString('latin1', frame.bodyStart, frame.bodyEnd)}`);
      });
      expect(used).toBeLessThanOrEqual(end);
      const all = ['RECEIPT ', 'MESSAGE a\0b', 'MESSAGE no length'];
      expect(seen).toEqual(all.slice(0, seen.length));
      if (end === stream.length) expect(seen).toEqual(all);
    }
  });

  test('have headers that are found by name', () => {
    const found: (string | null)[] = [];
    readFrames(stream, stream.length, (frame, bytes) => {
      found.push(headerOf(bytes, frame, 'ack:'), headerOf(bytes, frame, 'receipt-id:'));
    });
    expect(found).toEqual([null, '7', 'a-1', null, 'a-2', null]);
  });
});
