import { BrokerError } from '@causeway/core';
import { isStrictUtf8 } from '@causeway/wire';
import { parseDecimal } from './digits.js';
import { escapesAreDefined } from './escape.js';
import { equals, Frame } from './frame.js';
import { BACKSLASH, type ClientCommand, COLON, CR, LF, NUL, SPACE, type Version } from './types.js';

export interface DecoderLimits {
  /** A whole frame, from its command to its NUL. */
  readonly frameBytesMax: number;
  readonly headersMax: number;
  /** Command and headers. */
  readonly headerBytesMax: number;
}

/** With the carriage return that may follow. */
const COMMAND_BYTES_MAX = 'UNSUBSCRIBE'.length + 2;
const INCOMPLETE = -1;
const shared = new Frame();

/** What an incomplete frame waits for, so that its bytes are not read again and again. */
type Waiting = 'nothing' | 'headers' | 'length' | 'nul';

/**
 * Reads client frames (STOMP 1.2, Augmented BNF). Sizes are checked from the headers, before a
 * body arrives. Every complaint is a BrokerError `malformed` or `too-large`.
 */
export class FrameDecoder {
  /** The last frame, if `decode` returned where the next begins. */
  readonly frame: Frame = shared;
  #limits: DecoderLimits;
  /** Null until a version is agreed: lines may end as in 1.2 and nothing is escaped. */
  #version: Version | null = null;
  #waiting: Waiting = 'nothing';
  /** Bytes of the incomplete frame that were looked at, or that it has in all. */
  #known = 0;
  #contentLength = -1;

  constructor(limits: DecoderLimits) {
    this.#limits = limits;
  }

  /** The client has logged in. */
  agree(version: Version, limits: DecoderLimits): void {
    this.#version = version;
    this.#limits = limits;
  }

  /**
   * Decodes the frame that begins at `start`, which is not an end of line.
   * @returns where it ends, or -1 when it is incomplete
   */
  decode(view: Buffer, start: number): number {
    const frame = this.frame;
    frame.headerCount = 0;
    if (this.#waiting !== 'nothing' && !this.#mayBeComplete(view, start)) return INCOMPLETE;
    frame.buffer = view;
    const headersStart = this.#command(view, start);
    if (headersStart < 0) return INCOMPLETE;
    const bodyStart = this.#headers(view, headersStart);
    if (bodyStart < 0) return this.#wait(view, start, 'headers');
    if (bodyStart - start > this.#limits.headerBytesMax) throw this.#headersTooLarge();
    return this.#body(view, start, bodyStart);
  }

  #command(view: Buffer, start: number): number {
    const limit = Math.min(view.length, start + COMMAND_BYTES_MAX);
    let end = start;
    while (end < limit && view[end] !== LF) end++;
    if (end === limit && mayBecomeCommand(view, start, end)) return INCOMPLETE;
    const strict = this.#version === 0 || this.#version === 1;
    const wordEnd = !strict && end > start && view[end - 1] === CR ? end - 1 : end;
    const command = commandOf(view, start, wordEnd);
    if (command === null) throw malformed('the frame has no known command');
    this.frame.command = command;
    const unescaped = command === 'CONNECT' || command === 'STOMP';
    this.frame.version = unescaped ? null : this.#version;
    return end + 1;
  }

  /** @returns where the body begins */
  #headers(view: Buffer, start: number): number {
    const frame = this.frame;
    const length = view.length;
    const version = this.#version;
    const carriageReturnEnds = version === 2 || version === null;
    this.#contentLength = -1;
    let position = start;
    let bits = 0;
    let escaped = false;
    for (;;) {
      if (position >= length) return INCOMPLETE;
      let byte = view[position]!;
      if (byte === LF) break;
      if (byte === CR && carriageReturnEnds) {
        if (position + 1 >= length) return INCOMPLETE;
        if (view[position + 1] === LF) {
          position++;
          break;
        }
      }
      const nameStart = position;
      while (byte !== COLON) {
        if (byte <= CR && (byte === LF || byte === NUL || byte === CR)) {
          throw malformed('a header line has no colon');
        }
        if (byte === BACKSLASH) escaped = true;
        bits |= byte;
        if (++position >= length) return INCOMPLETE;
        byte = view[position]!;
      }
      const nameEnd = position;
      const valueStart = ++position;
      for (;;) {
        if (position >= length) return INCOMPLETE;
        byte = view[position]!;
        if (byte <= CR) {
          if (byte === LF) break;
          if (byte === NUL) throw malformed('the frame ends within its headers');
          if (byte === CR && carriageReturnEnds && position + 1 < length) {
            if (view[position + 1] !== LF) throw malformed('a carriage return is not escaped');
          }
        } else if (byte === BACKSLASH) escaped = true;
        bits |= byte;
        position++;
      }
      const valueEnd =
        carriageReturnEnds && view[position - 1] === CR && position > valueStart
          ? position - 1
          : position;
      position++;
      this.#header(view, nameStart, nameEnd, valueStart, valueEnd);
    }
    if (bits > 0x7f && !isStrictUtf8(view, start, position)) {
      throw malformed('the headers are not valid UTF-8');
    }
    if (escaped && frame.version !== null) {
      if (!escapesAreDefined(view, start, position, frame.version)) {
        throw malformed('a header holds an escape that this version does not define');
      }
    }
    return position + 1;
  }

