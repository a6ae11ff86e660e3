import type { Message } from '@causeway/core';
import { MESSAGE_HEADER_BYTES_MAX, writeMessageHeader } from './codec/encode-transfer.js';

/** What precedes the stored bytes of a message when it is delivered; valid until the next call. */
const scratch = Buffer.allocUnsafe(MESSAGE_HEADER_BYTES_MAX);

/**
 * The header section for a delivery (part 3.2.1).
 * @param failures deliveries that failed so far
 * @param nowMs wall-clock time, for what is left of the time to live
 */
export function deliveryHeader(
  message: Message,
  failures: number,
  redelivered: boolean,
  nowMs: number,
): Buffer {
  const ttl = message.expiresAt === 0 ? -1 : Math.max(1, message.expiresAt - nowMs);
  const { durable, priority } = message;
  const end = writeMessageHeader(scratch, 0, durable, priority, ttl, !redelivered, failures);
  return end === scratch.length ? scratch : scratch.subarray(0, end);
}
