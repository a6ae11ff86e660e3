import { isQueue } from '../destination.js';
import { CODES, FRAME_AMQP } from './raw-amqp-frames.js';

/** Values of AMQP 1.0, part 1.6, for frames that are sent once. */
export const NULL = Buffer.from([0x40]);
export const TRUE = Buffer.from([0x41]);
export const FALSE = Buffer.from([0x42]);

export function ubyte(value: number): Buffer {
  return Buffer.from([0x50, value]);
}

export function uint(value: number): Buffer {
  const bytes = Buffer.alloc(5, 0x70);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

export function text(value: string): Buffer {
  return variable(0xb1, Buffer.from(value));
}

export function symbol(value: string): Buffer {
  return variable(0xb3, Buffer.from(value));
}

export function binary(value: string): Buffer {
  return variable(0xb0, Buffer.from(value));
}

/** A list with a descriptor. */
export function described(code: number, ...fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat(fields);
  const head = Buffer.from([0, 0x53, code, 0xd0, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length + 4, 4);
  head.writeUInt32BE(fields.length, 8);
  return Buffer.concat([head, body]);
}

/** A frame on channel 0. */
export function frame(body: Buffer, type: number = FRAME_AMQP): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 2, type, 0, 0]);
  head.writeUInt32BE(head.length + body.length);
  return Buffer.concat([head, body]);
}

/** A protocol header (2.2): 0 for AMQP, 3 for SASL. */
export function protocolHeader(id: 0 | 3): Buffer {
  return Buffer.from([...Buffer.from('AMQP'), id, 1, 0, 0]);
}

function variable(form: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5, form);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A source or target (3.5.3, 3.5.4): its address, what else it begins with, and its capability. */
export function terminus(
  code: typeof CODES.source | typeof CODES.target,
  address: string,
  more: readonly Buffer[],
): Buffer {
  const given = [text(address), ...more];
  const before = code === CODES.source ? 10 : 6;
  const empty = Array<Buffer>(before - given.length).fill(NULL);
  const kind = symbol(isQueue(address, 'amqp') ? 'queue' : 'topic');
  return described(code, ...given, ...empty, kind);
}
