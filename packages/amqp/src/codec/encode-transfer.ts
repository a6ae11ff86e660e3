/** Bytes that the frame header and the performative of a transfer take at most. */
export const TRANSFER_HEAD_BYTES_MAX = 40;
/** Bytes that a header section takes at most (part 3.2.1). */
export const MESSAGE_HEADER_BYTES_MAX = 32;

const UINT32 = 0x1_0000_0000;
const TRUE = 0x41;
const FALSE = 0x42;
const NULL = 0x40;
const SMALL_UINT = 0x52;
const UINT = 0x70;
const UBYTE = 0x50;
const UINT_ZERO = 0x43;
const TAG_BYTES = 8;
/** Where a transfer's list says its size, and then its count. */
const LIST_SIZE_OFFSET = 12;
/** rcv-settle-mode, state and resume. */
const RESUME_FIELDS = 3;

/**
 * Writes a frame up to the payload of a transfer (part 2.7.5).
 * @param tag a number that becomes the delivery tag of eight bytes; negative in the later frames of
 *   a delivery, which have neither id nor tag
 * @param payload bytes that follow in the same frame
 * @returns where the payload begins
 */
export function writeTransferHead(
  buffer: Buffer,
  start: number,
  channel: number,
  handle: number,
  deliveryId: number,
  tag: number,
  settled: boolean,
  more: boolean,
  payload: number,
): number {
  let at = start + 4;
  buffer[at++] = 2;
  buffer[at++] = 0;
  buffer[at++] = channel >>> 8;
  buffer[at++] = channel;
  buffer[at++] = 0;
  buffer[at++] = 0x53;
  buffer[at++] = 0x14;
  buffer[at++] = 0xc0;
  const sizeAt = at++;
  buffer[at++] = 6;
  at = writeUint(buffer, at, handle);
  if (tag >= 0) {
    buffer[at++] = UINT;
    at = putUint32(buffer, at, deliveryId);
    buffer[at++] = 0xa0;
    buffer[at++] = TAG_BYTES;
    at = putUint32(buffer, at, Math.floor(tag / UINT32));
    at = putUint32(buffer, at, tag % UINT32);
    buffer[at++] = UINT_ZERO;
  } else {
    buffer[at++] = NULL;
    buffer[at++] = NULL;
    buffer[at++] = NULL;
  }
  buffer[at++] = settled ? TRUE : FALSE;
  buffer[at++] = more ? TRUE : FALSE;
  buffer[sizeAt] = at - sizeAt - 1;
  putUint32(buffer, start, at - start + payload);
  return at;
}

/**
 * A transfer without payload that resumes a delivery (part 2.6.13).
 * @param settled whether that is all; else further transfers bring the message
 * @param state encoded, of 128 bytes at most
 */
export function encodeResumed(
  channel: number,
  handle: number,
  deliveryId: number,
  tag: number,
  settled: boolean,
  state: Buffer,
): Buffer {
  const head = Buffer.alloc(TRANSFER_HEAD_BYTES_MAX);
  const end = writeTransferHead(head, 0, channel, handle, deliveryId, tag, settled, !settled, 0);
  // No settle mode, the state, resume.
  const frame = Buffer.concat([head.subarray(0, end), Buffer.of(NULL), state, Buffer.of(TRUE)]);
  frame.writeUInt32BE(frame.length, 0);
  frame[LIST_SIZE_OFFSET]! += frame.length - end;
  frame[LIST_SIZE_OFFSET + 1]! += RESUME_FIELDS;
  return frame;
}

/**
 * Writes a header section (part 3.2.1).
 * @param ttl milliseconds that are left; negative for no end
 * @returns where it ends
 */
export function writeMessageHeader(
  buffer: Buffer,
  start: number,
  durable: boolean,
  priority: number,
  ttl: number,
  firstAcquirer: boolean,
  deliveryCount: number,
): number {
  let at = start;
  buffer[at++] = 0;
  buffer[at++] = 0x53;
  buffer[at++] = 0x70;
  buffer[at++] = 0xc0;
  const sizeAt = at++;
  buffer[at++] = deliveryCount > 0 ? 5 : 4;
  buffer[at++] = durable ? TRUE : FALSE;
  buffer[at++] = UBYTE;
  buffer[at++] = priority;
  if (ttl < 0) buffer[at++] = NULL;
  else {
    buffer[at++] = UINT;
    at = putUint32(buffer, at, Math.min(ttl, UINT32 - 1));
  }
  buffer[at++] = firstAcquirer ? TRUE : FALSE;
  if (deliveryCount > 0) at = writeUint(buffer, at, deliveryCount);
  buffer[sizeAt] = at - sizeAt - 1;
  return at;
}

function writeUint(buffer: Buffer, at: number, value: number): number {
  if (value < 256) {
    buffer[at] = SMALL_UINT;
    buffer[at + 1] = value;
    return at + 2;
  }
  buffer[at] = UINT;
  return putUint32(buffer, at + 1, value);
}

function putUint32(buffer: Buffer, at: number, value: number): number {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
  return at + 4;
}
