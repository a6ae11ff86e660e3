import { invalidSelector } from './invalid-selector.js';

/** Characters of a pattern: the time of a match is at most their number times the text's length. */
const PATTERN_MAX = 1024;
/** Characters of a text: a longer one is like no pattern, for the same reason. */
const TEXT_MAX = 65_536;

/** Text that must occur as it is, where null stands for any one character. */
type Segment = readonly (string | null)[];

/**
 * Compiles a pattern of LIKE (JMS 2.0, 3.8.1.1): `_` stands for one character, `%` for any number
 * of them, and what follows the escape character for itself.
 * @param at index of the condition, for the error
 * @throws BrokerError `invalid-selector`
 */
export function likePattern(
  pattern: string,
  escapeCharacter: string | null,
  at: number,
): (text: string) => boolean {
  if (pattern.length > PATTERN_MAX) {
    throw invalidSelector(at, `the pattern is longer than ${PATTERN_MAX} characters`);
  }
  const segments = splitPattern(pattern, escapeCharacter, at);
  const first = segments[0]!;
  if (segments.length === 1) return (text) => endOfMatch(first, text, 0) === text.length;
  const last = segments.at(-1)!;
  const between = segments.slice(1, -1).filter((segment) => segment.length > 0);
  return (text) => {
    let position = text.length > TEXT_MAX ? -1 : endOfMatch(first, text, 0);
    if (position < 0) return false;
    for (const segment of between) {
      position = endOfFirstMatch(segment, text, position);
      if (position < 0) return false;
    }
    return endsWith(last, text, position);
  };
}

/** What stands before, between and after the `%` of a pattern. */
function splitPattern(pattern: string, escapeCharacter: string | null, at: number): Segment[] {
  let segment: (string | null)[] = [];
  const segments = [segment];
  let escaped = false;
  for (const character of pattern) {
    if (!escaped && character === escapeCharacter) {
      escaped = true;
      continue;
    }
    if (escaped || (character !== '%' && character !== '_')) segment.push(character);
    else if (character === '_') segment.push(null);
    else {
      segment = [];
      segments.push(segment);
    }
    escaped = false;
  }
  if (escaped) throw invalidSelector(at, 'the pattern ends with its escape character');
  return segments;
}

/** @returns the index after the segment where it occurs at `start`, or -1 */
function endOfMatch(segment: Segment, text: string, start: number): number {
  let position = start;
  for (const character of segment) {
    if (position >= text.length) return -1;
    if (character !== null) {
      if (!text.startsWith(character, position)) return -1;
      position += character.length;
    } else position += text.codePointAt(position)! > 0xffff ? 2 : 1;
  }
  return position;
}

function endOfFirstMatch(segment: Segment, text: string, from: number): number {
  for (let start = from; start < text.length; start++) {
    const end = endOfMatch(segment, text, start);
    if (end >= 0) return end;
  }
  return -1;
}

/** Whether the segment ends the text, and begins at or after `from`. */
function endsWith(segment: Segment, text: string, from: number): boolean {
  let position = text.length;
  for (let index = segment.length - 1; index >= 0; index--) {
    const character = segment[index]!;
    if (character === null) position -= isPairBefore(text, position) ? 2 : 1;
    else {
      position -= character.length;
      if (position < 0 || !text.startsWith(character, position)) return false;
    }
    if (position < from) return false;
  }
  return true;
}

/** Whether one character of two code units ends at the index. */
function isPairBefore(text: string, index: number): boolean {
  return index >= 2 && text.codePointAt(index - 2)! > 0xffff;
}
