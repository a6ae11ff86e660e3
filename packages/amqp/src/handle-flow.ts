import { decodeFlow } from './codec/decode-flow.js';
import { ABSENT, FlowFrame } from './codec/types.js';
import { CONDITION, errorInfo } from './errors.js';
import { distance } from './serial.js';
import type { Session } from './session.js';

/** Filled again by each frame. */
const flow = new FlowFrame();

/** Part 2.7.4. */
export function handleFlow(session: Session, view: Buffer, start: number, end: number): void {
  decodeFlow(view, start, end, flow);
  const { handle, echo } = flow;
  // Absent until the client has seen our begin: its window then counts from our first transfer.
  const nextIncomingId = flow.nextIncomingId === ABSENT ? 0 : flow.nextIncomingId;
  session.flow(nextIncomingId, flow.incomingWindow, flow.nextOutgoingId);
  if (handle === ABSENT) {
    if (echo) session.sendFlow(null);
    return;
  }
  const link = session.link(handle);
  if (link.role === 'refused' || link.detached) return;
  if (flow.transactional) {
    const message = 'transactional acquisition (part 4.4.3) is not offered';
    session.detach(link, errorInfo(CONDITION.notImplemented, message));
    return;
  }
  if (link.role === 'sending') {
    const deliveryCount = flow.deliveryCount === ABSENT ? 0 : flow.deliveryCount;
    if (flow.linkCredit !== ABSENT) link.flow(deliveryCount, flow.linkCredit, flow.drain);
  } else if (flow.deliveryCount !== ABSENT) {
    link.advance(distance(flow.deliveryCount, link.deliveryCount));
  }
  if (echo) session.sendFlow(link);
}
