import { FrameError } from './frame-error.js';
import { uint32At } from './integers.js';
import { FRAME_HEADER_BYTES, FRAME_TYPE } from './types.js';

/**
 * Finds frames (part 2.3) in the bytes of a connection. One object per connection, filled again by
 * each frame; what a header claims is checked before anything of the frame is kept.
 */
export class FrameReader {
  /** Bytes of the largest frame that is accepted. */
  maxBytes: number;
  /** Of an incomplete frame: its size, or 0 while its header is incomplete, too. */
  needed = 0;
  /** One of `FRAME_TYPE`. */
  type: number = FRAME_TYPE.amqp;
  channel = 0;
  /** The body is `view[start, end)`; that of a heart-beat is empty. */
  start = 0;
  end = 0;

  constructor(frameBytesMax: number) {
    this.maxBytes = frameBytesMax;
  }

  /**
   * Reads the frame that begins at `position`.
   * @returns where the next one begins, or -1 when the frame is incomplete
   * @throws FrameError when the header cannot be one, or the frame is too large
   */
  next(view: Buffer, position: number): number {
    const available = view.length - position;
    this.needed = 0;
    if (available < 4) return -1;
    const size = uint32At(view, position);
    if (size < FRAME_HEADER_BYTES) throw new FrameError(`a frame claims to have ${size} bytes`);
    if (size > this.maxBytes) {
      throw new FrameError(`a frame has ${size} bytes, more than ${this.maxBytes}`);
    }
    // All of the header is looked at before the rest of the frame is waited for.
    if (available < FRAME_HEADER_BYTES) return -1;
    const bodyOffset = view[position + 4]! * 4;
    if (bodyOffset < FRAME_HEADER_BYTES || bodyOffset > size) {
      throw new FrameError(`a frame of ${size} bytes claims that its body begins at ${bodyOffset}`);
    }
    const type = view[position + 5]!;
    if (type > FRAME_TYPE.sasl) throw new FrameError(`${type} is no type of a frame`);
    if (available < size) {
      this.needed = size;
      return -1;
    }
    this.type = type;
    this.channel = (view[position + 6]! << 8) | view[position + 7]!;
    this.start = position + bodyOffset;
    this.end = position + size;
    return this.end;
  }
}
