import { WireError } from '@causeway/wire';

/** The header of a frame (part 2.3.1) is none, or its frame is too large: nothing can follow it. */
export class FrameError extends WireError {}
