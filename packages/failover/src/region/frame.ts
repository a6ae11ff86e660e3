import { FRAME } from './frame-type.js';

/** The start of every frame, which nothing that is not one of ours begins with. */
export const MAGIC = 0xca57;
export const PROTOCOL_VERSION = 1;
/** Magic u16, version u8, type u8, bytes of the payload u32, request u32. */
export const HEADER_BYTES = 12;
/** Largest frame of a peer that has not said who it is, header included. */
export const HELLO_BYTES_MAX = 4096;
/** Bytes of a number in a payload. */
export const NUMBER_BYTES = 6;

/** A header and a payload of numbers; `bodyBytes` more follow in buffers of their own. */
export function encodeFrame(
  type: number,
  request: number,
  numbers: readonly number[] = [],
  bodyBytes = 0,
): Buffer {
  const payloadBytes = numbers.length * NUMBER_BYTES;
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payloadBytes);
  writeHeader(frame, type, request, payloadBytes + bodyBytes);
  for (const [index, number] of numbers.entries()) {
    frame.writeUIntBE(number, HEADER_BYTES + index * NUMBER_BYTES, NUMBER_BYTES);
  }
  return frame;
}

/** A frame whose payload is JSON. */
export function encodeDocument(type: number, request: number, document: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(document));
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  writeHeader(frame, type, request, payload.length);
  payload.copy(frame, HEADER_BYTES);
  return frame;
}

/** The same every time: a sign of life. */
export const PING: Buffer = encodeFrame(FRAME.ping, 0);

function writeHeader(frame: Buffer, type: number, request: number, payloadBytes: number): void {
  frame.writeUInt16BE(MAGIC, 0);
  frame[2] = PROTOCOL_VERSION;
  frame[3] = type;
  frame.writeUInt32BE(payloadBytes, 4);
  frame.writeUInt32BE(request, 8);
}
