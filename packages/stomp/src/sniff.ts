import { CR, LF } from './codec/types.js';

const FIRST_WORDS = ['CONNECT', 'STOMP'];

/**
 * Whether a connection that begins with `head` speaks STOMP: CONNECT or STOMP on a line of its own,
 * after any number of line ends. HTTP's CONNECT goes on in the same line.
 */
export function sniff(head: Buffer): 'yes' | 'no' | 'more' {
  let start = 0;
  while (start < head.length && (head[start] === LF || head[start] === CR)) start++;
  let answer: 'no' | 'more' = 'no';
  for (const word of FIRST_WORDS) {
    const bytes = Math.min(word.length, head.length - start);
    if (head.toString('latin1', start, start + bytes) !== word.slice(0, bytes)) continue;
    const after = head[start + word.length];
    if (after === LF || after === CR) return 'yes';
    if (after === undefined) answer = 'more';
  }
  return answer;
}
