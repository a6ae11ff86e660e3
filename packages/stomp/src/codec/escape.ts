import { BACKSLASH, COLON, CR, LF, type Version } from './types.js';

const ESCAPABLE = /[\\:\r\n\0]/;
const ESCAPED = /\\(.?)/gs;

/**
 * Whether every escape in `source[start, end)` is one that the version defines; any other is a
 * fatal error (STOMP 1.2, Value Encoding). STOMP 1.0 has none: a backslash stands for itself.
 */
export function escapesAreDefined(
  source: Buffer,
  start: number,
  end: number,
  version: Version,
): boolean {
  if (version === 0) return true;
  for (let index = start; index < end; index++) {
    if (source[index] !== BACKSLASH) continue;
    index++;
    if (index >= end || unescapedByte(source[index]!, version) < 0) return false;
  }
  return true;
}

function unescapedByte(code: number, version: Version): number {
  if (code === 110) return LF;
  if (code === 99) return COLON;
  if (code === BACKSLASH) return BACKSLASH;
  return code === 114 && version === 2 ? CR : -1;
}

/** What the header text of a frame means; its escapes were checked when it was decoded. */
export function unescapeHeader(text: string, version: Version): string {
  if (version === 0 || !text.includes('\\')) return text;
  return text.replace(ESCAPED, (_, letter: string) => {
    const byte = unescapedByte(letter.charCodeAt(0), version);
    return byte < 0 ? letter : String.fromCharCode(byte);
  });
}

/** Whether the text is written the same way in every version, as a name and as a value. */
export function isPlain(text: string): boolean {
  return !ESCAPABLE.test(text);
}

/**
 * Writes text so that it stays one header name or value. What a version cannot express never
 * breaks out of its line: STOMP 1.0 gets a line feed as the two characters `\n`, and U+0000, which
 * ends a frame in all of them, becomes U+FFFD.
 */
export function escapeHeader(text: string, version: Version, part: 'name' | 'value'): string {
  if (isPlain(text)) return text;
  const safe = text.replaceAll('\0', '\ufffd');
  if (version === 0) {
    const oneLine = safe.replaceAll('\n', '\\n');
    return part === 'name' ? oneLine.replaceAll(':', '\\c') : oneLine;
  }
  const escaped = safe.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll(':', '\\c');
  return version === 2 ? escaped.replaceAll('\r', '\\r') : escaped;
}
