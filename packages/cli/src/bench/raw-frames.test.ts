import { describe, expect, test } from 'vitest';
import {
  binary,
  described,
  FALSE,
  frame,
  NULL,
  protocolHeader,
  symbol,
  TRUE,
  text,
  ubyte,
  uint,
} from './raw-amqp-encoding.js';
import { CODES, FieldReader, findBody, readFrames as readAmqpFrames } from './raw-amqp-frames.js';
import { errorAt } from './raw-amqp-link.js';
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

describe('AMQP frames', () => {
  const flow = frame(described(CODES.flow, uint(7), NULL, uint(0), uint(0xffff_ffff)));
  const stream = Buffer.concat([protocolHeader(3), flow, frame(Buffer.alloc(0)), flow]);

  test('are cut out whole, wherever the stream ends', () => {
    for (let end = 0; end <= stream.length; end++) {
      const seen: number[] = [];
      const used = readAmqpFrames(stream, end, (type, _bytes, start, stop) => {
        seen.push(type, stop - start);
      });
      expect(used).toBeLessThanOrEqual(end);
      const all = [-1, 8, 0, flow.length - 8, 0, flow.length - 8];
      expect(seen).toEqual(all.slice(0, seen.length));
      if (end === stream.length) expect(seen).toEqual(all);
    }
  });

  test('shorter than their header are refused', () => {
    expect(() => readAmqpFrames(Buffer.alloc(8), 8, () => {})).toThrow(/shorter/);
  });

  test('have fields of every width; missing ones are null', () => {
    const error = described(CODES.error, symbol('amqp:not-found'), text('nowhere'));
    const long = Buffer.alloc(9, 0x80);
    const bytes = described(
      ...[CODES.close, uint(70_000), ubyte(5), TRUE, FALSE, NULL, binary('b'), long, error],
    );
    const reader = new FieldReader();
    reader.load(bytes, 0);
    expect(reader.code).toBe(CODES.close);
    expect(reader.end).toBe(bytes.length);
    const first = [reader.uint(0), reader.uint(0), reader.boolean(), reader.boolean()];
    expect(first).toEqual([70_000, 5, true, false]);
    expect(reader.uint(9)).toBe(9);
    reader.skip(2);
    expect(errorAt(bytes, reader.described())).toBe('amqp:not-found: nowhere');
    expect([reader.uint(3), reader.boolean(), reader.text(), reader.described()]).toEqual([
      ...[3, false, null, -1],
    ]);
  });

  test('with a value of no known form are refused', () => {
    expect(() => new FieldReader().load(Buffer.of(0, 0x53, 0x10, 0x30), 0)).toThrow(/0x30/);
  });

  test('have a body behind the sections before it', () => {
    const header = Buffer.of(0, 0x53, 0x70, 0xc0, 2, 1, 0x41);
    const data = Buffer.of(0, 0x53, CODES.data, 0xa0, 3, 1, 2, 3);
    const bytes = Buffer.concat([header, data]);
    expect(findBody(bytes, 0, bytes.length)).toEqual({ start: 12, end: 15 });
    expect(findBody(bytes, 0, 14)).toEqual({ start: 12, end: 14 });
    expect(findBody(header, 0, header.length)).toEqual({ start: 7, end: 7 });
  });
});
