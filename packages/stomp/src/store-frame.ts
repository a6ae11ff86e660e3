import { RENAMED_PREFIX } from '@causeway/core';
import { copyBytes } from './codec/copy-bytes.js';
import type { Frame } from './codec/frame.js';
import { COLON, LF } from './codec/types.js';
import type { SendHeaders } from './send-headers.js';
import { LENGTH_BYTES, writeLength } from './stored-form.js';

const RENAMED = Buffer.from(RENAMED_PREFIX);

/**
 * The one copy of a message: out of the input, into bytes of its own.
 * @param replyToLine what to keep instead of the frame's `reply-to`; null to keep that
 */
export function storeFrame(frame: Frame, headers: SendHeaders, replyToLine: Buffer | null): Buffer {
  const lineBytes = measureLines(frame, headers, replyToLine);
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + lineBytes + frame.bodyEnd - frame.bodyStart);
  writeLength(bytes, 0, lineBytes);
  let at = LENGTH_BYTES;
  for (let place = 0; place < headers.keptCount; place++) {
    const index = headers.kept[place]!;
    if (replyToLine !== null && index === headers.replyTo) {
      at = copyBytes(replyToLine, 0, replyToLine.length, bytes, at);
    } else {
      if (headers.renamed[place] === 1) {
        at = copyBytes(RENAMED, 0, RENAMED.length, bytes, at);
      }
      at = copyBytes(frame.buffer, frame.nameStart(index), frame.nameEnd(index), bytes, at);
      bytes[at++] = COLON;
      at = copyBytes(frame.buffer, frame.valueStart(index), frame.valueEnd(index), bytes, at);
      bytes[at++] = LF;
    }
  }
  copyBytes(frame.buffer, frame.bodyStart, frame.bodyEnd, bytes, at);
  return bytes;
}

function measureLines(frame: Frame, headers: SendHeaders, replyToLine: Buffer | null): number {
  let total = 0;
  for (let place = 0; place < headers.keptCount; place++) {
    const index = headers.kept[place]!;
    if (replyToLine !== null && index === headers.replyTo) total += replyToLine.length;
    else {
      if (headers.renamed[place] === 1) total += RENAMED.length;
      total += frame.nameEnd(index) - frame.nameStart(index) + 2;
      total += frame.valueEnd(index) - frame.valueStart(index);
    }
  }
  return total;
}
