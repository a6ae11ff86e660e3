import { escapeHeader, unescapeHeader } from './escape.js';
import { BACKSLASH, COLON, CR, LF, type Version } from './types.js';

/** Calls `visit` with each header of LF-terminated header lines, in order and unescaped. */
export function visitHeaders(
  block: Buffer,
  start: number,
  end: number,
  version: Version,
  visit: (name: string, value: string) => void,
): void {
  let position = start;
  while (position < end) {
    const lineEnd = block.indexOf(LF, position);
    const colon = block.indexOf(COLON, position);
    visit(
      unescapeHeader(block.toString('utf8', position, colon), version),
      unescapeHeader(block.toString('utf8', colon + 1, lineEnd), version),
    );
    position = lineEnd + 1;
  }
}

/** One header line, escaped. */
export function headerLine(name: string, value: string, version: Version): string {
  return `${escapeHeader(name, version, 'name')}:${escapeHeader(value, version, 'value')}\n`;
}

/**
 * Header lines as another version writes them.
 * @returns null when the bytes are the same in both
 */
export function reescapeHeaders(
  block: Buffer,
  start: number,
  end: number,
  from: Version,
  to: Version,
): Buffer | null {
  if (from === to || !differs(block, start, end, from)) return null;
  let lines = '';
  visitHeaders(block, start, end, from, (name, value) => {
    lines += headerLine(name, value, to);
  });
  return Buffer.from(lines, 'utf8');
}

/** The versions differ in lines that hold a backslash or a carriage return, and in 1.0's colons. */
function differs(block: Buffer, start: number, end: number, from: Version): boolean {
  if (from === 0) return start < end;
  for (let index = start; index < end; index++) {
    const byte = block[index];
    if (byte === BACKSLASH || byte === CR) return true;
  }
  return false;
}
