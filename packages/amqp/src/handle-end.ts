import { decodeEnd } from './codec/decode-performative.js';
import type { Session } from './session.js';

/** Part 2.7.8: what the session confirms is said before its end is answered. */
export function handleEnd(session: Session, view: Buffer, start: number, end: number): void {
  decodeEnd(view, start, end);
  session.endReceived();
}
