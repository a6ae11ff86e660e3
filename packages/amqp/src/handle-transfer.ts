import { decodeTransfer } from './codec/decode-transfer.js';
import { ABSENT, type DeliveryState, RECEIVER_SETTLE_MODE, TransferFrame } from './codec/types.js';
import { AmqpError, CONDITION, errorInfo } from './errors.js';
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
  settlesSecond: false,
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
  const { partial, repeated } = link;
  if (partial !== null) proceed(session, link, partial, view);
  else if (repeated !== null) repeat(session, link, repeated, view);
  else begin(session, link, view);
}

function begin(session: Session, link: ReceivingLink, view: Buffer): void {
  const { deliveryId, tagStart, tagEnd, more, payloadStart, payloadEnd, aborted, resume } =
    transfer;
  if (deliveryId === ABSENT || tagStart === ABSENT) {
    const message = 'the first transfer of a delivery names its delivery-id and delivery-tag';
    throw new AmqpError('session', CONDITION.invalidField, message);
  }
  if (session.incoming.has(deliveryId)) {
    const message = 'the delivery-id of a delivery that is not settled';
    throw new AmqpError('session', CONDITION.notAllowed, message);
  }
  whole.deliveryId = deliveryId;
  whole.settled = transfer.settled === true;
  whole.state = transfer.state;
  whole.messageFormat = Math.max(0, transfer.messageFormat);
  whole.settlesSecond = settlesSecond(link);
  const named = whole.settlesSecond || more || resume;
  whole.tag = named ? view.toString('latin1', tagStart, tagEnd) : '';
  if (whole.settlesSecond && !link.settlesSecond) {
    const message = 'rcv-settle-mode second on a link of first';
    detach(session, link, whole.state, CONDITION.invalidField, message);
    return;
  }
  if (resume) {
    repeat(session, link, { ...whole }, view);
    return;
  }
  if (!link.begin()) {
    const message = 'the link had no credit for the delivery';
    detach(session, link, whole.state, CONDITION.transferLimit, message);
    return;
  }
  if (aborted) {
    link.answered();
    return;
  }
  if (!more) {
    handleMessage(session, link, whole, view, payloadStart, payloadEnd, true);
    return;
  }
  link.partial = new PartialDelivery({ ...whole }, link.expectedBytes(payloadEnd - payloadStart));
  append(session, link, link.partial, view);
}

/** Who settles a delivery first: its first transfer may say so (part 2.7.5, rcv-settle-mode). */
function settlesSecond(link: ReceivingLink): boolean {
  const { rcvSettleMode, settled } = transfer;
  if (rcvSettleMode === ABSENT || settled === true) return link.settlesSecond;
  return rcvSettleMode === RECEIVER_SETTLE_MODE.second;
}

/** Part 2.6.14: the next frame of a delivery that comes in several. */
function proceed(
  session: Session,
  link: ReceivingLink,
  partial: PartialDelivery,
  view: Buffer,
): void {
  const { more, settled, aborted, state } = transfer;
  requireSame(partial.delivery, view);
  if (aborted) {
    drop(session, link);
    link.answered();
    return;
  }
  // Part 2.7.5, settled: true in any transfer of the delivery holds for all of it.
  if (settled === true) partial.delivery.settled = true;
  if (state !== null && !isSameTransaction(partial.delivery.state, state)) {
    const message = 'the transfers of a delivery belong to different transactions';
    detach(session, link, partial.delivery.state, CONDITION.notAllowed, message);
    return;
  }
  if (state !== null) partial.delivery.state = state;
  if (!append(session, link, partial, view) || more) return;
  drop(session, link);
  const { bytes } = partial;
  handleMessage(session, link, partial.delivery, bytes, 0, bytes.length, false);
}

/** Part 2.6.13: we have its message already, or do not know it; its payload is not looked at. */
function repeat(
  session: Session,
  link: ReceivingLink,
  delivery: IncomingDelivery,
  view: Buffer,
): void {
  requireSame(delivery, view);
  // Part 2.7.5, aborted: it is settled.
  if (transfer.settled === true || transfer.aborted) delivery.settled = true;
  const goesOn = transfer.more && !transfer.aborted;
  link.repeated = goesOn ? delivery : null;
  if (!goesOn) session.incoming.repeat(link, delivery);
}

/** Part 2.7.5: further transfers may repeat what the first one said, but not change it. */
function requireSame({ deliveryId, tag, messageFormat }: IncomingDelivery, view: Buffer): void {
  const { tagStart, tagEnd } = transfer;
  if (transfer.deliveryId !== ABSENT && transfer.deliveryId !== deliveryId) {
    const message = 'a delivery began before the one on the same link was complete';
    throw new AmqpError('session', CONDITION.notAllowed, message);
  }
  if (tagStart !== ABSENT && view.toString('latin1', tagStart, tagEnd) !== tag) {
    throw new AmqpError('session', CONDITION.notAllowed, 'a delivery changes its delivery-tag');
  }
  if (transfer.messageFormat !== ABSENT && transfer.messageFormat !== messageFormat) {
    throw new AmqpError('session', CONDITION.notAllowed, 'a delivery changes its message-format');
  }
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
    const message = 'the message is larger than max-message-size';
    detach(session, link, partial.delivery.state, CONDITION.messageSize, message);
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

/** Ends the link for a delivery, whose transaction cannot be committed without it (4.4.4.1). */
function detach(
  session: Session,
  link: ReceivingLink,
  state: DeliveryState | null,
  condition: (typeof CONDITION)[keyof typeof CONDITION],
  message: string,
): void {
  if (state?.kind === 'transactional') {
    session.client.transactions.fail(state.transactionId, message);
  }
  session.detach(link, errorInfo(condition, message));
}

/** Part 4.4.1: all transfers of a delivery that begins in a transaction belong to it. */
function isSameTransaction(first: DeliveryState | null, next: DeliveryState): boolean {
  if (first?.kind !== 'transactional') return true;
  return next.kind === 'transactional' && next.transactionId.equals(first.transactionId);
}
