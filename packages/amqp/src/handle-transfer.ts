import { decodeTransfer } from './codec/decode-transfer.js';
import { ABSENT, TransferFrame } from './codec/types.js';
import { AmqpError, CONDITION } from './errors.js';
import { handleMessage } from './handle-message.js';
import { type IncomingDelivery, PartialDelivery, type ReceivingLink } from './receiving-link.js';
import type { Session } from './session.js';

/** Filled again by each frame. */
const transfer = new TransferFrame();
/** Filled again by each delivery that comes in one frame. */
const whole: IncomingDelivery = {
  deliveryId: 0,
  settled: false,
  state: null,
  messageFormat: 0,
  tag: '',
};

/** Part 2.7.5: a message, or a part of one, arrives on a link. */
export function handleTransfer(session: Session, view: Buffer, start: number, end: number): void {
  decodeTransfer(view, start, end, transfer);
  session.received();
  const link = session.link(transfer.handle);
  if (link.role === 'sending') {
    throw new AmqpError('session', CONDITION.notAllowed, 'a transfer to a link that sends');
  }
  // What was under way when we detached the link (part 2.6.5).
  if (link.role === 'refused' || link.detached) return;
  const { partial } = link;
  if (partial === null) begin(session, link, view);
  else resume(session, link, partial, view);
}

function begin(session: Session, link: ReceivingLink, view: Buffer): void {
  const { deliveryId, tagStart, more, settled, payloadStart, payloadEnd, aborted } = transfer;
  if (deliveryId === ABSENT || tagStart === ABSENT) {
    const message = 'the first transfer of a delivery names its delivery-id and delivery-tag';
    throw new AmqpError('session', CONDITION.invalidField, message);
  }
  const tag = link.settlesSecond ? view.toString('latin1', tagStart, transfer.tagEnd) : '';
  if (transfer.resume && link.accepted.delete(tag)) {
    session.repeatAccepted(link, deliveryId, tag, settled === true);
    return;
  }
  if (!link.begin()) {
    detach(session, link, CONDITION.transferLimit, 'the link had no credit for the delivery');
    return;
  }
  if (aborted) {
    link.answered();
    return;
  }
  const { state, messageFormat } = transfer;
  if (!more) {
    whole.deliveryId = deliveryId;
    whole.settled = settled === true;
    whole.state = state;
    whole.messageFormat = messageFormat;
    whole.tag = tag;
    handleMessage(session, link, whole, view, payloadStart, payloadEnd, true);
    return;
  }
  link.partial = new PartialDelivery(
    { deliveryId, settled: settled === true, state, messageFormat, tag },
    link.expectedBytes(payloadEnd - payloadStart),
  );
  append(session, link, link.partial, view);
}

/** Part 2.6.14: further transfers of a delivery may repeat its id and tag, but not change them. */
function resume(
  session: Session,
  link: ReceivingLink,
  partial: PartialDelivery,
  view: Buffer,
): void {
  const { deliveryId, more, settled, aborted, state } = transfer;
  if (deliveryId !== ABSENT && deliveryId !== partial.delivery.deliveryId) {
    const message = 'a delivery began before the one on the same link was complete';
    throw new AmqpError('session', CONDITION.notAllowed, message);
  }
  if (aborted) {
    drop(session, link);
    link.answered();
    return;
  }
  // Part 2.7.5, settled: true in any transfer of the delivery holds for all of it.
  if (settled === true) partial.delivery.settled = true;
  if (state !== null) partial.delivery.state = state;
  if (!append(session, link, partial, view) || more) return;
  drop(session, link);
  const { bytes } = partial;
  handleMessage(session, link, partial.delivery, bytes, 0, bytes.length, false);
}

/** @returns false when the message is too large, and the link is detached for it */
function append(
  session: Session,
  link: ReceivingLink,
  partial: PartialDelivery,
  view: Buffer,
): boolean {
  const { client } = session;
  const { limits } = client.broker;
  const bytes = transfer.payloadEnd - transfer.payloadStart;
  if (partial.length + bytes > limits.frameBytesMax) {
    detach(session, link, CONDITION.messageSize, 'the message is larger than max-message-size');
    return false;
  }
  client.partialBytes += bytes;
  if (client.partialBytes > limits.partialMessageBytesMax) {
    throw new AmqpError('connection', CONDITION.resourceLimit, 'too many incomplete messages');
  }
  partial.add(view, transfer.payloadStart, transfer.payloadEnd);
  return true;
}

function drop(session: Session, link: ReceivingLink): void {
  session.client.partialBytes -= link.partial?.length ?? 0;
  link.partial = null;
}

function detach(
  session: Session,
  link: ReceivingLink,
  condition: (typeof CONDITION)[keyof typeof CONDITION],
  message: string,
): void {
  session.detach(link, { condition, description: message, info: null });
}
