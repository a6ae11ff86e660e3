import type { QueueEntry, Session } from '@causeway/core';
import { CONFIRM, confirmToken } from './confirm-token.js';
import type { Deliveries } from './deliveries.js';
import { FLIGHT, type Inflight } from './inflight.js';
import { encodeAdopted, OUTBOUND_RELEASED, outboundSlot, outboundSlots } from './session-slots.js';
import { type QueueSubscription, recordName } from './subscription.js';

/**
 * Takes up the exchanges of an earlier connection [MQTT-4.4.0-1]: what was sent and not
 * acknowledged will come back from the queue and find its identifier; what was taken by the client
 * gets its PUBREL again.
 * @param known whether the session's memory of them survived; if not they are read from its slots
 */
export function resumeDeliveries(deliveries: Deliveries, known: boolean): void {
  const { inflight, parts } = deliveries;
  if (known) revive(inflight);
  else recover(deliveries);
  for (const id of inflight.ids) {
    const state = inflight.state(id);
    if (state === FLIGHT.releasedAgain) deliveries.sendPubrel(id);
    if (state !== FLIGHT.releasingAgain) continue;
    parts.broker.putSlot(parts.session, outboundSlot(id), OUTBOUND_RELEASED);
    parts.broker.confirm(parts.who, confirmToken(CONFIRM.pubrel, id, 0));
  }
}

/** Messages that expired while the client was away will not come back. */
function revive(inflight: Inflight): void {
  for (const id of inflight.ids) {
    const gone = inflight.entry(id)?.state === 'settled';
    if (!gone) continue;
    // The client may have taken the message: a PUBREL has it forget the identifier.
    if (inflight.state(id) === FLIGHT.returned2) inflight.set(id, FLIGHT.releasingAgain);
    else inflight.free(id);
  }
}

function recover({ inflight, parts }: Deliveries): void {
  const { queue, slots } = parts.session;
  for (const { packetId, released, queueId, sequence, messageId } of outboundSlots(slots)) {
    if (released) inflight.restore(packetId, null, FLIGHT.releasedAgain);
    else if (messageId > 0) inflight.adopt(packetId, messageId);
    else if (queueId === queue.id && !queue.isSettled(sequence)) {
      inflight.restore(packetId, null, FLIGHT.returned2);
      inflight.expect(packetId, sequence);
    } else inflight.restore(packetId, null, FLIGHT.releasingAgain);
  }
}

/**
 * The connection ended: its consumers close, what they hold returns to its queue, and what the
 * session must finish with this client keeps its identifier.
 */
export function cutOffDeliveries(deliveries: Deliveries): void {
  const { parts, inflight, window } = deliveries;
  for (const id of inflight.ids) cutOff(deliveries, id);
  for (const consumer of window.consumers) parts.broker.closeConsumer(consumer);
}

function cutOff(deliveries: Deliveries, id: number): void {
  const { inflight, parts } = deliveries;
  const entry = inflight.entry(id);
  const own = entry?.queue === parts.session.queue;
  switch (inflight.state(id)) {
    case FLIGHT.published1:
      if (own) comeBack(inflight, id, entry, FLIGHT.returned1);
      else deliveries.forget(id);
      break;
    case FLIGHT.reserved1:
    case FLIGHT.reserved2:
      // It never left.
      if (own) entry.tag = 0;
      deliveries.forget(id);
      break;
    case FLIGHT.published2:
      if (own) comeBack(inflight, id, entry, FLIGHT.returned2);
      else if (entry !== null) adopt(deliveries, id, entry);
      break;
    case FLIGHT.releasing:
      inflight.set(id, FLIGHT.releasingAgain);
      break;
    case FLIGHT.released:
      inflight.set(id, FLIGHT.releasedAgain);
      break;
    default:
      break;
  }
}

function comeBack(
  inflight: Inflight,
  id: number,
  entry: QueueEntry,
  state: typeof FLIGHT.returned1 | typeof FLIGHT.returned2,
): void {
  inflight.set(id, state);
  inflight.expect(id, entry.sequence);
}

/**
 * A QoS 2 delivery of a shared subscription is finished with the client that it was begun with
 * [MQTT-4.8.2-4], and with nobody else should its session end [MQTT-4.8.2-5]: it moves from the
 * group's queue to the session's.
 */
function adopt(deliveries: Deliveries, id: number, entry: QueueEntry): void {
  const { inflight, parts } = deliveries;
  const { broker, session } = parts;
  const { message, consumer } = entry;
  const subscription = (consumer?.context ?? null) as QueueSubscription | null;
  if (lives(session) && subscription !== null && consumer !== null) {
    broker.enqueueDirect(session.queue, message, recordName(subscription.filter));
    inflight.adopt(id, message.id);
    if (session.queue.durable) broker.putSlot(session, outboundSlot(id), encodeAdopted(message));
  } else deliveries.forget(id);
  broker.settle(entry, 'accepted');
}

function lives(session: Session): boolean {
  return session.expiryMs > 0;
}
