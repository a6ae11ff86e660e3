import { utf8Slice } from '@causeway/wire';
import { unescapeHeader } from './escape.js';
import type { ClientCommand, Version } from './types.js';

const EMPTY = Buffer.alloc(0);
/** Places per header in `Frame.offsets`. */
const OFFSETS_PER_HEADER = 4;

/**
 * A decoded client frame: a view of the input that is valid until the next frame is decoded.
 * Headers are offsets, not objects; text is made of those that somebody asks for. One frame object
 * serves all connections, since a frame never outlives the call that decodes it.
 */
export class Frame {
  buffer: Buffer = EMPTY;
  command: ClientCommand = 'CONNECT';
  /** Null for CONNECT and STOMP, whose headers are not escaped in any version. */
  version: Version | null = null;
  headerCount = 0;
  bodyStart = 0;
  bodyEnd = 0;
  hasContentLength = false;
  /** Per header: start and end of its name, start and end of its value. */
  offsets = new Int32Array(32 * OFFSETS_PER_HEADER);

  addHeader(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const at = this.headerCount * OFFSETS_PER_HEADER;
    if (at === this.offsets.length) this.#grow();
    const offsets = this.offsets;
    offsets[at] = nameStart;
    offsets[at + 1] = nameEnd;
    offsets[at + 2] = valueStart;
    offsets[at + 3] = valueEnd;
    this.headerCount++;
  }

  /** Where the first header of that name is: of repeated ones the first counts. -1 for nowhere. */
  find(name: string): number {
    const { buffer, offsets, headerCount } = this;
    for (let index = 0; index < headerCount; index++) {
      const at = index * OFFSETS_PER_HEADER;
      if (equals(buffer, offsets[at]!, offsets[at + 1]!, name)) return index;
    }
    return -1;
  }

  nameStart(index: number): number {
    return this.offsets[index * OFFSETS_PER_HEADER]!;
  }

  nameEnd(index: number): number {
    return this.offsets[index * OFFSETS_PER_HEADER + 1]!;
  }

  valueStart(index: number): number {
    return this.offsets[index * OFFSETS_PER_HEADER + 2]!;
  }

  valueEnd(index: number): number {
    return this.offsets[index * OFFSETS_PER_HEADER + 3]!;
  }

  /** The value of the first header of that name, unescaped; undefined when there is none. */
  text(name: string): string | undefined {
    const index = this.find(name);
    return index < 0 ? undefined : this.valueText(index);
  }

  valueText(index: number): string {
    const text = utf8Slice(this.buffer, this.valueStart(index), this.valueEnd(index));
    return this.version === null ? text : unescapeHeader(text, this.version);
  }

  /** The value as its bytes, one character each: how it is echoed without a second thought. */
  valueLatin1(index: number): string {
    return this.buffer.toString('latin1', this.valueStart(index), this.valueEnd(index));
  }

  #grow(): void {
    const grown = new Int32Array(this.offsets.length * 2);
    grown.set(this.offsets);
    this.offsets = grown;
  }
}

/** Whether `buffer[start, end)` is the given ASCII text. */
export function equals(buffer: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (buffer[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