  #header(view: Buffer, nameStart: number, nameEnd: number, start: number, end: number): void {
    const frame = this.frame;
    if (nameStart === nameEnd) throw malformed('a header has no name');
    if (frame.headerCount >= this.#limits.headersMax) {
      throw new BrokerError('too-large', `a frame has at most ${this.#limits.headersMax} headers`);
    }
    let valueStart = start;
    let valueEnd = end;
    if (this.#version === 0) {
      // Clients of 1.0 write `name: value`; later versions forbid to trim (STOMP 1.2, Value
      // Encoding).
      while (valueStart < valueEnd && view[valueStart] === SPACE) valueStart++;
      while (valueEnd > valueStart && view[valueEnd - 1] === SPACE) valueEnd--;
    }
    frame.addHeader(nameStart, nameEnd, valueStart, valueEnd);
    if (nameEnd - nameStart !== 14 || this.#contentLength >= 0) return;
    if (!equals(view, nameStart, nameEnd, 'content-length')) return;
    const bytes = parseDecimal(view, valueStart, valueEnd);
    if (bytes < 0) throw malformed('the content-length is not a number of bytes');
    if (bytes > this.#limits.frameBytesMax) throw this.#frameTooLarge();
    this.#contentLength = bytes;
  }

  /** @returns where the next frame begins */
  #body(view: Buffer, start: number, bodyStart: number): number {
    const frame = this.frame;
    const bytes = this.#contentLength;
    let bodyEnd = bodyStart + bytes;
    if (bytes < 0) {
      if (bodyStart >= view.length) return this.#wait(view, start, 'nul');
      bodyEnd = view[bodyStart] === NUL ? bodyStart : view.indexOf(NUL, bodyStart);
      if (bodyEnd < 0) return this.#wait(view, start, 'nul');
    }
    const total = bodyEnd + 1 - start;
    if (total > this.#limits.frameBytesMax) throw this.#frameTooLarge();
    if (total > view.length - start) {
      this.#known = total;
      this.#waiting = 'length';
      return INCOMPLETE;
    }
    if (view[bodyEnd] !== NUL) {
      throw malformed('no NUL follows the body; is its content-length right?');
    }
    frame.bodyStart = bodyStart;
    frame.bodyEnd = bodyEnd;
    frame.hasContentLength = bytes >= 0;
    if (bodyEnd > bodyStart && frame.command !== 'SEND' && this.#version !== 0) {
      throw malformed(`${frame.command} cannot have a body`);
    }
    return bodyEnd + 1;
  }

  #wait(view: Buffer, start: number, waiting: 'headers' | 'nul'): number {
    const received = view.length - start;
    if (waiting === 'headers' && received > this.#limits.headerBytesMax) {
      throw this.#headersTooLarge();
    }
    if (received > this.#limits.frameBytesMax) throw this.#frameTooLarge();
    this.#known = received;
    this.#waiting = waiting;
    return INCOMPLETE;
  }

  /** Looks only at what has come since the last try. */
  #mayBeComplete(view: Buffer, start: number): boolean {
    const waiting = this.#waiting;
    if (waiting === 'length') {
      if (view.length - start < this.#known) return false;
    } else if (waiting === 'nul') {
      if (view.indexOf(NUL, start + this.#known) < 0) {
        this.#wait(view, start, 'nul');
        return false;
      }
    } else if (!hasBlankLine(view, Math.max(start, start + this.#known - 3))) {
      this.#wait(view, start, 'headers');
      return false;
    }
    this.#waiting = 'nothing';
    return true;
  }

  #headersTooLarge(): BrokerError {
    const bytes = this.#limits.headerBytesMax;
    return new BrokerError('too-large', `the headers of a frame have at most ${bytes} bytes`);
  }

  #frameTooLarge(): BrokerError {
    const bytes = this.#limits.frameBytesMax;
    return new BrokerError('too-large', `a frame has at most ${bytes} bytes`);
  }
}

/**
 * Whether header lines may end after `from`: at a blank line, or at a NUL, which is an error that
 * need not wait for one.
 */
function hasBlankLine(view: Buffer, from: number): boolean {
  for (let index = from; index < view.length; index++) {
    const byte = view[index];
    if (byte === NUL) return true;
    if (byte !== LF) continue;
    const next = view[index + 1];
    if (next === LF || (next === CR && view[index + 2] === LF)) return true;
  }
  return false;
}

function malformed(what: string): BrokerError {
  return new BrokerError('malformed', what);
}

function commandOf(view: Buffer, start: number, end: number): ClientCommand | null {
  for (const command of COMMANDS_BY_LENGTH[end - start] ?? []) {
    if (equals(view, start, end, command)) return command;
  }
  return null;
}

/** Whether more bytes can still make it a command: other protocols are turned away at once. */
function mayBecomeCommand(view: Buffer, start: number, end: number): boolean {
  const text = view.toString('latin1', start, end).replace(/\r$/, '');
  return COMMANDS_BY_LENGTH.some((commands) =>
    commands.some((command) => command.startsWith(text) && end - start <= command.length + 1),
  );
}

const COMMANDS_BY_LENGTH: readonly (readonly ClientCommand[])[] = [
  [],
  [],
  [],
  ['ACK'],
  ['SEND', 'NACK'],
  ['BEGIN', 'ABORT', 'STOMP'],
  ['COMMIT'],
  ['CONNECT'],
  [],
  ['SUBSCRIBE'],
  ['DISCONNECT'],
  ['UNSUBSCRIBE'],
];
