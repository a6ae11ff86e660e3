import type { AmqpErrorInfo } from './codec/types.js';

/** What a frame with an error has besides its description, at most. */
const REST_BYTES_MAX = 150;
/** UTF-8 bytes of one UTF-16 code unit, at most. */
const UNIT_BYTES_MAX = 3;

/** Cuts a description off that would make a frame larger than the client takes (part 2.7.1). */
export function fitError(error: AmqpErrorInfo, frameBytesMax: number): AmqpErrorInfo {
  const { description } = error;
  const room = Math.floor((frameBytesMax - REST_BYTES_MAX) / UNIT_BYTES_MAX);
  if (description === null || description.length <= room) return error;
  return { ...error, description: `${description.slice(0, room - 1)}…` };
}
