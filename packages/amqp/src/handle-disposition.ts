import type { QueueEntry } from '@causeway/core';
import { decodeDisposition } from './codec/decode-disposition.js';
import { type DeliveryOutcome, DispositionFrame, ROLE } from './codec/types.js';
import { defaultOutcome, isOutcome, settleEntry } from './outcomes.js';
import type { SendingLink } from './sending-link.js';
import { distance } from './serial.js';
import type { Session } from './session.js';

/** Filled again by each frame. */
const disposition = new DispositionFrame();
/** What `settleOne` acts on. */
let current!: Session;
let stated: DeliveryOutcome | null = null;

/** Part 2.7.6. */
export function handleDisposition(
  session: Session,
  view: Buffer,
  start: number,
  end: number,
): void {
  decodeDisposition(view, start, end, disposition);
  if (disposition.role === ROLE.receiver) settleDeliveries(session);
  else if (disposition.settled) session.incoming.settle(disposition.first, disposition.last);
}

/** The client says what became of messages that it received. */
function settleDeliveries(session: Session): void {
  const { first, last, settled, state } = disposition;
  const from = session.numberOf(first);
  const to = from + distance(last, first);
  if (state?.kind === 'transactional') {
    session.client.transactions.settle(session, from, to, settled, state);
    return;
  }
  stated = state === null || !isOutcome(state) ? null : state;
  if (settled && session.provisional.size > 0) {
    session.client.transactions.settleProvisional(session, from, to);
  }
  // Part 3.4.1: `received` says how far it is, and settles nothing.
  if (stated === null && !settled) return;
  current = session;
  session.unsettled.takeRange(from, to, settleOne);
}

function settleOne(entry: QueueEntry, number: number): void {
  const session = current;
  const link = entry.consumer?.sink as SendingLink | undefined;
  const outcome = stated ?? defaultOutcome(link);
  settleEntry(session.client.broker, entry, outcome);
  link?.settled(entry);
  if (!disposition.settled) session.settleLater(number, outcome);
}
