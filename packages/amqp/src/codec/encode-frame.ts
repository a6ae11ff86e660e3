import { FRAME_HEADER_BYTES, FRAME_TYPE } from './types.js';
import { ValueWriter } from './value-writer.js';

/** A frame without a body: what keeps an idle connection alive (part 2.4.5). */
export const EMPTY_FRAME = encodeFrame(FRAME_TYPE.amqp, 0, () => undefined);

/** One whole frame (part 2.3), whose body `fill` writes. */
export function encodeFrame(
  type: number,
  channel: number,
  fill: (writer: ValueWriter) => void,
): Buffer {
  const writer = new ValueWriter();
  const { bytes } = writer;
  bytes
    .uint32(0)
    .uint8(FRAME_HEADER_BYTES / 4)
    .uint8(type)
    .uint16(channel);
  fill(writer);
  return bytes.patchUint32(0, bytes.length).take();
}
